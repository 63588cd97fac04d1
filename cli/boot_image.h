/* The image of a boot source: the ISO, and the EFI program for the network. */
#ifndef CLI_BOOT_IMAGE_H
#define CLI_BOOT_IMAGE_H

#include "cli/boot_source.h"

#include <jansson.h>

struct boot_image {
	const struct boot_source *source;
	const struct image_options *options;
	const char *title; /* what the boot menu calls it */
	uint64_t time;	   /* of everything in it, seconds since 1970 */
};

/* Writes the ISO and the EFI program; NULL: not that one. Fails as iso_write() and efi_write(),
 * and with ERR_MISSING if our loader is not installed. */
int boot_image_write(const struct boot_image *image, const char *iso, const char *efi,
		     struct error *err);

/* What boots and how: {"boots", "loader", "label", "time", "standin", "stream"}. */
json_t *boot_image_report(const struct boot_image *image);

/* The same for people, a paragraph. */
void boot_image_print(const struct boot_image *image);

/* The time for an image: SOURCE_DATE_EPOCH, or else the newest of the files; `paths` ends with
 * NULL. Fails as when_written(), and with ERR_NO_INPUT. */
int boot_image_time(const char *const *paths, uint64_t *time, struct error *err);

#endif
