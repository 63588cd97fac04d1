#include "sign/sbs/sbs.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

enum {
	HASH_NONE = 0,
	HASH_SHA512 = 4,
	SCHEME_OPENPGP = 1,
	CHUNK = 1 << 20,
	/* One signature in 256 has a leading zero byte, which OpenPGP leaves out. */
	ATTEMPTS = 5,
};

DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)
DEFINE_CLEANUP(EVP_MD *, EVP_MD_free)
#define cleanup_context cleanup_with(EVP_MD_CTX_freep)
#define cleanup_md cleanup_with(EVP_MD_freep)

static uint32_t block_payload(const struct sbs_header *header)
{
	return header->block_size - SBS_HASH_SIZE;
}

uint64_t sbs_payload_size(const struct sbs_header *header)
{
	return (uint64_t)header->block_count * block_payload(header) - header->padding_length;
}

uint64_t sbs_file_size(const struct sbs_header *header)
{
	return SBS_HEADER_SIZE + (uint64_t)header->signature_length +
	       (uint64_t)header->block_count * header->block_size;
}

/* ---- the header ---------------------------------------------------------- */

static void encode_header(const struct sbs_header *header, unsigned char bytes[SBS_HEADER_SIZE])
{
	memset(bytes, 0, SBS_HEADER_SIZE);
	put_le32(bytes, SBS_MAGIC);
	put_le32(bytes + 4, header->block_count);
	put_le32(bytes + 8, header->block_size);
	put_le32(bytes + 12, header->signature_length);
	put_le16(bytes + 16, SBS_HEADER_SIZE);
	put_le16(bytes + 18, SBS_HASH_SIZE);
	put_le16(bytes + 20, HASH_SHA512);
	put_le16(bytes + 28, SCHEME_OPENPGP);
	put_le32(bytes + 32, header->padding_length);
	memcpy(bytes + 36, header->root_hash, SBS_HASH_SIZE);
}

/* The fields that can have one value only. */
static int check_constants(const unsigned char *bytes, const char *path, struct error *err)
{
	static const struct {
		const char *name;
		size_t offset;
		uint16_t expected;
	} fields[] = {
		{ "header size", 16, SBS_HEADER_SIZE },
		{ "hash length", 18, SBS_HASH_SIZE },
		{ "first hash algorithm", 20, HASH_SHA512 },
		{ "second hash algorithm", 22, HASH_NONE },
		{ "third hash algorithm", 24, HASH_NONE },
		{ "fourth hash algorithm", 26, HASH_NONE },
		{ "signature scheme", 28, SCHEME_OPENPGP },
		{ "reserved field", 30, 0 },
	};

	if (get_le32(bytes) != SBS_MAGIC) {
		err_fail(err, ERR_INPUT,
			 "%s: is not a signed block stream: it begins with 0x%08x, 0x%08x expected",
			 path, get_le32(bytes), SBS_MAGIC);
		return err_mend(err, "name a file that 'muenbuild sbs sign' or Muen's build made");
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint16_t value = get_le16(bytes + fields[i].offset);

		if (value == fields[i].expected)
			continue;
		err_fail(err, ERR_INPUT, "%s: its header's %s is %u, %u expected", path,
			 fields[i].name, value, fields[i].expected);
		return err_mend(err, "make the stream again: no loader takes this one");
	}
	return 0;
}

static int fail_field(const char *path, const char *name, uint32_t value, const char *expected,
		      struct error *err)
{
	err_fail(err, ERR_INPUT, "%s: its header's %s is %u, %s expected", path, name, value,
		 expected);
	return err_mend(err, "make the stream again: no loader takes this one");
}

int sbs_header_decode(const unsigned char bytes[SBS_HEADER_SIZE], uint64_t file_size,
		      const char *path, struct sbs_header *header, struct error *err)
{
	if (check_constants(bytes, path, err) < 0)
		return -1;
	header->block_count = get_le32(bytes + 4);
	header->block_size = get_le32(bytes + 8);
	header->signature_length = get_le32(bytes + 12);
	header->padding_length = get_le32(bytes + 32);
	memcpy(header->root_hash, bytes + 36, SBS_HASH_SIZE);
	if (!header->block_count)
		return fail_field(path, "block count", 0, "at least 1", err);
	if (header->block_size <= SBS_HASH_SIZE)
		return fail_field(path, "block size", header->block_size,
				  "more than the 64 bytes of a hash", err);
	if (header->signature_length != SBS_SIGNATURE_SIZE)
		return fail_field(path, "signature length", header->signature_length,
				  "566 (OpenPGP, RSA of 4096 bits)", err);
	/* A loader would begin to read behind its buffer. */
	if (header->padding_length >= block_payload(header))
		return fail_field(path, "padding length", header->padding_length,
				  "less than one block's payload", err);
	if (sbs_file_size(header) == file_size)
		return 0;
	err_fail(err, ERR_INPUT,
		 "%s: has %" PRIu64 " bytes, its header promises %" PRIu64
		 " (%u blocks of %u bytes)",
		 path, file_size, sbs_file_size(header), header->block_count, header->block_size);
	return err_mend(err,
			file_size < sbs_file_size(header)
				? "it is cut off: copy it again"
				: "something was appended that no signature covers: copy it again");
}

