/* Message digests of bytes and of files of any size, in constant memory.
 *
 * The ones that iPXE can compute (src/crypto/sha*.c of iPXE) and that signatures may use.
 */
#ifndef DIGEST_DIGEST_H
#define DIGEST_DIGEST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum digest_algorithm {
	DIGEST_SHA1,
	DIGEST_SHA224,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
};

enum {
	DIGEST_ALGORITHMS = 5, /* number of values of the enum */
	DIGEST_LARGEST = 64,   /* bytes of the longest digest */
	DIGEST_HEX_SIZE = 2 * DIGEST_LARGEST + 1,
};

struct digest {
	enum digest_algorithm algorithm;
	size_t size; /* bytes in use */
	unsigned char bytes[DIGEST_LARGEST];
};

/* The name as options, JSON and OpenSSL write it: "sha256". */
const char *digest_name(enum digest_algorithm algorithm);

/* Finds an algorithm by that name. Returns 0, or -1 without touching *algorithm. */
int digest_by_name(const char *name, enum digest_algorithm *algorithm);

/* Fails with ERR_INTERNAL, or ERR_MISSING if the OpenSSL of this machine does not offer the
 * algorithm (as a FIPS configuration may). */
int digest_bytes(enum digest_algorithm algorithm, const void *bytes, size_t size,
		 struct digest *digest, struct error *err);

/* Reads a regular file once and computes `count` digests of it: digests[i].algorithm says
 * which; the rest of digests[i] is filled in. *size, if not NULL, is the number of bytes.
 * Fails as digest_bytes(), with ERR_NO_INPUT (missing, unreadable, not a regular file), and
 * with ERR_INPUT if the file changed while it was read. */
int digest_file(const char *path, struct digest *digests, size_t count, uint64_t *size,
		struct error *err);

/* The digest of a part of an open file: digest->algorithm says which; the rest is filled in. The
 * caller knows that the part is inside the file. Fails as digest_bytes() and file_pread(). */
int digest_part(int fd, const char *path, uint64_t offset, uint64_t size, struct digest *digest,
		struct error *err);

/* One file of several: set path, digests[].algorithm and count; the rest is filled in. */
struct digest_job {
	const char *path;
	struct digest digests[2];
	size_t count;
	uint64_t size;
	bool failed;
	struct error err;
};

/* digest_file() for many files, on as many processors as there are: two files take the time of
 * one on two. Fails as digest_file() does for the first of the jobs that failed. */
int digest_files(struct digest_job *jobs, size_t count, struct error *err);

/* Writes the digest in lower-case hexadecimal, returns hex. */
const char *digest_hex(const struct digest *digest, char hex[static DIGEST_HEX_SIZE]);

/* SHA-256 of bytes straight to 64 lower-case hexadecimal digits and a NUL. */
int digest_sha256_hex(const void *bytes, size_t size, char hex[65], struct error *err);

#endif
