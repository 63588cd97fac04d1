#define LIBISOFS_WITHOUT_LIBBURN
#include "base/alloc.h"
#include "base/endian.h"
#include "iso/contents.h"
#include "iso/esp.h"
#include "iso/grub.h"

#include <libisofs/libisofs.h>
#include <string.h>
#include <time.h>

enum {
	SYSTEM_AREA = 32768,
	PLATFORM_UEFI = 0xef,
	BIOS_LOAD = 4, /* sectors of 512 bytes: GRUB's boot image reads the rest itself */
	BOOT_INFO_TABLE = 1,
	GRUB2_BOOT_INFO = 1 << 9,
	PROTECTIVE_MBR = 1,
	GRUB2_MBR = 1 << 14,
	ACTIVE_PARTITION = 1 << 15, /* some BIOSes start no disk without one */
};

/* ---- libisofs' state and words -------------------------------------------------------------- */

struct making {
	const struct iso_contents *contents;
	IsoImage *image;
	IsoWriteOpts *options;
	struct burn_source *source;
};

static void making_free(struct making *making)
{
	if (making->source) {
		/* Ends the thread that makes the image, if it still does. */
		if (making->source->cancel)
			making->source->cancel(making->source);
		making->source->free_data(making->source);
		free(making->source);
	}
	if (making->options)
		iso_write_opts_free(making->options);
	if (making->image)
		iso_image_unref(making->image);
	iso_finish();
}

/* libisofs' functions return 1 or more if all went well. */
static int judge(int result, const char *what, struct error *err)
{
	if (result > 0)
		return 0;
	return err_fail(err, ERR_INTERNAL, "libisofs: %s: %s", what, iso_error_to_msg(result));
}

static int begin(struct making *making, struct error *err)
{
	int result = iso_init();

	if (judge(result, "cannot be started", err) < 0)
		return -1;
	iso_set_msgs_severities((char[]){ "FAILURE" }, (char[]){ "NEVER" }, (char[]){ "" });
	/* Names are ASCII; the locale of whoever runs this shall not matter. */
	iso_set_local_charset((char[]){ "ISO-8859-1" }, 0);
	if (judge(iso_image_new(making->contents->label, &making->image), "no image", err) < 0)
		return -1;
	iso_image_set_volset_id(making->image, "");
	return judge(iso_write_opts_new(&making->options, 0), "no options", err);
}

/* ---- the tree ------------------------------------------------------------------------------- */

static void set_attributes(const struct making *making, IsoNode *node, mode_t mode)
{
	time_t time = (time_t)making->contents->time;

	iso_node_set_permissions(node, mode);
	iso_node_set_uid(node, 0);
	iso_node_set_gid(node, 0);
	iso_node_set_mtime(node, time);
	iso_node_set_atime(node, time);
	iso_node_set_ctime(node, time);
}

/* The folder of `path`, made if it is missing; *name is what comes behind it. */
static IsoDir *make_folder(const struct making *making, const char *path, const char **name,
			   struct error *err)
{
	IsoDir *folder = iso_image_get_root(making->image);

	*name = path;
	for (const char *slash; (slash = strchr(*name, '/')); *name = slash + 1) {
		cleanup_free char *part = xstrndup(*name, (size_t)(slash - *name));
		IsoNode *node = NULL;
		IsoDir *inner = NULL;
		int found = iso_image_dir_get_node(making->image, folder, part, &node, 0);

		if (found == 0 && judge(iso_image_add_new_dir(making->image, folder, part, &inner),
					path, err) < 0)
			return NULL;
		if (found < 0 || (found && !ISO_NODE_IS_DIR(node))) {
			err_fail(err, ERR_INTERNAL, "libisofs: no folder for %s", path);
			return NULL;
		}
		folder = found ? (IsoDir *)node : inner;
		set_attributes(making, (IsoNode *)folder, 0755);
	}
	return folder;
}

/* Takes over the bytes. */
static int add_file(const struct making *making, const char *path, struct bytes *bytes,
		    struct error *err)
{
	const char *name;
	IsoDir *folder = make_folder(making, path, &name, err);
	IsoStream *stream;
	IsoFile *file;

	if (!folder)
		return -1;
	if (judge(iso_memory_stream_new(bytes->data, bytes->size, &stream), path, err) < 0)
		return -1;
	*bytes = (struct bytes){ 0 };
	if (judge(iso_image_add_new_file(making->image, folder, name, stream, &file), path, err) <
	    0) {
		iso_stream_unref(stream);
		return -1;
	}
	set_attributes(making, (IsoNode *)file, 0644);
	return 0;
}

