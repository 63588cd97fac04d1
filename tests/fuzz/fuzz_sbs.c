/* Signed block streams, but for the OpenPGP signature, which is GnuPG's to read; and the command
 * streams in them. A stream that passes is made again from its contents, and must be the same. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "image/csl.h"
#include "sign/sbs/sbs.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int memory_file(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	int fd = memfd_create("sbs", MFD_CLOEXEC);

	if (fd < 0 || file_pwrite(fd, "memory", data, size, 0, &err) < 0)
		abort();
	return fd;
}

static int same_signature(void *context, const void *bytes, size_t size, struct buffer *signature,
			  struct error *err)
{
	const uint8_t *data = context;

	(void)err;
	if (size != SBS_HEADER_SIZE || memcmp(bytes, data, size))
		abort();
	buffer_add(signature, data + SBS_HEADER_SIZE, SBS_SIGNATURE_SIZE);
	return 0;
}

/* Only the padding and the last block's next hash are the maker's choice. */
static int is_canonical(const uint8_t *data, const struct sbs_header *header)
{
	const uint8_t *last =
		data + SBS_BLOCKS_OFFSET + (size_t)(header->block_count - 1) * header->block_size;

	for (uint32_t i = 0; i < header->padding_length; i++)
		if (data[SBS_BLOCKS_OFFSET + SBS_HASH_SIZE + i])
			return 0;
	for (size_t i = 0; i < SBS_HASH_SIZE; i++)
		if (last[i])
			return 0;
	return header->block_size >= SBS_BLOCK_SIZE_LEAST &&
	       header->block_size <= SBS_BLOCK_SIZE_MOST;
}

static void make_again(const uint8_t *data, size_t size, const struct sbs_header *header, int in)
{
	const struct sbs_signer signer = { .sign = same_signature, .context = (void *)data };
	struct sbs_header made = { .block_size = header->block_size };
	cleanup_close int out = memory_file(NULL, 0);
	cleanup_free uint8_t *again = xcalloc(size, 1);
	struct error err = { 0 };

	if (sbs_make(in, "in", sbs_payload_size(header), out, "out", &signer, &made, &err) < 0 ||
	    file_pread(out, "out", again, size, 0, &err) < 0 || memcmp(again, data, size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_close int in = memory_file(data, size), out = memory_file(NULL, 0);
	struct csl_summary summary;
	struct sbs_header header;
	struct error err = { 0 };

	csl_check(in, "in", size, &summary, NULL, NULL, &err);
	if (size < SBS_BLOCKS_OFFSET || sbs_header_decode(data, size, "in", &header, &err) < 0 ||
	    sbs_check(in, "in", &header, out, "out", &err) < 0)
		return 0;
	csl_check(out, "out", sbs_payload_size(&header), &summary, NULL, NULL, &err);
	if (is_canonical(data, &header))
		make_again(data, size, &header, out);
	return 0;
}