/* ---- hashing ------------------------------------------------------------- */

struct hasher {
	EVP_MD *method;
	EVP_MD_CTX *context;
};

static int fail_hash(struct error *err)
{
	err_fail(err, ERR_MISSING, "OpenSSL cannot compute SHA-512");
	return err_mend(err, "check the providers that openssl.cnf (OPENSSL_CONF) activates");
}

/* The caller owns both parts of the hasher. */
static int hasher_init(struct hasher *hasher, struct error *err)
{
	hasher->method = EVP_MD_fetch(NULL, "SHA512", NULL);
	hasher->context = EVP_MD_CTX_new();
	return hasher->method && hasher->context ? 0 : fail_hash(err);
}

static int hash_block(const struct hasher *hasher, const unsigned char *block, size_t size,
		      unsigned char hash[SBS_HASH_SIZE], struct error *err)
{
	if (EVP_DigestInit_ex2(hasher->context, hasher->method, NULL) == 1 &&
	    EVP_DigestUpdate(hasher->context, block, size) == 1 &&
	    EVP_DigestFinal_ex(hasher->context, hash, NULL) == 1)
		return 0;
	return fail_hash(err);
}

/* ---- making the chain ---------------------------------------------------- */

struct maker {
	int in, out;
	const char *in_path, *out_path;
	struct sbs_header *header;
	struct hasher hasher;
	uint32_t batch;		/* blocks that are read and written at once */
	unsigned char *payload; /* of a batch */
	unsigned char *blocks;	/* a batch of them */
};

static int plan_blocks(struct sbs_header *header, const char *path, uint64_t size,
		       struct error *err)
{
	uint64_t count;

	if (header->block_size < SBS_BLOCK_SIZE_LEAST || header->block_size > SBS_BLOCK_SIZE_MOST)
		return err_fail(err, ERR_USAGE, "block size %u: from %d to %d bytes are possible",
				header->block_size, SBS_BLOCK_SIZE_LEAST, SBS_BLOCK_SIZE_MOST);
	if (!size)
		return err_fail(err, ERR_INPUT, "%s: is empty, there is nothing to sign", path);
	count = (size - 1) / block_payload(header) + 1;
	if (count > UINT32_MAX) {
		err_fail(err, ERR_INPUT,
			 "%s: would need %" PRIu64 " blocks of %u bytes, at most %u are possible",
			 path, count, header->block_size, UINT32_MAX);
		return err_mend(err, "choose larger blocks with --block-size");
	}
	header->block_count = (uint32_t)count;
	header->signature_length = SBS_SIGNATURE_SIZE;
	header->padding_length = (uint32_t)(count * block_payload(header) - size);
	return 0;
}

/* Reads the payload of the blocks from `first` on; the padding is zeroes. */
static int read_payload(const struct maker *maker, uint64_t first, uint32_t count,
			struct error *err)
{
	uint64_t step = block_payload(maker->header), begin = first * step;
	uint32_t padding = first ? 0 : maker->header->padding_length;

	memset(maker->payload, 0, padding);
	return file_pread(maker->in, maker->in_path, maker->payload + padding,
			  (size_t)(count * step) - padding,
			  begin + padding - maker->header->padding_length, err);
}

/* Makes `count` blocks and writes them; `next` is the hash of the block behind them, and
 * becomes that of the first of them. */
static int make_batch(const struct maker *maker, uint64_t first, uint32_t count,
		      unsigned char next[SBS_HASH_SIZE], struct error *err)
{
	size_t size = maker->header->block_size, step = block_payload(maker->header);

	if (read_payload(maker, first, count, err) < 0)
		return -1;
	for (uint32_t i = count; i-- > 0;) {
		unsigned char *block = maker->blocks + i * size;

		memcpy(block, next, SBS_HASH_SIZE);
		memcpy(block + SBS_HASH_SIZE, maker->payload + i * step, step);
		if (hash_block(&maker->hasher, block, size, next, err) < 0)
			return -1;
	}
	return file_pwrite(maker->out, maker->out_path, maker->blocks, count * size,
			   SBS_BLOCKS_OFFSET + first * size, err);
}

