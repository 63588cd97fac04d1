/* What an image boots: a command stream with our loader or Muen's GRUB modules, a signed one, or an
 * older system image that is a multiboot program itself.
 */
#ifndef CLI_BOOT_SOURCE_H
#define CLI_BOOT_SOURCE_H

#include "base/findings.h"
#include "cli/image_options.h"
#include "image/csl.h"
#include "iso/grub_config.h"
#include "policy/world_xml.h"

struct boot_source {
	enum grub_start start;
	char *path;		   /* of what GRUB shall load */
	int fd;			   /* a memory file that `path` names, or -1 */
	const char *what;	   /* "a command stream", for people */
	uint64_t size;		   /* bytes of that file */
	struct csl_summary stream; /* of a multiboot image: all 0 */
	bool standin;		   /* the kernel is the stand-in */
	char **subjects;	   /* that it runs; none if that is not known */
	size_t subject_count;
};

#define BOOT_SOURCE_NONE                                                                           \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* Takes a system image that Muen's tools made; its contents tell what it is. A signed stream is
 * checked against its hashes; without --grub-dir it is unwrapped, for our loader. Fails with
 * ERR_INPUT for what is none of these, and as csl_check(), sbs_check(). */
int boot_source_read(struct boot_source *source, const struct image_options *options,
		     struct findings *findings, struct error *err);

/* Makes a stream of the kernel and the regions that the options name. Fails as
 * memory_image_add_kernel(), memory_image_settle() and boot_source_write(). */
int boot_source_from_kernel(struct boot_source *source, const struct image_options *options,
			    const char *path, struct error *err);

/* Makes a stream of the stand-in kernel and all unikernels of a policy. `path` is as for
 * boot_source_write(). Fails with ERR_INPUT (a policy without unikernels), ERR_MISSING (the kernel
 * is not installed), and as policy_open(), policy_world(), standin_image_build(),
 * boot_source_write(). */
int boot_source_from_policy(struct boot_source *source, const struct policy_source *policy,
			    const struct image_options *options, const char *path,
			    struct error *err);

/* Makes a stream of the image, which is settled, in the file `path` that is there and empty; NULL:
 * in memory. Fails with ERR_IO. */
int boot_source_write(struct boot_source *source, const struct memory_image *image,
		      const struct image_options *options, const char *path, struct error *err);

/* With --gpg-key, and a GRUB that has Muen's modules, a plain stream becomes a signed one. Fails as
 * sbs_make() and openpgp_sign(). */
int boot_source_sign(struct boot_source *source, const struct image_options *options,
		     struct error *err);

void boot_source_free(struct boot_source *source);

#endif
