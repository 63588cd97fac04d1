/* The options about what boots and how, which `build` and `iso` share. */
#ifndef CLI_IMAGE_OPTIONS_H
#define CLI_IMAGE_OPTIONS_H

#include "cli/options.h"
#include "sign/sbs/openpgp.h"

#include <stdint.h>

/* Ids of the options below; a verb's own are smaller. */
enum {
	OPTION_IMAGE_FIRST = 200,
	OPTION_KERNEL = OPTION_IMAGE_FIRST,
	OPTION_REGION,
	OPTION_FILL,
	OPTION_SYSTEM_IMAGE,
	OPTION_GRUB_DIR,
	OPTION_LABEL,
	OPTION_NO_BIOS,
	OPTION_NO_EFI,
	OPTION_GPG_KEY,
	OPTION_GPG_HOMEDIR,
	OPTION_ALLOW_STANDIN,
	OPTION_IMAGE_LAST,
};

/* clang-format off */
#define IMAGE_OPTION_SPECS \
	{ OPTION_SYSTEM_IMAGE, "system-image", 0, "FILE", \
	  "boot this system, which Muen's tools made: .csl, .sbs,\nor an older muen.img" }, \
	{ OPTION_KERNEL, "kernel", 0, "FILE", "boot this Muen kernel, an ELF file" }, \
	{ OPTION_REGION, "region", 0, "FILE@ADDRESS", \
	  "with --kernel: a file's contents in physical memory;\nrepeatable" }, \
	{ OPTION_FILL, "fill", 0, "BYTE@ADDRESS+SIZE", \
	  "with --kernel: memory set to one byte; repeatable" }, \
	{ OPTION_GRUB_DIR, "grub-dir", 0, "DIR", \
	  "a GRUB with Muen's modules csl and sbs: i386-pc/ and\nx86_64-efi/ lie in it" }, \
	{ OPTION_LABEL, "label", 0, "NAME", \
	  "volume id of the ISO (default: MUEN, or MUEN_STANDIN)" }, \
	{ OPTION_NO_BIOS, "no-bios", 0, NULL, "do not boot from BIOS" }, \
	{ OPTION_NO_EFI, "no-efi", 0, NULL, "do not boot from UEFI: no muen.efi" }, \
	{ OPTION_GPG_KEY, "gpg-key", 0, "FINGERPRINT", \
	  "sign everything that GRUB opens with this OpenPGP key\n(RSA 4096); GRUB starts nothing else" }, \
	{ OPTION_GPG_HOMEDIR, "gpg-homedir", 0, "DIR", \
	  "where GnuPG has its keys (default: GnuPG's own)" }, \
	{ OPTION_ALLOW_STANDIN, "allow-standin", 0, NULL, \
	  "sign although the kernel is the stand-in, for trying" }
/* clang-format on */

struct image_region {
	char *path; /* NULL: filled with `pattern` */
	uint64_t address;
	uint64_t size; /* bytes; of a fill */
	uint8_t pattern;
};

struct image_options {
	const char *kernel;	  /* NULL: not given */
	const char *system_image; /* the same */
	const char *grub_dir;	  /* the same */
	const char *label;	  /* the same */
	struct image_region *regions;
	size_t region_count;
	bool no_bios, no_efi;
	char gpg_key[OPENPGP_FINGERPRINT_MAX + 1]; /* "": not given */
	const char *gpg_homedir;		   /* NULL: GnuPG's own */
	bool allow_standin;
	const char *given; /* an option that was given: "--kernel"; NULL: none */
};

/* Whether the id is one of those above. */
bool image_options_know(int id);

/* Takes such an option. Fails with ERR_USAGE. */
int image_options_take(struct image_options *options, int id, const char *value, struct error *err);

/* What cannot be given together. Fails with ERR_USAGE. */
int image_options_check(const struct image_options *options, struct error *err);

void image_options_free(struct image_options *options);

#endif
