/* The last step of a build: the system that was composed, as an image that boots. */
#ifndef CLI_BUILD_IMAGE_H
#define CLI_BUILD_IMAGE_H

#include "cli/boot_image.h"
#include "cli/build.h"
#include "cli/www.h"

/* Set the first two, which are borrowed; release with build_image_free(). */
struct build_image {
	const struct image_options *options;
	const struct www_options *www_options;
	/* What is worth knowing about the signatures, which depends on the day and on what was in
	 * the folder before: no part of build.json. */
	struct findings findings;
	struct www www; /* private, as is the rest */
	struct boot_source source;
	struct boot_image image;
	char *title;
	const char **dated; /* paths whose times make the image's */
	size_t dated_count;
};

/* Everything that can fail before the unikernels are read: the system image or kernel, the folder
 * www, the keys. Notes inputs. Fails as boot_source_read() and www_begin(). */
int build_image_begin(struct build_image *image, struct build *build, struct error *err);

/* Says that a unikernel is in the delivery, by its component's file; build->converted's last. */
void build_image_add_unikernel(struct build_image *image, const struct converted *converted);

/* Adds muen.csl, muen.iso, muen.efi and www to the delivery. Fails as
 * boot_source_from_policy(), boot_image_write(), www_add(). */
int build_image_add(struct build_image *image, struct build *build, struct error *err);

/* For build.json, and for people. */
json_t *build_image_report(const struct build_image *image);
void build_image_print_next(const struct build_image *image, const struct build *build);

void build_image_free(struct build_image *image);

#endif