/* ---- what boots it -------------------------------------------------------------------------- */

static int make_grub(const struct making *making, enum grub_image image, struct bytes *bytes,
		     struct error *err)
{
	const struct iso_contents *contents = making->contents;

	return grub_make_image(&(struct grub_request){ .image = image,
						       .grub_dir = contents->grub_dir,
						       .label = contents->label,
						       .modules = contents->modules,
						       .public_key = contents->public_key,
						       .public_key_size = contents->public_key_size,
						       .time = contents->time },
			       bytes, err);
}

/* The first boot image makes the catalogue. */
static ElToritoBootImage *add_boot_image(const struct making *making, const char *path, bool first,
					 struct error *err)
{
	ElToritoBootImage *boot = NULL;
	int result;

	if (first)
		result = iso_image_set_boot_image(making->image, path, ELTORITO_NO_EMUL,
						  "/" ISO_CATALOGUE, &boot);
	else
		result = iso_image_add_boot_image(making->image, path, ELTORITO_NO_EMUL, 0, &boot);
	return judge(result, path, err) < 0 ? NULL : boot;
}

static int add_bios(const struct making *making, struct error *err)
{
	cleanup_bytes struct bytes image = { 0 };
	ElToritoBootImage *boot;

	if (make_grub(making, GRUB_BIOS, &image, err) < 0 ||
	    add_file(making, ISO_BIOS_IMAGE, &image, err) < 0)
		return -1;
	boot = add_boot_image(making, "/" ISO_BIOS_IMAGE, true, err);
	if (!boot)
		return -1;
	el_torito_set_load_size(boot, BIOS_LOAD);
	el_torito_set_isolinux_options(boot, BOOT_INFO_TABLE | GRUB2_BOOT_INFO, 0);
	return 0;
}

static int add_uefi(const struct making *making, const struct iso_loaded *loaded, struct error *err)
{
	cleanup_bytes struct bytes program = { 0 };
	cleanup_bytes struct bytes partition = { 0 };
	ElToritoBootImage *boot;

	if (make_grub(making, GRUB_UEFI, &program, err) < 0 ||
	    esp_make(&program, get_le32(loaded->identity + 16), making->contents->time, &partition,
		     err) < 0 ||
	    add_file(making, ISO_UEFI_PROGRAM, &program, err) < 0 ||
	    add_file(making, ISO_UEFI_IMAGE, &partition, err) < 0)
		return -1;
	boot = add_boot_image(making, "/" ISO_UEFI_IMAGE, !making->contents->bios, err);
	if (!boot)
		return -1;
	el_torito_set_boot_platform_id(boot, PLATFORM_UEFI);
	el_torito_set_full_load(boot, 1);
	/* The same bytes become a partition of the disk. */
	return judge(
		iso_write_opts_set_efi_bootp(making->options, (char[]){ "--efi-boot-image" }, 0),
		"EFI system partition", err);
}

/* libisofs makes it when the first boot image is added. */
static int set_catalogue(const struct making *making, struct error *err)
{
	IsoNode *catalogue;

	if (judge(iso_image_path_to_node(making->image, "/" ISO_CATALOGUE, &catalogue),
		  ISO_CATALOGUE, err) < 0)
		return -1;
	set_attributes(making, catalogue, 0644);
	return 0;
}

/* The sectors before the volume: what makes it start as a disk. */
static int add_system_area(const struct making *making, const struct iso_loaded *loaded,
			   struct error *err)
{
	unsigned char area[SYSTEM_AREA] = { 0 };
	unsigned char guid[16];
	int options = PROTECTIVE_MBR;

	if (making->contents->bios) {
		if (grub_read_boot_record(making->contents->grub_dir, area, err) < 0)
			return -1;
		options |= GRUB2_MBR | ACTIVE_PARTITION;
	}
	memcpy(guid, loaded->identity, sizeof(guid));
	guid[7] = (guid[7] & 0x0f) | 0x40; /* RFC 4122: version 4, its variant */
	guid[8] = (guid[8] & 0x3f) | 0x80;
	if (judge(iso_write_opts_set_gpt_guid(making->options, guid, 1), "GPT", err) < 0)
		return -1;
	return judge(iso_write_opts_set_system_area(making->options, (char *)area, options, 0),
		     "MBR", err);
}

