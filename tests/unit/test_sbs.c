#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "sign/sbs/sbs.h"
#include "tests/unit/support.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- a signer that needs no GnuPG ---------------------------------------- */

static unsigned char signed_header[SBS_HEADER_SIZE];
static int sign_calls;
static size_t signature_lengths[8]; /* of each call; 0: the right one */

static int fake_sign(void *context, const void *bytes, size_t size, struct buffer *signature,
		     struct error *err)
{
	unsigned char fake[600];
	size_t length = signature_lengths[sign_calls];

	ck_assert_ptr_eq(context, signed_header);
	ck_assert_uint_eq(size, SBS_HEADER_SIZE);
	memcpy(signed_header, bytes, size);
	if (++sign_calls == 7)
		return err_fail(err, ERR_REFUSED, "no more");
	memset(fake, 0xa5, sizeof(fake));
	buffer_add(signature, fake, length ? length : SBS_SIGNATURE_SIZE);
	return 0;
}

static const struct sbs_signer signer = { .sign = fake_sign, .context = signed_header };

/* ---- making and checking in memory files --------------------------------- */

static struct error err;

static int file_of(const unsigned char *bytes, size_t size)
{
	int fd = memfd_create("sbs", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_pwrite(fd, "memory", bytes, size, 0, &err), 0);
	return fd;
}

static unsigned char *contents(size_t size)
{
	unsigned char *bytes = xcalloc(size + 1, 1);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(i * 31 + i / 251);
	return bytes;
}

/* Makes a stream of `size` bytes; returns it, owned. */
static unsigned char *make(size_t size, uint32_t block_size, struct sbs_header *header)
{
	cleanup_free unsigned char *bytes = contents(size);
	cleanup_close int in = file_of(bytes, size), out = file_of(NULL, 0);
	unsigned char *stream;

	sign_calls = 0;
	err = (struct error){ 0 };
	*header = (struct sbs_header){ .block_size = block_size };
	ck_assert_msg(sbs_make(in, "in", size, out, "out", &signer, header, &err) == 0, "%s",
		      err.message);
	ck_assert_int_eq(lseek(out, 0, SEEK_END), (off_t)sbs_file_size(header));
	stream = xcalloc((size_t)sbs_file_size(header), 1);
	ck_assert_int_eq(file_pread(out, "out", stream, (size_t)sbs_file_size(header), 0, &err), 0);
	return stream;
}

/* Decodes and checks; the contents go to `out` if it is a descriptor. */
static int check(const unsigned char *stream, size_t size, int out)
{
	cleanup_close int in = file_of(stream, size);
	struct sbs_header header;

	err = (struct error){ 0 };
	if (size < SBS_BLOCKS_OFFSET)
		return err_fail(&err, ERR_INPUT, "too short for the caller's check");
	if (sbs_header_decode(stream, size, "in", &header, &err) < 0)
		return -1;
	return sbs_check(in, "in", &header, out, "out", &err);
}

static void sha512(const unsigned char *bytes, size_t size, unsigned char hash[64])
{
	ck_assert_int_eq(EVP_Digest(bytes, size, hash, NULL, EVP_sha512(), NULL), 1);
}

/* ---- tests --------------------------------------------------------------- */

static const size_t sizes[] = { 1,    63,   64,	  65,	  127,	   128,	    4031,    4032,
				4033, 8064, 8065, 100000, 1048576, 1044288, 1044289, 3000001 };
static const uint32_t block_sizes[] = { 128, 129, 4096, 65536, 1048576, 1048577, 2097152 };

START_TEST(test_round_trip)
{
	size_t size = sizes[_i];

	for (size_t k = 0; k < sizeof(block_sizes) / sizeof(block_sizes[0]); k++) {
		struct sbs_header header;
		cleanup_free unsigned char *stream = make(size, block_sizes[k], &header);
		cleanup_free unsigned char *expected = contents(size), *got = xcalloc(size, 1);
		cleanup_close int out = file_of(NULL, 0);

		ck_assert_uint_eq(sbs_payload_size(&header), size);
		ck_assert_uint_lt(header.padding_length, block_sizes[k] - 64);
		ck_assert_int_eq(sign_calls, 1);
		ck_assert_mem_eq(signed_header, stream, SBS_HEADER_SIZE);
		ck_assert_msg(check(stream, (size_t)sbs_file_size(&header), out) == 0, "%s",
			      err.message);
		ck_assert_int_eq(lseek(out, 0, SEEK_END), (off_t)size);
		ck_assert_int_eq(file_pread(out, "out", got, size, 0, &err), 0);
		ck_assert_mem_eq(expected, got, size);
	}
}
END_TEST