static int make_blocks(struct maker *maker, struct error *err)
{
	unsigned char next[SBS_HASH_SIZE] = { 0 };

	for (uint64_t end = maker->header->block_count; end > 0;) {
		uint32_t count = end < maker->batch ? (uint32_t)end : maker->batch;

		end -= count;
		if (make_batch(maker, end, count, next, err) < 0)
			return -1;
	}
	memcpy(maker->header->root_hash, next, SBS_HASH_SIZE);
	return 0;
}

static int make_chain(struct maker *maker, struct error *err)
{
	cleanup_free unsigned char *payload = NULL;
	cleanup_free unsigned char *blocks = NULL;
	cleanup_md EVP_MD *method = NULL;
	cleanup_context EVP_MD_CTX *context = NULL;
	int result = hasher_init(&maker->hasher, err);

	method = maker->hasher.method;
	context = maker->hasher.context;
	if (result < 0)
		return -1;
	maker->batch = CHUNK / maker->header->block_size;
	if (!maker->batch)
		maker->batch = 1;
	payload = xcalloc(maker->batch, block_payload(maker->header));
	blocks = xcalloc(maker->batch, maker->header->block_size);
	maker->payload = payload;
	maker->blocks = blocks;
	return make_blocks(maker, err);
}

/* ---- the signature ------------------------------------------------------- */

static int fail_signature_length(size_t length, struct error *err)
{
	err_fail(err, ERR_INPUT,
		 "the OpenPGP signature has %zu bytes; Muen's loader takes exactly %d", length,
		 SBS_SIGNATURE_SIZE);
	return err_mend(err,
			"sign with an RSA key of 4096 bits (gpg --quick-generate-key NAME rsa4096 "
			"sign), and take what lengthens signatures (sig-notation, "
			"sig-policy-url, ...) out of gpg.conf");
}

/* A signature whose number begins with a zero byte is shorter by that byte; in the next second
 * there is another one. */
static int sign_header(const struct sbs_signer *signer, const unsigned char *header,
		       struct buffer *signature, struct error *err)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		static const struct timespec pause = { .tv_sec = 1, .tv_nsec = 100 * 1000 * 1000 };

		if (attempt)
			nanosleep(&pause, NULL);
		buffer_free(signature);
		if (signer->sign(signer->context, header, SBS_HEADER_SIZE, signature, err) < 0)
			return -1;
		if (signature->length == SBS_SIGNATURE_SIZE)
			return 0;
		if (signature->length > SBS_SIGNATURE_SIZE ||
		    signature->length < SBS_SIGNATURE_SIZE - 2)
			break;
	}
	return fail_signature_length(signature->length, err);
}

int sbs_make(int in, const char *in_path, uint64_t size, int out, const char *out_path,
	     const struct sbs_signer *signer, struct sbs_header *header, struct error *err)
{
	cleanup_buffer struct buffer signature = { 0 };
	struct maker maker = {
		.in = in, .out = out, .in_path = in_path, .out_path = out_path, .header = header
	};
	unsigned char bytes[SBS_HEADER_SIZE];

	if (plan_blocks(header, in_path, size, err) < 0 || make_chain(&maker, err) < 0)
		return -1;
	encode_header(header, bytes);
	if (sign_header(signer, bytes, &signature, err) < 0)
		return -1;
	if (file_pwrite(out, out_path, bytes, sizeof(bytes), 0, err) < 0)
		return -1;
	return file_pwrite(out, out_path, signature.data, signature.length, SBS_HEADER_SIZE, err);
}

/* ---- checking the chain -------------------------------------------------- */

/* Reads the blocks from the first to the last through one buffer. */
struct checker {
	int in, out;
	const char *in_path, *out_path;
	const struct sbs_header *header;
	struct hasher hasher;
	uint64_t in_offset;  /* of what is read next */
	uint64_t in_left;    /* bytes of blocks that are not in the buffer yet */
	uint64_t out_offset; /* of what is written next */
	size_t begin, end;   /* what is in the buffer and not used yet */
	unsigned char *buffer;
};

/* The next bytes of the blocks, at least one and at most `most`: in *piece, valid until the next
 * call. Returns their number, 0 on failure. */
