/* Writing; world_text_read.c reads. */
#include "subject/world_text.h"

#include <inttypes.h>
#include <string.h>

static void add_encoded(struct buffer *text, const char *value)
{
	for (; *value; value++) {
		unsigned char byte = (unsigned char)*value;

		if (byte < 0x21 || byte == '%')
			buffer_printf(text, "%%%02x", byte);
		else
			buffer_add(text, value, 1);
	}
}

/* A word or "key=word", with a blank in front; nothing for NULL. */
static void add_word(struct buffer *text, const char *key, const char *value)
{
	if (!value)
		return;
	buffer_printf(text, " %s", key);
	add_encoded(text, value);
}

static void write_content(struct buffer *text, const struct world_region *region)
{
	switch (region->content) {
	case REGION_EMPTY:
		buffer_add_text(text, " empty");
		break;
	case REGION_FILL:
		buffer_printf(text, " fill 0x%x", region->pattern);
		break;
	case REGION_FILE:
		buffer_printf(text, " file 0x%" PRIx64, region->file_offset);
		break;
	}
}

static void write_region(struct buffer *text, const struct world_region *region)
{
	buffer_printf(text, "region 0x%" PRIx64 " 0x%" PRIx64 " r%c%c %s", region->address,
		      region->size, region->writable ? 'w' : '-', region->executable ? 'x' : '-',
		      world_role_name(region->role));
	write_content(text, region);
	add_word(text, "name=", region->name);
	add_word(text, "path=", region->file);
	add_word(text, "physical=", region->physical);
	if (region->shared_fd >= 0)
		buffer_printf(text, " fd=%d", region->shared_fd);
	add_word(text, "origin=", region->origin);
	buffer_add_text(text, "\n");
}

void world_write_text(const struct subject_world *world, struct buffer *text)
{
	buffer_add_text(text, WORLD_TEXT_BEGIN "\nsubject");
	add_word(text, "", world->name);
	buffer_printf(text,
		      " revision %u entry 0x%" PRIx64 " stack 0x%" PRIx64 " boot_info 0x%" PRIx64
		      " exit_event ",
		      world->sinfo_revision, world->entry, world->stack, world->boot_info);
	if (world->exit_event >= 0)
		buffer_printf(text, "%d\n", world->exit_event);
	else
		buffer_add_text(text, "-\n");
	if (world->unikernel) {
		buffer_add_text(text, "unikernel");
		add_word(text, "", world->unikernel);
		buffer_add_text(text, "\n");
	}
	if (*world->bootparams) {
		buffer_add_text(text, "bootparams");
		add_word(text, "", world->bootparams);
		buffer_add_text(text, "\n");
	}
	for (size_t i = 0; i < world->count; i++)
		write_region(text, &world->regions[i]);
}
