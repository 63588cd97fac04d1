/* The texts of grub.cfg: a menu of one entry, on the screen and on the first serial port. */
#ifndef ISO_GRUB_CONFIG_H
#define ISO_GRUB_CONFIG_H

#include <stdbool.h>

/* What GRUB starts, and where it is in the image (iso_file.path). */
enum grub_start {
	GRUB_LOADER,	/* our loader, with the stream as its module */
	GRUB_MULTIBOOT, /* a system image that is a multiboot program itself */
	GRUB_CSL,	/* a stream, with Muen's module csl */
	GRUB_SBS,	/* a signed stream, with Muen's modules csl and sbs */
};

#define GRUB_PATH_LOADER "boot/loader"
#define GRUB_PATH_LOADER_STREAM "boot/muen.csl"
#define GRUB_PATH_MULTIBOOT "boot/muen.img"
#define GRUB_PATH_CSL "boot/kernel.csl"
#define GRUB_PATH_SBS "boot/kernel.sbs"

struct grub_menu {
	enum grub_start start;
	const char *title; /* any text; what GRUB cannot show becomes '?' */
	bool standin;	   /* the kernel is the stand-in: the title says so */
};

/* The text, owned by the caller. */
char *grub_config_text(const struct grub_menu *menu);

/* The modules that it needs: iso_contents.modules. */
const char *const *grub_config_modules(enum grub_start start);

#endif
