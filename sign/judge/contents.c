#include "sign/judge/contents.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "sign/ossl.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pkcs7.h>

int contents_begin(struct contents *contents, const struct judge_content *source, struct error *err)
{
	*contents = (struct contents){ .source = source };
	if (source->path) {
		uint64_t size;
		cleanup_close int fd = file_open(source->path, INT64_MAX, &size, err);

		if (fd < 0)
			return -1;
	}
	if (source->known) {
		contents->known[source->known->algorithm] = true;
		contents->digests[source->known->algorithm] = *source->known;
	}
	return 0;
}

const char *contents_name(const struct contents *contents)
{
	return contents->source->path ? contents->source->path : "the contents";
}

static int hash_bytes(struct contents *contents, struct digest *digests, size_t count,
		      struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (digest_bytes(digests[i].algorithm, contents->source->data,
				 contents->source->size, &digests[i], err) < 0)
			return -1;
	return 0;
}

int contents_hash(struct contents *contents, const bool wanted[DIGEST_ALGORITHMS],
		  struct error *err)
{
	struct digest missing[DIGEST_ALGORITHMS];
	size_t count = 0;
	int status;

	for (int i = 0; i < DIGEST_ALGORITHMS; i++)
		if (wanted[i] && !contents->known[i])
			missing[count++].algorithm = (enum digest_algorithm)i;
	if (!count)
		return 0;
	status = contents->source->path
			 ? digest_file(contents->source->path, missing, count, NULL, err)
			 : hash_bytes(contents, missing, count, err);
	for (size_t i = 0; status == 0 && i < count; i++) {
		contents->known[missing[i].algorithm] = true;
		contents->digests[missing[i].algorithm] = missing[i];
	}
	return status;
}

static BIO *open_source(const struct judge_content *source)
{
	if (source->path)
		return BIO_new_file(source->path, "rb");
	if (source->size > INT_MAX)
		return NULL;
	return BIO_new_mem_buf(source->size ? (const void *)source->data : "", (int)source->size);
}

/* A chain that computes a digest of what is written to it and throws the rest away. */
static BIO *open_digest(enum digest_algorithm algorithm)
{
	BIO *filter = BIO_new(BIO_f_md()), *sink = BIO_new(BIO_s_null());
	const EVP_MD *method = EVP_get_digestbyname(digest_name(algorithm));

	if (!filter || !sink || !method || BIO_set_md(filter, method) <= 0) {
		BIO_free_all(filter);
		BIO_free_all(sink);
		return NULL;
	}
	return BIO_push(filter, sink);
}

int contents_hash_as_text(const struct contents *contents, enum digest_algorithm algorithm,
			  struct digest *digest, struct error *err)
{
	cleanup_bio BIO *in = open_source(contents->source);
	cleanup_bio BIO *out = open_digest(algorithm);
	int size = -1;

	if (in && out && SMIME_crlf_copy(in, out, 0))
		size = BIO_gets(out, (char *)digest->bytes, sizeof(digest->bytes));
	ERR_clear_error();
	if (size <= 0)
		return err_fail(err, ERR_INTERNAL, "%s: OpenSSL cannot convert its line ends",
				contents_name(contents));
	digest->algorithm = algorithm;
	digest->size = (size_t)size;
	return 0;
}