/* The format as its description has it, byte for byte: 150 bytes in three blocks of 128. */
START_TEST(test_format)
{
	struct sbs_header header;
	cleanup_free unsigned char *stream = make(150, 128, &header);
	cleanup_free unsigned char *bytes = contents(150);
	const unsigned char *blocks = stream + 666;
	unsigned char expected[100] = { 0 }, hash[64];

	memcpy(expected,
	       "\x98\x95\x01\xe6\x03\0\0\0\x80\0\0\0\x36\x02\0\0\x64\0\x40\0\x04\0\0\0\0\0"
	       "\0\0\x01\0\0\0\x2a\0\0\0",
	       36);
	sha512(blocks, 128, expected + 36);
	ck_assert_mem_eq(stream, expected, 100);
	for (size_t i = 100; i < 666; i++)
		ck_assert_uint_eq(stream[i], 0xa5);
	for (size_t i = 0; i < 2; i++) {
		sha512(blocks + (i + 1) * 128, 128, hash);
		ck_assert_mem_eq(blocks + i * 128, hash, 64);
	}
	memset(hash, 0, 64);
	ck_assert_mem_eq(blocks + 256, hash, 64);
	ck_assert_mem_eq(blocks + 64, hash, 42);
	ck_assert_mem_eq(blocks + 106, bytes, 22);
	ck_assert_mem_eq(blocks + 192, bytes + 22, 64);
	ck_assert_mem_eq(blocks + 320, bytes + 86, 64);
	ck_assert_uint_eq(sbs_file_size(&header), 666 + 3 * 128);
}
END_TEST

START_TEST(test_deterministic)
{
	struct sbs_header header;
	cleanup_free unsigned char *first = make(100000, 4096, &header);
	cleanup_free unsigned char *second = make(100000, 4096, &header);

	ck_assert_mem_eq(first, second, (size_t)sbs_file_size(&header));
}
END_TEST

/* Not one bit of the header or of a block can be changed. (The signature is the signer's.) */
START_TEST(test_every_byte)
{
	struct sbs_header header;
	cleanup_free unsigned char *stream = make(300, 128, &header);
	size_t size = (size_t)sbs_file_size(&header);

	for (size_t i = 0; i < size; i++) {
		if (i >= SBS_HEADER_SIZE && i < SBS_BLOCKS_OFFSET)
			continue;
		for (unsigned int bit = 0; bit < 8; bit++) {
			int result;

			stream[i] ^= (unsigned char)(1u << bit);
			result = check(stream, size, -1);
			stream[i] ^= (unsigned char)(1u << bit);
			/* The padding length is protected by the signature alone. */
			if (i == 32 && result == 0)
				continue;
			ck_assert_msg(result == -1, "byte %zu, bit %u", i, bit);
			ck_assert_int_eq(err.kind, i < 36 ? ERR_INPUT : ERR_REFUSED);
		}
	}
	ck_assert_int_eq(check(stream, size, -1), 0);
}
END_TEST

START_TEST(test_names_the_block)
{
	struct sbs_header header;
	cleanup_free unsigned char *stream = make(1000, 128, &header);
	size_t size = (size_t)sbs_file_size(&header);

	stream[666 + 5 * 128 + 100] ^= 1;
	ck_assert_int_eq(check(stream, size, -1), -1);
	ck_assert_str_eq(err.message,
			 "in: block 6 of 16 (bytes 1306 to 1433) is not what was signed: its hash "
			 "differs from the one that the block before it names");
	ck_assert(*err.mend);
	stream[666] ^= 1;
	ck_assert_int_eq(check(stream, size, -1), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "block 1 of 16 (bytes 666 to 793)"));
	ck_assert_ptr_nonnull(strstr(err.message, "the signed header names"));
}
END_TEST

START_TEST(test_length)
{
	struct sbs_header header;
	cleanup_free unsigned char *stream = make(300, 128, &header);
	size_t size = (size_t)sbs_file_size(&header);

	for (size_t length = 0; length < size; length++)
		ck_assert_int_eq(check(stream, length, -1), -1);
	ck_assert_ptr_nonnull(strstr(err.mend, "cut off"));
	stream = xrealloc(stream, size + 1, 1);
	stream[size] = 0;
	ck_assert_int_eq(check(stream, size + 1, -1), -1);
	ck_assert_ptr_nonnull(strstr(err.mend, "appended"));
	ck_assert_int_eq(err.kind, ERR_INPUT);
}
END_TEST

