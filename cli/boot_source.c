#include "cli/boot_source.h"

#include "base/alloc.h"
#include "base/endian.h"
#include "base/file.h"
#include "base/memory_file.h"
#include "sign/sbs/sbs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
	HEAD_SIZE = 8192,	 /* where multiboot's header must be */
	MULTIBOOT_SIZE = 12,	 /* magic, flags, checksum */
	KERNEL_MOST = 256 << 20, /* bytes */
};

#define MULTIBOOT_MAGIC 0x1badb002u

void boot_source_free(struct boot_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	for (size_t i = 0; i < source->subject_count; i++)
		free(source->subjects[i]);
	free(source->subjects);
	free(source->path);
}

/* ---- streams that are made ----------------------------------------------- */

struct sink {
	int fd;
	const char *path;
	uint64_t offset;
};

static int sink_bytes(const void *bytes, size_t length, void *context, struct error *err)
{
	struct sink *sink = context;

	if (file_pwrite(sink->fd, sink->path, bytes, length, sink->offset, err) < 0)
		return -1;
	sink->offset += length;
	return 0;
}

static enum grub_start stream_start(const struct image_options *options)
{
	return options->grub_dir ? GRUB_CSL : GRUB_LOADER;
}

/* The stream is in the open file: checks it as everybody's is, and takes what it says. */
static int take_stream(struct boot_source *source, int fd, const char *shown, uint64_t size,
		       struct error *err)
{
	source->size = size;
	if (csl_check(fd, shown, size, &source->stream, NULL, NULL, err) < 0)
		return -1;
	source->standin = source->stream.standin;
	return 0;
}

static int open_memory(struct boot_source *source, struct error *err)
{
	char path[MEMORY_FILE_PATH];

	source->fd = memory_file(NULL, 0, 0, err);
	if (source->fd < 0)
		return -1;
	source->path = xstrdup(memory_file_path(source->fd, path));
	return source->fd;
}

int boot_source_write(struct boot_source *source, const struct memory_image *image,
		      const struct image_options *options, const char *path, struct error *err)
{
	cleanup_close int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct sink sink = { .path = path ? path : "the stream" };

	if (path && file < 0)
		return err_fail_errno(err, ERR_IO, errno, "%s: cannot write", path);
	if (path)
		source->path = xstrdup(path);
	sink.fd = path ? file : open_memory(source, err);
	if (sink.fd < 0 || csl_write(image, sink_bytes, &sink, err) < 0)
		return -1;
	source->start = stream_start(options);
	return take_stream(source, sink.fd, sink.path, sink.offset, err);
}

/* ---- a kernel and its regions -------------------------------------------- */

struct contents {
	struct bytes *files;
	size_t count;
};

static void contents_free(struct contents *contents)
{
	for (size_t i = 0; i < contents->count; i++)
		bytes_free(&contents->files[i]);
	free(contents->files);
}

static int add_region(const struct image_region *region, struct memory_image *image,
		      struct contents *contents, struct error *err)
{
	struct bytes *bytes = &contents->files[contents->count];
	cleanup_free char *what = NULL;

	if (!region->path) {
		what = xasprintf("--fill at 0x%llx", (unsigned long long)region->address);
		memory_image_fill(image, region->address, region->size, region->pattern, what);
		return 0;
	}
	if (file_read(region->path, SIZE_MAX / 2, 0, bytes, err) < 0)
		return -1;
	contents->count++;
	if (!bytes->size) {
		err_fail(err, ERR_INPUT, "%s: is empty: there is nothing to put at 0x%llx",
			 region->path, (unsigned long long)region->address);
		return err_mend(err, "use --fill for memory without contents");
	}
	memory_image_add(image, region->address, bytes->data, bytes->size, region->path);
	return 0;
}

int boot_source_from_kernel(struct boot_source *source, const struct image_options *options,
			    const char *path, struct error *err)
{
	cleanup_with(contents_free) struct contents contents = { 0 };
	cleanup_memory_image struct memory_image image = { 0 };
	cleanup_bytes struct bytes kernel = { 0 };

	source->what = "a kernel";
	contents.files = xcalloc(options->region_count + 1, sizeof(*contents.files));
	if (file_read(options->kernel, KERNEL_MOST, 0, &kernel, err) < 0 ||
	    memory_image_add_kernel(&image, options->kernel, kernel.data, kernel.size, err) < 0)
		return -1;
	for (size_t i = 0; i < options->region_count; i++)
		if (add_region(&options->regions[i], &image, &contents, err) < 0)
			return -1;
	if (memory_image_settle(&image, err) < 0)
		return -1;
	return boot_source_write(source, &image, options, path, err);
}

/* ---- system images ------------------------------------------------------- */

