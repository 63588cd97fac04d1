/* Kernels' ELF files: one that is taken becomes a stream that every loader accepts, unless its
 * segments overlap. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "image/csl.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGEST (1u << 24) /* streams that are looked at: segments may share their contents */

static int to_buffer(const void *bytes, size_t length, void *context, struct error *err)
{
	struct buffer *buffer = context;

	if (length > LARGEST - buffer->length)
		return err_fail(err, ERR_IO, "enough");
	buffer_add(buffer, bytes, length);
	return 0;
}

static void check_stream(const struct memory_image *image)
{
	cleanup_buffer struct buffer stream = { 0 };
	cleanup_close int fd = memfd_create("csl", MFD_CLOEXEC);
	struct csl_summary summary;
	struct error err = { 0 };

	if (csl_write(image, to_buffer, &stream, &err) < 0)
		return;
	if (fd < 0 || file_pwrite(fd, "memory", stream.data, stream.length, 0, &err) < 0 ||
	    csl_check(fd, "memory", stream.length, &summary, NULL, NULL, &err) < 0 ||
	    summary.entry != image->entry)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_memory_image struct memory_image image = { 0 };
	struct error err = { 0 };

	if (memory_image_add_kernel(&image, "kernel", data, size, &err) < 0) {
		if (image.count || err.kind != ERR_INPUT || !*err.mend)
			abort();
		return 0;
	}
	if (memory_image_settle(&image, &err) == 0)
		check_stream(&image);
	else if (err.kind != ERR_INPUT)
		abort();
	return 0;
}