static const struct {
	size_t offset;
	size_t width;
	uint32_t value;
	const char *message;
} lies[] = {
	{ 0, 4, 0, "begins with 0x00000000" },
	{ 4, 4, 0, "block count is 0" },
	{ 4, 4, 0xffffffff, "its header promises" },
	{ 8, 4, 0, "block size is 0" },
	{ 8, 4, 63, "block size is 63" },
	{ 8, 4, 64, "block size is 64" },
	{ 8, 4, 0xffffffff, "its header promises" },
	{ 12, 4, 0, "signature length is 0" },
	{ 12, 4, 565, "signature length is 565" },
	{ 12, 4, 0xffffffff, "signature length is 4294967295" },
	{ 16, 2, 0, "header size is 0" },
	{ 16, 2, 101, "header size is 101" },
	{ 18, 2, 0, "hash length is 0" },
	{ 18, 2, 0xffff, "hash length is 65535" },
	{ 20, 2, 3, "first hash algorithm is 3" },
	{ 22, 2, 4, "second hash algorithm is 4" },
	{ 24, 2, 4, "third hash algorithm is 4" },
	{ 26, 2, 4, "fourth hash algorithm is 4" },
	{ 28, 2, 0, "signature scheme is 0" },
	{ 30, 2, 1, "reserved field is 1" },
	{ 32, 4, 64, "padding length is 64" },
	{ 32, 4, 0xffffffff, "padding length is 4294967295" },
};

START_TEST(test_lying_header)
{
	struct sbs_header header;
	cleanup_free unsigned char *stream = make(300, 128, &header);

	if (lies[_i].width == 2)
		put_le16(stream + lies[_i].offset, (uint16_t)lies[_i].value);
	else
		put_le32(stream + lies[_i].offset, lies[_i].value);
	ck_assert_int_eq(check(stream, (size_t)sbs_file_size(&header), -1), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, lies[_i].message), "%s", err.message);
	ck_assert(*err.mend);
}
END_TEST

START_TEST(test_largest_sizes)
{
	struct sbs_header header = { .block_count = UINT32_MAX,
				     .block_size = UINT32_MAX,
				     .signature_length = 566 };

	ck_assert_uint_eq(sbs_file_size(&header), 666 + (uint64_t)UINT32_MAX * UINT32_MAX);
	ck_assert_uint_eq(sbs_payload_size(&header), (uint64_t)UINT32_MAX * (UINT32_MAX - 64u));
}
END_TEST

static int try_make(uint64_t size, uint32_t block_size)
{
	struct sbs_header header = { .block_size = block_size };
	cleanup_close int in = file_of((const unsigned char *)"x", 1), out = file_of(NULL, 0);

	err = (struct error){ 0 };
	sign_calls = 0;
	return sbs_make(in, "in", size, out, "out", &signer, &header, &err);
}

START_TEST(test_what_cannot_be_made)
{
	ck_assert_int_eq(try_make(0, 4096), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "in: is empty"));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_int_eq(try_make(1, 127), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
	ck_assert_int_eq(try_make(1, SBS_BLOCK_SIZE_MOST + 1), -1);
	ck_assert_int_eq(try_make(64ull * UINT32_MAX + 1, 128), -1);
	ck_assert_ptr_nonnull(strstr(err.mend, "--block-size"));
	/* The file is shorter than it was when it was opened. */
	ck_assert_int_eq(try_make(2, 128), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "became shorter"));
	ck_assert_int_eq(sign_calls, 0);
}
END_TEST

START_TEST(test_signature_lengths)
{
	signature_lengths[0] = 567;
	ck_assert_int_eq(try_make(1, 128), -1);
	ck_assert_int_eq(sign_calls, 1);
	ck_assert_ptr_nonnull(strstr(err.message, "has 567 bytes"));
	ck_assert_ptr_nonnull(strstr(err.mend, "rsa4096"));
	signature_lengths[0] = 119; /* an elliptic curve's */
	ck_assert_int_eq(try_make(1, 128), -1);
	ck_assert_int_eq(sign_calls, 1);
	/* A leading zero byte: the next second's signature has none. */
	signature_lengths[0] = 565;
	ck_assert_int_eq(try_make(1, 128), 0);
	ck_assert_int_eq(sign_calls, 2);
}
END_TEST

START_TEST(test_signature_never_long_enough)
{
	for (size_t i = 0; i < 8; i++)
		signature_lengths[i] = 565;
	ck_assert_int_eq(try_make(1, 128), -1);
	ck_assert_int_eq(sign_calls, 5);
	ck_assert_ptr_nonnull(strstr(err.message, "has 565 bytes"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sbs");
	TCase *cases = tcase_create("sbs");

	tcase_set_timeout(cases, 30);
	tcase_add_loop_test(cases, test_round_trip, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(cases, test_format);
	tcase_add_test(cases, test_deterministic);
	tcase_add_test(cases, test_every_byte);
	tcase_add_test(cases, test_names_the_block);
	tcase_add_test(cases, test_length);
	tcase_add_loop_test(cases, test_lying_header, 0, sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(cases, test_largest_sizes);
	tcase_add_test(cases, test_what_cannot_be_made);
	tcase_add_test(cases, test_signature_lengths);
	tcase_add_test(cases, test_signature_never_long_enough);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
