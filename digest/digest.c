#include "digest/digest.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

/* Large enough that system calls cost nothing beside the hashing, small enough for the
 * second-level cache. */
enum { CHUNK = 128 * 1024 };

DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)
DEFINE_CLEANUP(EVP_MD *, EVP_MD_free)
#define cleanup_md cleanup_with(EVP_MD_freep)

static const char *const names[DIGEST_ALGORITHMS] = {
	[DIGEST_SHA1] = "sha1",	    [DIGEST_SHA224] = "sha224", [DIGEST_SHA256] = "sha256",
	[DIGEST_SHA384] = "sha384", [DIGEST_SHA512] = "sha512",
};

const char *digest_name(enum digest_algorithm algorithm)
{
	return names[algorithm];
}

int digest_by_name(const char *name, enum digest_algorithm *algorithm)
{
	for (size_t i = 0; i < DIGEST_ALGORITHMS; i++) {
		if (!strcmp(names[i], name)) {
			*algorithm = (enum digest_algorithm)i;
			return 0;
		}
	}
	return -1;
}

static EVP_MD_CTX *context_new(enum digest_algorithm algorithm, struct error *err)
{
	cleanup_md EVP_MD *method = EVP_MD_fetch(NULL, names[algorithm], NULL);
	EVP_MD_CTX *context;

	if (!method) {
		err_fail(err, ERR_MISSING, "OpenSSL does not offer the digest %s",
			 names[algorithm]);
		err_mend(err, "check the providers that openssl.cnf (OPENSSL_CONF) activates");
		return NULL;
	}
	context = EVP_MD_CTX_new();
	if (!context || !EVP_DigestInit_ex2(context, method, NULL)) {
		EVP_MD_CTX_free(context);
		err_fail(err, ERR_INTERNAL, "OpenSSL cannot begin a %s digest", names[algorithm]);
		return NULL;
	}
	return context;
}

static int context_finish(EVP_MD_CTX *context, struct digest *digest, struct error *err)
{
	unsigned int size = 0;

	if (!EVP_DigestFinal_ex(context, digest->bytes, &size))
		return err_fail(err, ERR_INTERNAL, "OpenSSL cannot finish a %s digest",
				names[digest->algorithm]);
	digest->size = size;
	return 0;
}

int digest_bytes(enum digest_algorithm algorithm, const void *bytes, size_t size,
		 struct digest *digest, struct error *err)
{
	cleanup_with(EVP_MD_CTX_freep) EVP_MD_CTX *context = context_new(algorithm, err);

	if (!context)
		return -1;
	digest->algorithm = algorithm;
	if (!EVP_DigestUpdate(context, bytes, size))
		return err_fail(err, ERR_INTERNAL, "OpenSSL cannot compute a %s digest",
				names[algorithm]);
	return context_finish(context, digest, err);
}

/* ---- files ----------------------------------------------------------------- */

/* As many contexts as there are digests to compute of one file. */
struct hashing {
	EVP_MD_CTX **contexts;
	size_t count;
};

static void hashing_free(struct hashing *hashing)
{
	for (size_t i = 0; i < hashing->count; i++)
		EVP_MD_CTX_free(hashing->contexts[i]);
	free(hashing->contexts);
}

static int hashing_begin(struct hashing *hashing, const struct digest *digests, size_t count,
			 struct error *err)
{
	hashing->contexts = xcalloc(count, sizeof(*hashing->contexts));
	for (size_t i = 0; i < count; i++) {
		hashing->contexts[i] = context_new(digests[i].algorithm, err);
		if (!hashing->contexts[i])
			return -1;
		hashing->count++;
	}
	return 0;
}

static int hashing_update(struct hashing *hashing, const void *bytes, size_t size,
			  struct error *err)
{
	for (size_t i = 0; i < hashing->count; i++)
		if (!EVP_DigestUpdate(hashing->contexts[i], bytes, size))
			return err_fail(err, ERR_INTERNAL, "OpenSSL cannot compute a digest");
	return 0;
}

/* Feeds the whole file to the digests; *size becomes the number of bytes that came. */
static int hash_descriptor(struct hashing *hashing, int fd, const char *path, uint64_t *size,
			   struct error *err)
{
	cleanup_free unsigned char *chunk = xcalloc(1, CHUNK);

	*size = 0;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	for (;;) {
		ssize_t count = read(fd, chunk, CHUNK);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot read", path);
		if (count == 0)
			return 0;
		if (hashing_update(hashing, chunk, (size_t)count, err) < 0)
			return -1;
		*size += (uint64_t)count;
	}
}