/* ---- writing -------------------------------------------------------------------------------- */

static int set_options(const struct making *making, struct error *err)
{
	IsoWriteOpts *options = making->options;
	time_t time = (time_t)making->contents->time;
	char digits[32];
	struct tm date;

	if (!gmtime_r(&time, &date) || date.tm_year < 0 || date.tm_year > 255 ||
	    !strftime(digits, sizeof(digits), "%Y%m%d%H%M%S00", &date)) {
		err_fail(err, ERR_USAGE, "the time %llu cannot be written on an ISO",
			 (unsigned long long)making->contents->time);
		return err_mend(err, "set SOURCE_DATE_EPOCH to seconds since 1970, before 2155");
	}
	iso_write_opts_set_iso_level(options, 3);
	iso_write_opts_set_rockridge(options, 1);
	/* Without serial numbers: libisofs numbers folders by where they lie in memory. */
	iso_write_opts_set_rrip_version_1_10(options, 1);
	iso_write_opts_set_hardlinks(options, 0);
	iso_write_opts_set_sort_files(options, 1);
	iso_write_opts_set_replace_timestamps(options, 2);
	iso_write_opts_set_default_timestamp(options, time);
	iso_write_opts_set_dir_rec_mtime(options, 1);
	iso_write_opts_set_always_gmt(options, 1);
	iso_write_opts_set_output_charset(options, "ISO-8859-1");
	iso_write_opts_set_part_like_isohybrid(options, 0);
	iso_write_opts_set_tail_blocks(options, 0);
	return judge(iso_write_opts_set_pvd_times(options, time, time, 0, 0, digits), "dates", err);
}

/* What libisofs said last about why it stopped. */
static int fail_making(struct error *err)
{
	char text[ISO_MSGS_MESSAGE_LEN] = "it does not say why", severity[80];
	int code, image;

	while (iso_obtain_msgs((char[]){ "FAILURE" }, &code, &image, text, severity) == 1)
		;
	return err_fail(err, ERR_INTERNAL, "libisofs: could not make the image: %.500s", text);
}

static int copy_image(const struct making *making, int fd, const char *path, struct error *err)
{
	struct burn_source *source = making->source;
	uint64_t size = (uint64_t)source->get_size(source), done = 0;
	unsigned char chunk[64 * 2048];

	for (;;) {
		size_t wanted = sizeof(chunk);
		int count;

		if (size - done < wanted)
			wanted = (size_t)(size - done);
		if (!wanted)
			return 0;
		count = source->read_xt(source, chunk, (int)wanted);
		if (count != (int)wanted)
			return fail_making(err);
		if (file_pwrite(fd, path, chunk, wanted, done, err) < 0)
			return -1;
		done += wanted;
	}
}

static int write_image(struct making *making, const char *path, struct error *err)
{
	const char *name;
	cleanup_output struct output *output = output_begin_beside(path, &name, err);
	int fd;

	if (!output)
		return -1;
	fd = output_open(output, name, 0644, err);
	if (fd < 0)
		return -1;
	if (judge(iso_image_create_burn_source(making->image, making->options, &making->source),
		  "no image", err) < 0)
		return -1;
	if (copy_image(making, fd, path, err) < 0)
		return -1;
	return output_commit(output, err);
}

int iso_write(const struct iso_contents *contents, const char *path, struct error *err)
{
	cleanup_iso_loaded struct iso_loaded loaded = { 0 };
	cleanup_with(making_free) struct making making = { .contents = contents };

	if (iso_load(contents, &loaded, err) < 0 || begin(&making, err) < 0)
		return -1;
	set_attributes(&making, (IsoNode *)iso_image_get_root(making.image), 0755);
	for (size_t i = 0; i < loaded.count; i++)
		if (add_file(&making, loaded.files[i].path, &loaded.files[i].bytes, err) < 0)
			return -1;
	if (contents->bios && add_bios(&making, err) < 0)
		return -1;
	if (contents->uefi && add_uefi(&making, &loaded, err) < 0)
		return -1;
	if ((contents->bios || contents->uefi) && set_catalogue(&making, err) < 0)
		return -1;
	if (add_system_area(&making, &loaded, err) < 0 || set_options(&making, err) < 0)
		return -1;
	return write_image(&making, path, err);
}
