#include "serve/listing.h"

#include "base/alloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct entry {
	char *name;
	mode_t kind;   /* S_IFREG, S_IFDIR, S_IFLNK, which may lead anywhere, ... */
	uint64_t size; /* bytes */
};

struct entries {
	struct entry *list;
	size_t count;
};

static void entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->list[i].name);
	free(entries->list);
}

static int by_name(const void *left, const void *right)
{
	return strcmp(((const struct entry *)left)->name, ((const struct entry *)right)->name);
}

static void read_entries(DIR *folder, struct entries *entries)
{
	const struct dirent *found;

	while ((found = readdir(folder))) {
		struct stat status;

		if (found->d_name[0] == '.' ||
		    fstatat(dirfd(folder), found->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		array_grow(entries->list, entries->count);
		entries->list[entries->count++] =
			(struct entry){ xstrdup(found->d_name), status.st_mode & S_IFMT,
					(uint64_t)status.st_size };
	}
	if (entries->count)
		qsort(entries->list, entries->count, sizeof(*entries->list), by_name);
}

static void add_html(struct buffer *page, const char *text)
{
	for (; *text; text++)
		if (strchr("&<>\"'", *text))
			buffer_printf(page, "&#%d;", *text);
		else
			buffer_add(page, text, 1);
}

/* RFC 3986: everything that is not unreserved is escaped. */
static void add_link(struct buffer *page, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~";

	for (; *text; text++)
		if (strchr(plain, *text))
			buffer_add(page, text, 1);
		else
			buffer_printf(page, "%%%02X", (unsigned char)*text);
}

static void add_entry(struct buffer *page, const struct entry *entry)
{
	const char *slash = S_ISDIR(entry->kind) ? "/" : "";

	buffer_add_text(page, "<tr><td><a href=\"./");
	add_link(page, entry->name);
	buffer_printf(page, "%s\">", slash);
	add_html(page, entry->name);
	buffer_printf(page, "%s</a></td><td align=\"right\">", slash);
	if (S_ISREG(entry->kind))
		buffer_printf(page, "%" PRIu64, entry->size);
	buffer_add_text(page, "</td></tr>\n");
}

int listing_write(int fd, const char *title, struct buffer *page)
{
	cleanup_with(entries_free) struct entries entries = { 0 };
	DIR *folder = fdopendir(fd);

	if (!folder) {
		close(fd);
		return -1;
	}
	read_entries(folder, &entries);
	closedir(folder);
	buffer_add_text(page, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>");
	add_html(page, title);
	buffer_add_text(page, "</title></head><body><h1>");
	add_html(page, title);
	buffer_add_text(page, "</h1>\n<table>\n");
	for (size_t i = 0; i < entries.count; i++)
		add_entry(page, &entries.list[i]);
	buffer_add_text(page, "</table>\n</body></html>\n");
	return 0;
}
