#include "iso/contents.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"
#include "digest/digest.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum {
	PATH_MAX_BYTES = 99, /* what a tar header holds, and Rock Ridge needs no continuation for */
	LABEL_MAX = 32,
};

/* iPXE and memdisk put the image below 4 GiB, beside which all is unpacked. */
#define FILE_MAX (2ull << 30)

static bool is_plain(char letter)
{
	return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
	       (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
}

/* Names that begin with '.' would lead out, or hide. */
static bool is_good_path(const char *path)
{
	if (!*path || strlen(path) > PATH_MAX_BYTES)
		return false;
	for (const char *at = path; *at; at++) {
		bool first = at == path || at[-1] == '/';

		if (!is_plain(*at) && *at != '/')
			return false;
		if (first && (*at == '/' || *at == '.'))
			return false;
	}
	return path[strlen(path) - 1] != '/';
}

static int check_label(const char *label, struct error *err)
{
	size_t length = strlen(label);

	if (length >= 1 && length <= LABEL_MAX &&
	    strspn(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length)
		return 0;
	err_fail(err, ERR_USAGE, "'%.64s' cannot be the label of an ISO", label);
	return err_mend(err, "use 1 to 32 of the letters A-Z, digits and '_'");
}

static int by_path(const void *a, const void *b)
{
	const struct iso_loaded_file *left = a, *right = b;

	return strcmp(left->path, right->path);
}

/* Two files of one path, or a file where another one needs a folder. */
static int check_pair(const char *one, const char *other, struct error *err)
{
	size_t length = strlen(one) < strlen(other) ? strlen(one) : strlen(other);

	if (strncmp(one, other, length) || (one[length] && one[length] != '/') ||
	    (other[length] && other[length] != '/'))
		return 0;
	err_fail(err, ERR_USAGE, "%s and %s cannot both be in one image", one, other);
	return err_mend(err, "give one of them another path");
}

static int check_conflicts(const struct iso_loaded *loaded, struct error *err)
{
	static const char *const added[] = { ISO_BIOS_IMAGE, ISO_UEFI_IMAGE, ISO_UEFI_PROGRAM,
					     ISO_CATALOGUE };

	for (size_t i = 0; i < loaded->count; i++) {
		for (size_t k = 0; k < i; k++)
			if (check_pair(loaded->files[k].path, loaded->files[i].path, err) < 0)
				return -1;
		for (size_t k = 0; k < sizeof(added) / sizeof(added[0]); k++)
			if (check_pair(loaded->files[i].path, added[k], err) < 0)
				return -1;
	}
	return 0;
}

/* Told by its path in the image: what is put there may be a file that has no name. */
static int check_size(const struct iso_file *file, struct error *err)
{
	struct stat status;
	char size[32];

	if (stat(file->source, &status) < 0 || status.st_size <= (off_t)FILE_MAX)
		return 0; /* what else is wrong is told when it is read */
	err_fail(err, ERR_INPUT, "%s has %s, a file in an image at most 2 GiB", file->path,
		 size_to_text((uint64_t)status.st_size, size));
	return err_mend(err, "make the system smaller: --fill is for memory without contents");
}

static int load_file(const struct iso_file *file, struct iso_loaded_file *loaded, struct error *err)
{
	loaded->path = file->path;
	if (!is_good_path(file->path)) {
		err_fail(err, ERR_USAGE, "'%.120s' cannot be a path in an image", file->path);
		return err_mend(err,
				"use at most %d letters, digits, '.', '_', '-', and '/' between "
				"names",
				PATH_MAX_BYTES);
	}
	if (file->source && check_size(file, err) < 0)
		return -1;
	if (file->source)
		return file_read(file->source, FILE_MAX, 0, &loaded->bytes, err);
	loaded->bytes = (struct bytes){ .data = xcalloc(file->size + 1, 1), .size = file->size };
	if (file->size)
		memcpy(loaded->bytes.data, file->bytes, file->size);
	return 0;
}

static int identify(const struct iso_contents *contents, struct iso_loaded *loaded,
		    struct error *err)
{
	cleanup_buffer struct buffer text = { 0 };
	struct digest digest = { .algorithm = DIGEST_SHA256 };
	char hex[65];

	buffer_printf(&text, "%s\n%" PRIu64 "\n", contents->label, contents->time);
	for (size_t i = 0; i < loaded->count; i++) {
		const struct bytes *bytes = &loaded->files[i].bytes;

		if (digest_sha256_hex(bytes->data, bytes->size, hex, err) < 0)
			return -1;
		buffer_printf(&text, "%s %s\n", hex, loaded->files[i].path);
	}
	if (digest_bytes(DIGEST_SHA256, text.data, text.length, &digest, err) < 0)
		return -1;
	memcpy(loaded->identity, digest.bytes, sizeof(loaded->identity));
	return 0;
}

int iso_load(const struct iso_contents *contents, struct iso_loaded *loaded, struct error *err)
{
	const struct iso_file config = { .path = ISO_CONFIG_PATH,
					 .bytes = contents->grub_config,
					 .size = strlen(contents->grub_config) };

	*loaded =
		(struct iso_loaded){ .files = xcalloc(contents->count + 1, sizeof(*loaded->files)),
				     .count = contents->count + 1 };
	if (check_label(contents->label, err) < 0)
		return -1;
	for (size_t i = 0; i < contents->count; i++)
		if (load_file(&contents->files[i], &loaded->files[i], err) < 0)
			return -1;
	if (load_file(&config, &loaded->files[contents->count], err) < 0)
		return -1;
	qsort(loaded->files, loaded->count, sizeof(*loaded->files), by_path);
	return check_conflicts(loaded, err) < 0 ? -1 : identify(contents, loaded, err);
}

void iso_loaded_free(struct iso_loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++)
		bytes_free(&loaded->files[i].bytes);
	free(loaded->files);
	*loaded = (struct iso_loaded){ 0 };
}
