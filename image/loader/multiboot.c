#include "image/loader/multiboot.h"

#include "base/endian.h"

#include <stddef.h>

/* Of the information that the boot loader passes. */
enum {
	FLAGS = 0,
	MODULE_COUNT = 20,
	MODULES = 24,
	MAP_LENGTH = 44,
	MAP = 48,
	FRAMEBUFFER = 88, /* u64 */
	FRAMEBUFFER_PITCH = 96,
	FRAMEBUFFER_WIDTH = 100,
	FRAMEBUFFER_HEIGHT = 104,
	FRAMEBUFFER_DEPTH = 108, /* u8: bits of a pixel */
	FRAMEBUFFER_TYPE = 109,	 /* u8 */

	HAS_MODULES = 1 << 3,
	HAS_MAP = 1 << 6,
	HAS_FRAMEBUFFER = 1 << 12,

	/* FRAMEBUFFER_TYPE */
	COLOURS = 1, /* width and height count pixels */
	TEXT = 2,    /* characters */
};

static const unsigned char *at(uint32_t address)
{
	return (const unsigned char *)address;
}

struct console_screen multiboot_screen(uint32_t magic, uint32_t info)
{
	const unsigned char *bytes = at(info);
	struct console_screen screen = { 0 };

	/* Who does not tell of a screen left it as it was: in text mode. */
	if (magic != MULTIBOOT_MAGIC || !(get_le32(bytes + FLAGS) & HAS_FRAMEBUFFER))
		return CONSOLE_VGA;
	screen.width = get_le32(bytes + FRAMEBUFFER_WIDTH);
	screen.height = get_le32(bytes + FRAMEBUFFER_HEIGHT);
	screen.pitch = get_le32(bytes + FRAMEBUFFER_PITCH);
	if (bytes[FRAMEBUFFER_TYPE] == COLOURS)
		screen.pixel = (bytes[FRAMEBUFFER_DEPTH] + 7) / 8;
	else if (bytes[FRAMEBUFFER_TYPE] != TEXT)
		return screen;
	/* What lies above 4 GiB is out of reach. */
	if (!get_le32(bytes + FRAMEBUFFER + 4))
		screen.address = get_le32(bytes + FRAMEBUFFER);
	return screen;
}

static bool fail(struct line *why, const char *what)
{
	line_text(why, what);
	return false;
}

bool multiboot_read(uint32_t magic, uint32_t info, struct boot *boot, struct line *why)
{
	const unsigned char *bytes = at(info), *module;
	uint32_t flags;

	if (magic != MULTIBOOT_MAGIC)
		return fail(why, "was not started as a multiboot program: use a boot loader's "
				 "command 'multiboot'");
	flags = get_le32(bytes + FLAGS);
	if (!(flags & HAS_MAP))
		return fail(why, "the boot loader gives no memory map");
	if (!ram_map_read(&boot->ram, at(get_le32(bytes + MAP)), get_le32(bytes + MAP_LENGTH),
			  (struct ram_layout){ 0 }, why))
		return false;
	if (!(flags & HAS_MODULES) || !get_le32(bytes + MODULE_COUNT))
		return fail(why, "the boot loader gives no module: the first one must be the "
				 "command stream");
	module = at(get_le32(bytes + MODULES));
	boot->stream.start = get_le32(module);
	if (get_le32(module + 4) < boot->stream.start)
		return fail(why, "the boot loader gives a module that ends before it begins");
	boot->stream.size = get_le32(module + 4) - boot->stream.start;
	return true;
}
