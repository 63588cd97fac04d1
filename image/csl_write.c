#include "base/endian.h"
#include "image/csl.h"

#include <string.h>

struct writer {
	csl_sink *sink;
	void *context;
};

/* A command whose data is in memory as it will be in the stream. */
static int put(const struct writer *writer, uint64_t id, const void *data, size_t length,
	       uint64_t more, struct error *err)
{
	unsigned char head[CSL_HEAD_LENGTH];

	put_le64(head, id);
	put_le64(head + 8, length + more);
	if (writer->sink(head, sizeof(head), writer->context, err) < 0)
		return -1;
	return length ? writer->sink(data, length, writer->context, err) : 0;
}

static int put_check(const struct writer *writer, const struct image_cpuid_check *check,
		     struct error *err)
{
	unsigned char data[CSL_CPUID_LENGTH] = { 0 };

	put_le32(data, check->subleaf);
	put_le32(data + 4, check->leaf);
	put_le32(data + 8, check->value);
	put_le32(data + 12, check->mask);
	data[16] = (unsigned char)check->result;
	memcpy(data + CSL_CPUID_MESSAGE, check->message, strnlen(check->message, CSL_CPUID_TEXT));
	return put(writer, CSL_CHECK_CPUID, data, sizeof(data), 0, err);
}

static int put_piece(const struct writer *writer, const struct image_piece *piece,
		     struct error *err)
{
	static const unsigned char zeroes[CSL_UNIT];
	uint64_t extent = image_piece_extent(piece);
	unsigned char data[CSL_FILL_LENGTH] = { 0 };

	put_le64(data, piece->address);
	if (!piece->bytes) {
		put_le64(data + 8, piece->size);
		data[16] = piece->pattern;
		return put(writer, CSL_FILL, data, CSL_FILL_LENGTH, 0, err);
	}
	if (put(writer, CSL_WRITE, data, sizeof(piece->address), extent, err) < 0 ||
	    writer->sink(piece->bytes, piece->size, writer->context, err) < 0)
		return -1;
	if (extent == piece->size)
		return 0;
	return writer->sink(zeroes, extent - piece->size, writer->context, err);
}

int csl_write(const struct memory_image *image, csl_sink *sink, void *context, struct error *err)
{
	static const char standin[40] = "stand-in kernel, not for production";
	const struct writer writer = { .sink = sink, .context = context };
	unsigned char number[CSL_UNIT];

	put_le64(number, CSL_MAGIC);
	if (sink(number, sizeof(number), context, err) < 0 ||
	    (image->standin && put(&writer, CSL_STANDIN, standin, sizeof(standin), 0, err) < 0))
		return -1;
	for (size_t i = 0; i < image->check_count; i++)
		if (put_check(&writer, &image->checks[i], err) < 0)
			return -1;
	for (size_t i = 0; i < image->count; i++)
		if (put_piece(&writer, &image->pieces[i], err) < 0)
			return -1;
	put_le64(number, image->entry);
	return put(&writer, CSL_SET_ENTRY_POINT, number, sizeof(number), 0, err);
}
