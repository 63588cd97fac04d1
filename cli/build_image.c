#include "cli/build_image.h"

#include "base/alloc.h"
#include "cli/standin.h"

#include <stdio.h>
#include <string.h>

#define STREAM "muen.csl"
#define ISO "muen.iso"
#define EFI "muen.efi"

void build_image_free(struct build_image *image)
{
	free(image->dated);
	free(image->title);
	boot_source_free(&image->source);
	www_free(&image->www);
	findings_free(&image->findings);
}

/* Whoever only wants the documents is told how to get them. */
static int add_way_out(struct error *err)
{
	cleanup_free char *mend = xstrdup(err->mend);

	if (err->kind == ERR_MISSING || err->kind == ERR_INPUT || err->kind == ERR_NO_INPUT)
		err_mend(err, "%s%s--no-image writes the policy's documents alone", mend,
			 *mend ? "; " : "");
	return -1;
}

/* ---- inputs -------------------------------------------------------------- */

/* The list stays terminated. */
static void date_by(struct build_image *image, const char *path)
{
	array_grow(image->dated, image->dated_count + 1);
	image->dated[image->dated_count++] = path;
	image->dated[image->dated_count] = NULL;
}

static int note_input(struct build_image *image, struct build *build, const char *what,
		      const char *path, struct error *err)
{
	if (!path)
		return 0;
	date_by(image, path);
	delivery_protect(&build->delivery, path);
	return build_note_input(build, what, path, path, err);
}

static int note_inputs(struct build_image *image, struct build *build, struct error *err)
{
	const struct image_options *options = image->options;

	if (note_input(image, build, "kernel", options->kernel, err) < 0 ||
	    note_input(image, build, "system image", options->system_image, err) < 0)
		return -1;
	for (size_t i = 0; i < options->region_count; i++)
		if (note_input(image, build, "region", options->regions[i].path, err) < 0)
			return -1;
	return 0;
}

int build_image_begin(struct build_image *image, struct build *build, struct error *err)
{
	const struct image_options *options = image->options;
	bool standin = !options->system_image && !options->kernel;

	image->source = (struct boot_source)BOOT_SOURCE_NONE;
	image->www = (struct www){ .options = image->www_options,
				   .delivery = &build->delivery,
				   .findings = &image->findings,
				   .bios = !options->no_bios,
				   .uefi = !options->no_efi };
	if (note_inputs(image, build, err) < 0)
		return -1;
	if (options->system_image) {
		if (boot_source_read(&image->source, options, &image->findings, err) < 0)
			return -1;
		standin = image->source.standin;
	}
	if ((image->www_options->key || *options->gpg_key) && standin && !options->allow_standin)
		return standin_refuse("the image", err);
	return www_begin(&image->www, err) < 0 ? add_way_out(err) : 0;
}

void build_image_add_unikernel(struct build_image *image, const struct converted *converted)
{
	date_by(image, converted->path);
}

/* ---- the image ----------------------------------------------------------- */

/* The world of each unikernel comes from the documents that were composed, so that what boots is
 * what the policy says. */
static int compose_standin(struct build_image *image, struct build *build, const char *stream,
			   struct error *err)
{
	cleanup_composed_policy struct composed_policy policy = composed_policy(build);

	if (boot_source_from_policy(&image->source, &policy.source, image->options, stream, err) <
	    0)
		return add_way_out(err);
	return 0;
}

static int make_stream(struct build_image *image, struct build *build, struct error *err)
{
	const char *stream;

	if (image->options->system_image)
		return 0;
	if (delivery_begin_file(&build->delivery, STREAM, "the system as a command stream", &stream,
				err) < 0)
		return -1;
	if ((image->options->kernel
		     ? boot_source_from_kernel(&image->source, image->options, stream, err)
		     : compose_standin(image, build, stream, err)) < 0)
		return -1;
	return delivery_end_file(&build->delivery, STREAM, err);
}

static const char *boots_from(const struct build_image *image)
{
	return image->options->no_efi	 ? "boots from BIOS, as a CD and a disk"
	       : image->options->no_bios ? "boots from UEFI, as a CD and a disk"
					 : "boots from BIOS and UEFI, as a CD and a disk";
}

static int write_image(struct build_image *image, struct build *build, struct error *err)
{
	struct delivery *delivery = &build->delivery;
	const char *iso, *efi = NULL;

	if (delivery_begin_file(delivery, ISO, boots_from(image), &iso, err) < 0 ||
	    (image->www.uefi &&
	     delivery_begin_file(delivery, EFI, "the same for UEFI over the network", &efi, err) <
		     0))
		return -1;
	if (!delivery->output)
		return 0;
	if (boot_image_write(&image->image, iso, efi, err) < 0)
		return add_way_out(err);
	if (efi && delivery_end_file(delivery, EFI, err) < 0)
		return -1;
	return delivery_end_file(delivery, ISO, err);
}

int build_image_add(struct build_image *image, struct build *build, struct error *err)
{
	if (make_stream(image, build, err) < 0)
		return -1;
	image->title = xasprintf("Muen %s", build->system_name);
	image->image = (struct boot_image){ .source = &image->source,
					    .options = image->options,
					    .title = image->title };
	if (boot_image_time(image->dated, &image->image.time, err) < 0 ||
	    (build->delivery.output && boot_source_sign(&image->source, image->options, err) < 0) ||
	    write_image(image, build, err) < 0)
		return -1;
	return www_add(&image->www, err);
}

/* ---- telling ------------------------------------------------------------- */

json_t *build_image_report(const struct build_image *image)
{
	json_t *report = boot_image_report(&image->image);

	json_object_set_new(report, "signed", json_boolean(image->www.signer != NULL));
	json_object_set(report, "sha256", image->www.sums);
	return report;
}

/* Memory for QEMU, in MiB: all that is written, and some for the firmware and GRUB. */
static unsigned long long machine_memory(const struct boot_source *source)
{
	const unsigned long long step = 128ull << 20;

	return (source->stream.highest + step / 2 + step) / step * step >> 20;
}

static void print_sign(const struct build_image *image, const char *folder)
{
	size_t index = 0;
	const char *name;
	json_t *sum;

	printf("  muenbuild sign --key K --cert C --ca CA%s",
	       image->source.standin ? " --allow-standin" : "");
	json_object_foreach(image->www.sums, name, sum)
	{
		index++;
		printf(" %s/www/%s", folder, name);
	}
	putchar('\n');
}

void build_image_print_next(const struct build_image *image, const struct build *build)
{
	const char *folder = build->options->output;

	printf("  qemu-system-x86_64 -m %llu%s -cdrom %s/" ISO " -serial stdio\n",
	       machine_memory(&image->source),
	       image->options->no_bios ? " -bios /usr/share/ovmf/OVMF.fd" : "", folder);
	if (!image->www.signer)
		print_sign(image, folder);
	printf("  muenbuild serve %s/www\n", folder);
}
