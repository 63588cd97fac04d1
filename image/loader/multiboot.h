/* What the boot loader tells: Multiboot 0.6.96.
 *
 * Source: the Multiboot specification.
 */
#ifndef IMAGE_LOADER_MULTIBOOT_H
#define IMAGE_LOADER_MULTIBOOT_H

#define MULTIBOOT_HEADER_MAGIC 0x1badb002
#define MULTIBOOT_HEADER_FLAGS 7 /* modules on page boundaries; a memory map; a screen */
#define MULTIBOOT_HEADER_TEXT 1	 /* that shows text, if there is such a one */
#define MULTIBOOT_MAGIC 0x2badb002

#ifndef __ASSEMBLER__

#include "image/loader/console.h"
#include "image/loader/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct boot {
	struct console_screen screen;
	struct ram_map ram;
	struct plan_area stream; /* the first module */
};

/* Where text is shown: wanted first, to be able to tell of what is wrong. */
struct console_screen multiboot_screen(uint32_t magic, uint32_t info);

/* Reads what the registers EAX and EBX point to. Zero-initialise `boot`. False if something is
 * missing: `why` says it. */
bool multiboot_read(uint32_t magic, uint32_t info, struct boot *boot, struct line *why);

#endif
#endif
