/* Signed block streams (SBS): the form in which Muen's GRUB takes a command stream that it can
 * check while it reads, one block in memory at a time, nothing used before it is verified.
 *
 *	header (100 bytes)   signed; names the hash of the first block
 *	signature            detached OpenPGP signature of the header, binary
 *	blocks               each: SHA-512 of the next block, then payload
 *
 * A block's hash covers the block as it is. So the chain is made from the last block to the first
 * and checked from the first to the last. Behind the last block there is none: that hash is zeroes,
 *and nobody looks at it. The payload is filled up at its front: the first `padding_length` bytes of
 *the first block's payload are skipped. All numbers are little endian.
 */
#ifndef SIGN_SBS_SBS_H
#define SIGN_SBS_SBS_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>

#define SBS_MAGIC 0xe6019598u /* the first four bytes, little endian */

enum {
	SBS_HEADER_SIZE = 100,
	SBS_HASH_SIZE = 64,
	/* The loader takes this length alone: GnuPG's version 4 signature by an RSA key of 4096
	 * bits, with the subpackets that it makes by default. */
	SBS_SIGNATURE_SIZE = 566,
	SBS_BLOCKS_OFFSET = SBS_HEADER_SIZE + SBS_SIGNATURE_SIZE,
	SBS_BLOCK_SIZE_DEFAULT = 65536,
	SBS_BLOCK_SIZE_LEAST = 128,
	SBS_BLOCK_SIZE_MOST = 1 << 24, /* what a loader may have to hold in memory */
};

struct sbs_header {
	uint32_t block_count;
	uint32_t block_size; /* bytes, the hash of the next block included */
	uint32_t signature_length;
	uint32_t padding_length; /* bytes */
	unsigned char root_hash[SBS_HASH_SIZE];
};

/* The sizes in bytes of what is signed and of the whole file. */
uint64_t sbs_payload_size(const struct sbs_header *header);
uint64_t sbs_file_size(const struct sbs_header *header);

/* Reads the header of a file of `file_size` bytes, checks every field and that the file is as
 * long as they say. `path` is for messages. Fails with ERR_INPUT. */
int sbs_header_decode(const unsigned char bytes[SBS_HEADER_SIZE], uint64_t file_size,
		      const char *path, struct sbs_header *header, struct error *err);

/* Makes the signature of `size` bytes, appended to `signature`. It must be another one if it is
 * called again a second later (OpenPGP's holds the time). */
struct sbs_signer {
	int (*sign)(void *context, const void *bytes, size_t size, struct buffer *signature,
		    struct error *err);
	void *context;
};

/* Makes the blocks and the header of the input (`in`, `size` bytes, at least 1) in the output
 * `out`, and has the header signed. header->block_size is given, from
 * SBS_BLOCK_SIZE_LEAST to SBS_BLOCK_SIZE_MOST; the rest of the header is filled in. The paths are
 * for messages. Memory: a few blocks. Fails as the signer does, with ERR_INPUT (size, changed
 * meanwhile), ERR_USAGE (block size) or ERR_IO. */
int sbs_make(int in, const char *in_path, uint64_t size, int out, const char *out_path,
	     const struct sbs_signer *signer, struct sbs_header *header, struct error *err);

/* Checks the blocks of the open file `in` against header->root_hash; what they hold goes to
 * `out` (-1: nowhere), of which nothing may be used if this fails. Memory: constant. Fails with
 * ERR_REFUSED, naming the first block that is not what was signed; with ERR_NO_INPUT, ERR_INPUT,
 * ERR_IO. */
int sbs_check(int in, const char *in_path, const struct sbs_header *header, int out,
	      const char *out_path, struct error *err);

#endif
