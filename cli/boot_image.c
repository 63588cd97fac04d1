#include "cli/boot_image.h"

#include "base/alloc.h"
#include "base/text.h"
#include "cli/boot_signing.h"
#include "cli/data.h"
#include "cli/report.h"
#include "cli/unikernel_report.h"
#include "iso/contents.h"
#include "iso/iso.h"
#include "sign/when.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what is in it ------------------------------------------------------- */

static const char *volume_label(const struct boot_image *image)
{
	if (image->options->label)
		return image->options->label;
	return image->source->standin ? "MUEN_STANDIN" : "MUEN";
}

static char *loader_path(void)
{
	return xasprintf("%s/boot/loader", data_folder());
}

static const char *stream_path(enum grub_start start)
{
	switch (start) {
	case GRUB_LOADER:
		return GRUB_PATH_LOADER_STREAM;
	case GRUB_MULTIBOOT:
		return GRUB_PATH_MULTIBOOT;
	case GRUB_CSL:
		return GRUB_PATH_CSL;
	default:
		return GRUB_PATH_SBS;
	}
}

static size_t list_files(const struct boot_image *image, const char *loader, struct iso_file *files)
{
	const struct boot_source *source = image->source;
	size_t count = 0;

	files[count++] =
		(struct iso_file){ .path = stream_path(source->start), .source = source->path };
	if (source->start == GRUB_LOADER)
		files[count++] = (struct iso_file){ .path = GRUB_PATH_LOADER, .source = loader };
	return count;
}

static int check_loader(const struct boot_image *image, const char *loader, struct error *err)
{
	if (image->source->start != GRUB_LOADER || access(loader, R_OK) == 0)
		return 0;
	err_fail_errno(err, ERR_MISSING, errno, "%s: cannot read our boot loader", loader);
	return err_mend(err, "install muenbuild completely, or point MUENBUILD_DATA to the folder "
			     "that has its boot/, recipes/ and schema/");
}

/* ---- making it ----------------------------------------------------------- */

/* A signature for each of the files, and for the configuration. */
static int sign_all(const struct boot_image *image, struct iso_contents *contents,
		    struct iso_file *files, struct boot_signing *signing, struct error *err)
{
	const struct iso_file config = { .path = ISO_CONFIG_PATH,
					 .bytes = contents->grub_config,
					 .size = strlen(contents->grub_config) };
	size_t count = contents->count;

	if (!*image->options->gpg_key)
		return 0;
	if (boot_signing_key(signing, image->options, err) < 0)
		return -1;
	for (size_t i = 0; i <= count; i++)
		if (boot_signing_add(signing, image->options, i < count ? &files[i] : &config,
				     &files[contents->count++], err) < 0)
			return -1;
	contents->public_key = signing->public_key.data;
	contents->public_key_size = signing->public_key.length;
	return 0;
}

int boot_image_write(const struct boot_image *image, const char *iso, const char *efi,
		     struct error *err)
{
	const struct boot_source *source = image->source;
	struct grub_menu menu = { .start = source->start,
				  .title = image->title,
				  .standin = source->standin };
	cleanup_free char *config = grub_config_text(&menu), *loader = loader_path();
	cleanup_boot_signing struct boot_signing signing = { 0 };
	struct iso_file files[2 * BOOT_FILES_MOST];
	struct iso_contents contents = { .files = files,
					 .grub_config = config,
					 .label = volume_label(image),
					 .grub_dir = image->options->grub_dir,
					 .time = image->time,
					 .modules = grub_config_modules(source->start),
					 .bios = !image->options->no_bios,
					 .uefi = !image->options->no_efi };

	contents.count = list_files(image, loader, files);
	if (check_loader(image, loader, err) < 0 ||
	    sign_all(image, &contents, files, &signing, err) < 0 ||
	    (iso && iso_write(&contents, iso, err) < 0))
		return -1;
	return efi ? efi_write(&contents, efi, err) : 0;
}

static int newest_of(const char *const *paths, uint64_t *time, struct error *err)
{
	for (*time = 0; *paths; paths++) {
		struct stat status;

		if (stat(*paths, &status) < 0)
			return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot examine",
					      *paths);
		if (status.st_mtime > 0 && (uint64_t)status.st_mtime > *time)
			*time = (uint64_t)status.st_mtime;
	}
	return 0;
}

int boot_image_time(const char *const *paths, uint64_t *time, struct error *err)
{
	int64_t written;
	bool fixed;

	if (when_written(&written, &fixed, err) < 0)
		return -1;
	*time = (uint64_t)written;
	return fixed ? 0 : newest_of(paths, time, err);
}

/* ---- telling ------------------------------------------------------------- */

/* Who reads the stream when the machine starts. */
static const char *reader(enum grub_start start)
{
	switch (start) {
	case GRUB_LOADER:
		return "muenbuild's loader";
	case GRUB_MULTIBOOT:
		return "GRUB's multiboot";
	case GRUB_CSL:
		return "Muen's GRUB module csl";
	default:
		return "Muen's GRUB modules csl and sbs";
	}
}

static json_t *stream_report(const struct csl_summary *stream)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "commands",
			 (json_int_t)stream->commands, "writes", (json_int_t)stream->writes,
			 "fills", (json_int_t)stream->fills, "cpuid_checks",
			 (json_int_t)stream->checks, "bytes_in_memory", (json_int_t)stream->written,
			 "highest_address", report_address(stream->highest), "entry_point",
			 report_address(stream->entry));
}

json_t *boot_image_report(const struct boot_image *image)
{
	const struct boot_source *source = image->source;
	json_t *subjects = json_array(), *report;
	char when[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < source->subject_count; i++)
		json_array_append_new(subjects, json_string(source->subjects[i]));
	report = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:I}", "boots", source->what,
			   "started_by", reader(source->start), "label", volume_label(image),
			   "time", when_text((int64_t)image->time, when), "standin",
			   source->standin, "bios", !image->options->no_bios, "uefi",
			   !image->options->no_efi, "size", (json_int_t)source->size);
	json_object_set_new(report, "subjects", subjects);
	json_object_set_new(report, "gpg_key",
			    *image->options->gpg_key ? json_string(image->options->gpg_key)
						     : json_null());
	if (source->start != GRUB_MULTIBOOT)
		json_object_set_new(report, "stream", stream_report(&source->stream));
	return report;
}

void boot_image_print(const struct boot_image *image)
{
	const struct boot_source *source = image->source;
	char size[32], memory[32];

	printf("image  %s\n", volume_label(image));
	printf("  boots     %s", source->what);
	for (size_t i = 0; i < source->subject_count; i++)
		printf("%s %s", i ? "," : " with", source->subjects[i]);
	printf(", %s%s\n", size_to_text(source->size, size),
	       image->options->no_bios	? "; from UEFI only"
	       : image->options->no_efi ? "; from BIOS only"
					: "");
	printf("  started   by %s\n", reader(source->start));
	if (source->start != GRUB_MULTIBOOT)
		printf("  memory    %s up to 0x%" PRIx64 ", entered at 0x%" PRIx32 "\n",
		       size_to_text(source->stream.written, memory), source->stream.highest,
		       source->stream.entry);
	if (*image->options->gpg_key)
		printf("  signed    for GRUB, by the OpenPGP key %s\n", image->options->gpg_key);
	if (source->standin)
		puts("  kernel    stand-in kernel, not for production: it separates nothing");
	putchar('\n');
}