/* A system image that is being recognised. */
struct candidate {
	const char *path;
	int fd;
	uint64_t size;
	unsigned char head[HEAD_SIZE];
	size_t head_size;
};

/* Multiboot 1, 3.1: in the first 8192 bytes, at a multiple of 4. */
static bool has_multiboot_header(const struct candidate *candidate)
{
	for (size_t at = 0; at + MULTIBOOT_SIZE <= candidate->head_size; at += 4) {
		const unsigned char *header = candidate->head + at;

		if (get_le32(header) == MULTIBOOT_MAGIC &&
		    !(uint32_t)(get_le32(header) + get_le32(header + 4) + get_le32(header + 8)))
			return true;
	}
	return false;
}

/* The bare stream that is inside, in memory: sbs_check() gives out only what its hashes cover. */
static int unwrap(struct boot_source *source, const struct candidate *candidate,
		  struct findings *findings, struct error *err)
{
	struct sbs_header header;
	int fd;

	if (candidate->head_size < SBS_BLOCKS_OFFSET) {
		err_fail(err, ERR_INPUT, "%s: is no whole signed block stream", candidate->path);
		return err_mend(err, "copy it again: it was cut off");
	}
	if (sbs_header_decode(candidate->head, candidate->size, candidate->path, &header, err) < 0)
		return -1;
	fd = open_memory(source, err);
	if (fd < 0 ||
	    sbs_check(candidate->fd, candidate->path, &header, fd, "the stream in it", err) < 0)
		return -1;
	findings_add(findings, FINDING_NOTE, "'muenbuild verify' checks its signature",
		     "%s: its hashes are right; who signed it was not asked", candidate->path);
	return take_stream(source, fd, candidate->path, sbs_payload_size(&header), err);
}

/* With Muen's modules, GRUB checks it at every boot; with our loader, what is inside boots. */
static int take_signed(struct boot_source *source, const struct image_options *options,
		       const struct candidate *candidate, struct findings *findings,
		       struct error *err)
{
	source->what = "a signed block stream";
	if (unwrap(source, candidate, findings, err) < 0)
		return -1;
	if (!options->grub_dir) {
		source->what = "the command stream of a signed block stream";
		source->start = GRUB_LOADER;
		findings_add(findings, FINDING_NOTE,
			     "to keep the signature, name a GRUB with Muen's modules with "
			     "--grub-dir",
			     "%s: is unwrapped: our loader does not check OpenPGP signatures",
			     candidate->path);
		return 0;
	}
	free(source->path);
	source->path = xstrdup(candidate->path);
	source->size = candidate->size;
	source->start = GRUB_SBS;
	return 0;
}

static int fail_unknown(const struct candidate *candidate, struct error *err)
{
	bool elf = candidate->head_size >= 4 && !memcmp(candidate->head, "\177ELF", 4);

	err_fail(err, ERR_INPUT,
		 "%s: is no system image: neither a command stream (CSL), nor a signed block "
		 "stream (SBS), nor is there a multiboot header in its first 8 KiB",
		 candidate->path);
	return err_mend(err,
			elf ? "if it is a Muen kernel, name it with --kernel"
			    : "name the muen.csl, muen.sbs or muen.img that Muen's build made");
}

static int recognise(struct boot_source *source, const struct image_options *options,
		     const struct candidate *candidate, struct findings *findings,
		     struct error *err)
{
	const unsigned char *head = candidate->head;

	source->path = NULL;
	if (candidate->head_size >= 4 && get_le32(head) == SBS_MAGIC)
		return take_signed(source, options, candidate, findings, err);
	source->path = xstrdup(candidate->path);
	if ((candidate->head_size >= CSL_UNIT && get_le64(head) == CSL_MAGIC) ||
	    csl_is_old(head, candidate->head_size)) {
		source->what = "a command stream";
		source->start = stream_start(options);
		return take_stream(source, candidate->fd, candidate->path, candidate->size, err);
	}
	if (!has_multiboot_header(candidate))
		return fail_unknown(candidate, err);
	source->what = "a multiboot program";
	source->start = GRUB_MULTIBOOT;
	source->size = candidate->size;
	return 0;
}

int boot_source_read(struct boot_source *source, const struct image_options *options,
		     struct findings *findings, struct error *err)
{
	struct candidate candidate = { .path = options->system_image };
	cleanup_close int fd = file_open(candidate.path, INT64_MAX, &candidate.size, err);

	if (fd < 0)
		return -1;
	candidate.fd = fd;
	candidate.head_size = candidate.size < HEAD_SIZE ? (size_t)candidate.size : HEAD_SIZE;
	if (file_pread(fd, candidate.path, candidate.head, candidate.head_size, 0, err) < 0)
		return -1;
	return recognise(source, options, &candidate, findings, err);
}