/* A digest of a file that someone is writing to is a digest of nothing that exists. */
static int check_unchanged(int fd, const struct stat *before, uint64_t size, const char *path,
			   struct error *err)
{
	struct stat after;

	if (fstat(fd, &after) < 0)
		return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot examine", path);
	if ((uint64_t)before->st_size == size && after.st_size == before->st_size &&
	    after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	    after.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
		return 0;
	err_fail(err, ERR_INPUT,
		 "%s: changed while it was read: it had %lld bytes at the start, %llu were read",
		 path, (long long)before->st_size, (unsigned long long)size);
	return err_mend(err, "wait until whatever writes the file is done");
}

int digest_file(const char *path, struct digest *digests, size_t count, uint64_t *size,
		struct error *err)
{
	cleanup_with(hashing_free) struct hashing hashing = { 0 };
	uint64_t expected, got;
	cleanup_close int fd = file_open(path, INT64_MAX, &expected, err);
	struct stat before;

	if (fd < 0 || hashing_begin(&hashing, digests, count, err) < 0)
		return -1;
	if (fstat(fd, &before) < 0)
		return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot examine", path);
	if (hash_descriptor(&hashing, fd, path, &got, err) < 0 ||
	    check_unchanged(fd, &before, got, path, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (context_finish(hashing.contexts[i], &digests[i], err) < 0)
			return -1;
	if (size)
		*size = got;
	return 0;
}

int digest_part(int fd, const char *path, uint64_t offset, uint64_t size, struct digest *digest,
		struct error *err)
{
	cleanup_with(hashing_free) struct hashing hashing = { 0 };
	cleanup_free unsigned char *chunk = xcalloc(1, CHUNK);

	if (hashing_begin(&hashing, digest, 1, err) < 0)
		return -1;
	while (size) {
		size_t step = size < CHUNK ? (size_t)size : CHUNK;

		if (file_pread(fd, path, chunk, step, offset, err) < 0 ||
		    hashing_update(&hashing, chunk, step, err) < 0)
			return -1;
		offset += step;
		size -= step;
	}
	return context_finish(hashing.contexts[0], digest, err);
}

/* ---- many files ------------------------------------------------------------- */

enum { MOST_THREADS = 16 };

struct digest_queue {
	struct digest_job *jobs;
	size_t count;
	atomic_size_t next;
};

static void *work_queue(void *data)
{
	struct digest_queue *queue = data;
	size_t index;

	while ((index = atomic_fetch_add(&queue->next, 1)) < queue->count) {
		struct digest_job *job = &queue->jobs[index];

		job->failed =
			digest_file(job->path, job->digests, job->count, &job->size, &job->err) < 0;
	}
	return NULL;
}

/* How many threads besides this one can do something useful. */
static size_t helpers(size_t count)
{
	cpu_set_t allowed;
	size_t processors = 1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
		processors = (size_t)CPU_COUNT(&allowed);
	if (processors > count)
		processors = count;
	if (processors > MOST_THREADS)
		processors = MOST_THREADS;
	return processors ? processors - 1 : 0;
}

int digest_files(struct digest_job *jobs, size_t count, struct error *err)
{
	struct digest_queue queue = { .jobs = jobs, .count = count };
	pthread_t threads[MOST_THREADS];
	size_t wanted = helpers(count), started = 0;

	/* Without a thread there is only less speed. */
	while (started < wanted && pthread_create(&threads[started], NULL, work_queue, &queue) == 0)
		started++;
	work_queue(&queue);
	while (started)
		pthread_join(threads[--started], NULL);
	for (size_t i = 0; i < count; i++) {
		if (jobs[i].failed) {
			*err = jobs[i].err;
			return -1;
		}
	}
	return 0;
}

/* ---- hexadecimal ------------------------------------------------------------ */

const char *digest_hex(const struct digest *digest, char hex[static DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < digest->size; i++) {
		hex[2 * i] = digits[digest->bytes[i] >> 4];
		hex[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	hex[2 * digest->size] = '\0';
	return hex;
}

int digest_sha256_hex(const void *bytes, size_t size, char hex[65], struct error *err)
{
	struct digest digest;
	char text[DIGEST_HEX_SIZE];

	if (digest_bytes(DIGEST_SHA256, bytes, size, &digest, err) < 0)
		return -1;
	memcpy(hex, digest_hex(&digest, text), 65);
	return 0;
}