static size_t take(struct checker *checker, uint64_t most, const unsigned char **piece,
		   struct error *err)
{
	size_t length;

	if (checker->begin == checker->end) {
		size_t want = checker->in_left < CHUNK ? (size_t)checker->in_left : CHUNK;

		if (file_pread(checker->in, checker->in_path, checker->buffer, want,
			       checker->in_offset, err) < 0)
			return 0;
		checker->in_offset += want;
		checker->in_left -= want;
		checker->begin = 0;
		checker->end = want;
	}
	length = checker->end - checker->begin;
	if (most < length)
		length = (size_t)most;
	*piece = checker->buffer + checker->begin;
	checker->begin += length;
	return length;
}

static int take_next_hash(struct checker *checker, unsigned char next[SBS_HASH_SIZE],
			  struct error *err)
{
	const unsigned char *piece = NULL;

	for (size_t done = 0; done < SBS_HASH_SIZE;) {
		size_t length = take(checker, SBS_HASH_SIZE - done, &piece, err);

		if (!length)
			return -1;
		memcpy(next + done, piece, length);
		done += length;
	}
	if (EVP_DigestUpdate(checker->hasher.context, next, SBS_HASH_SIZE) != 1)
		return fail_hash(err);
	return 0;
}

static int take_payload(struct checker *checker, uint32_t skip, struct error *err)
{
	const unsigned char *piece = NULL;
	size_t length;

	for (uint32_t left = block_payload(checker->header); left; left -= (uint32_t)length) {
		size_t skipped;

		length = take(checker, left, &piece, err);
		if (!length)
			return -1;
		if (EVP_DigestUpdate(checker->hasher.context, piece, length) != 1)
			return fail_hash(err);
		skipped = length < skip ? length : skip;
		skip -= (uint32_t)skipped;
		if (checker->out < 0)
			continue;
		if (file_pwrite(checker->out, checker->out_path, piece + skipped, length - skipped,
				checker->out_offset, err) < 0)
			return -1;
		checker->out_offset += length - skipped;
	}
	return 0;
}

static int fail_block(const struct checker *checker, uint32_t number, struct error *err)
{
	uint64_t begin = SBS_BLOCKS_OFFSET + (uint64_t)number * checker->header->block_size;

	err_fail(err, ERR_REFUSED,
		 "%s: block %" PRIu64 " of %u (bytes %" PRIu64 " to %" PRIu64
		 ") is not what was signed: its hash differs from the one that %s names",
		 checker->in_path, (uint64_t)number + 1, checker->header->block_count, begin,
		 begin + checker->header->block_size - 1,
		 number ? "the block before it" : "the signed header");
	return err_mend(err, "copy the file again; if that does not help, sign the stream again");
}

static int check_blocks(struct checker *checker, struct error *err)
{
	unsigned char expected[SBS_HASH_SIZE], next[SBS_HASH_SIZE], hash[SBS_HASH_SIZE];
	const struct hasher *hasher = &checker->hasher;

	memcpy(expected, checker->header->root_hash, SBS_HASH_SIZE);
	for (uint32_t i = 0; i < checker->header->block_count; i++) {
		if (EVP_DigestInit_ex2(hasher->context, hasher->method, NULL) != 1)
			return fail_hash(err);
		if (take_next_hash(checker, next, err) < 0 ||
		    take_payload(checker, i ? 0 : checker->header->padding_length, err) < 0)
			return -1;
		if (EVP_DigestFinal_ex(hasher->context, hash, NULL) != 1)
			return fail_hash(err);
		if (memcmp(hash, expected, SBS_HASH_SIZE))
			return fail_block(checker, i, err);
		memcpy(expected, next, SBS_HASH_SIZE);
	}
	return 0;
}

int sbs_check(int in, const char *in_path, const struct sbs_header *header, int out,
	      const char *out_path, struct error *err)
{
	struct checker checker = {
		.in = in,
		.out = out,
		.in_path = in_path,
		.out_path = out_path,
		.header = header,
		.in_offset = SBS_BLOCKS_OFFSET,
		.in_left = (uint64_t)header->block_count * header->block_size,
	};
	cleanup_free unsigned char *buffer = xcalloc(CHUNK, 1);
	cleanup_md EVP_MD *method = NULL;
	cleanup_context EVP_MD_CTX *context = NULL;
	int result = hasher_init(&checker.hasher, err);

	method = checker.hasher.method;
	context = checker.hasher.context;
	if (result < 0)
		return -1;
	checker.buffer = buffer;
	return check_blocks(&checker, err);
}
