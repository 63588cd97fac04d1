#include "iso/grub_config.h"

#include "base/buffer.h"

#include <stddef.h>

#define STANDIN ": stand-in kernel, not for production"

static const char *const multiboot_modules[] = { "multiboot", NULL };
static const char *const csl_modules[] = { "csl", NULL };
static const char *const sbs_modules[] = { "csl", "sbs", NULL };

/* An entry ends with `boot` by itself unless its last command failed: so nothing is started whose
 * module could not be read, or had a wrong signature. */
static const struct {
	const char *commands;
	const char *const *modules;
} starts[] = {
	[GRUB_LOADER] = { "\tmultiboot /" GRUB_PATH_LOADER "\n"
			  "\tmodule /" GRUB_PATH_LOADER_STREAM "\n",
			  multiboot_modules },
	[GRUB_MULTIBOOT] = { "\tmultiboot /" GRUB_PATH_MULTIBOOT "\n", multiboot_modules },
	[GRUB_CSL] = { "\tcsl /" GRUB_PATH_CSL "\n"
		       "\tboot\n",
		       csl_modules },
	[GRUB_SBS] = { "\tsbs_init\n"
		       "\tcsl /" GRUB_PATH_SBS "\n"
		       "\tboot\n",
		       sbs_modules },
};

/* As one word in double quotes: '\\' takes the meaning from '"', '\\' and '$'. */
static void add_word(struct buffer *text, const char *word)
{
	for (; *word; word++) {
		char letter = *word >= 0x20 && *word < 0x7f ? *word : '?';

		if (letter == '"' || letter == '\\' || letter == '$')
			buffer_add(text, "\\", 1);
		buffer_add(text, &letter, 1);
	}
}

/* A machine may have no serial port: then the screen stays the only terminal. */
char *grub_config_text(const struct grub_menu *menu)
{
	struct buffer text = { 0 };

	buffer_add_text(&text, "set default=0\n"
			       "set timeout=1\n"
			       "if serial --unit=0 --speed=115200; then\n"
			       "\tterminal_input console serial\n"
			       "\tterminal_output console serial\n"
			       "fi\n"
			       "menuentry \"");
	add_word(&text, menu->title);
	buffer_add_text(&text, menu->standin ? STANDIN "\" {\n" : "\" {\n");
	buffer_add_text(&text, "\techo \"Starting ");
	add_word(&text, menu->title);
	buffer_add_text(&text, menu->standin ? STANDIN "\"\n" : "\"\n");
	buffer_add_text(&text, starts[menu->start].commands);
	buffer_add_text(&text, "}\n");
	return text.data;
}

const char *const *grub_config_modules(enum grub_start start)
{
	return starts[start].modules;
}
