#include "cli/image_options.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

bool image_options_know(int id)
{
	return id >= OPTION_IMAGE_FIRST && id < OPTION_IMAGE_LAST;
}

/* "FILE@ADDRESS": a file may have an '@' in its name. */
static int parse_region(const char *value, struct image_region *region, struct error *err)
{
	const char *at = strrchr(value, '@');

	if (at && at != value && text_to_number(at + 1, &region->address) == 0) {
		region->path = xstrndup(value, (size_t)(at - value));
		return 0;
	}
	err_fail(err, ERR_USAGE, "--region: '%s' is not FILE@ADDRESS", value);
	return err_mend(err, "write for instance --region tables.bin@0x300000");
}

/* "BYTE@ADDRESS+SIZE" */
static int parse_fill(const char *value, struct image_region *region, struct error *err)
{
	cleanup_free char *copy = xstrdup(value);
	char *address = strchr(copy, '@'), *size = address ? strchr(address, '+') : NULL;
	uint64_t pattern;

	if (size) {
		*address++ = '\0';
		*size++ = '\0';
		if (text_to_number(copy, &pattern) == 0 && pattern <= UINT8_MAX &&
		    text_to_number(address, &region->address) == 0 &&
		    text_to_size(size, &region->size) == 0 && region->size) {
			region->pattern = (uint8_t)pattern;
			return 0;
		}
	}
	err_fail(err, ERR_USAGE, "--fill: '%s' is not BYTE@ADDRESS+SIZE", value);
	return err_mend(err, "write for instance --fill 0@0x400000+2M");
}

static struct image_region *add_region(struct image_options *options)
{
	array_grow(options->regions, options->region_count);
	options->regions[options->region_count] = (struct image_region){ 0 };
	return &options->regions[options->region_count++];
}

/* The options about how it boots. */
static int take_how(struct image_options *options, int id, const char *value, struct error *err)
{
	switch (id) {
	case OPTION_GRUB_DIR:
		options->given = "--grub-dir";
		options->grub_dir = value;
		return 0;
	case OPTION_LABEL:
		options->given = "--label";
		options->label = value;
		return 0;
	case OPTION_NO_BIOS:
		options->no_bios = true;
		return 0;
	case OPTION_NO_EFI:
		options->no_efi = true;
		return 0;
	case OPTION_GPG_KEY:
		options->given = "--gpg-key";
		return openpgp_fingerprint(value, options->gpg_key, err);
	case OPTION_GPG_HOMEDIR:
		options->gpg_homedir = value;
		return 0;
	default:
		options->allow_standin = true;
		return 0;
	}
}

int image_options_take(struct image_options *options, int id, const char *value, struct error *err)
{
	switch (id) {
	case OPTION_KERNEL:
		options->given = "--kernel";
		options->kernel = value;
		return 0;
	case OPTION_REGION:
		return parse_region(value, add_region(options), err);
	case OPTION_FILL:
		return parse_fill(value, add_region(options), err);
	case OPTION_SYSTEM_IMAGE:
		options->given = "--system-image";
		options->system_image = value;
		return 0;
	default:
		return take_how(options, id, value, err);
	}
}

int image_options_check(const struct image_options *options, struct error *err)
{
	if (options->kernel && options->system_image) {
		err_fail(err, ERR_USAGE, "--kernel and --system-image both say what boots");
		return err_mend(err, "a system image has its kernel in it: leave --kernel out");
	}
	if (options->region_count && !options->kernel) {
		err_fail(err, ERR_USAGE, "--region and --fill are for --kernel");
		return err_mend(err, "name the kernel that uses them with --kernel FILE");
	}
	if (options->gpg_homedir && !*options->gpg_key) {
		err_fail(err, ERR_USAGE, "--gpg-homedir is for --gpg-key, which is not given");
		return err_mend(err, "name the key that shall sign with --gpg-key FINGERPRINT");
	}
	if (options->no_bios && options->no_efi) {
		err_fail(err, ERR_USAGE, "--no-bios and --no-efi: such an image boots nowhere");
		return err_mend(err, "leave one of them out");
	}
	return 0;
}

void image_options_free(struct image_options *options)
{
	for (size_t i = 0; i < options->region_count; i++)
		free(options->regions[i].path);
	free(options->regions);
}
