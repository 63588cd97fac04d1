/* muenbuild iso: the last step of a build alone, from a system to what boots. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/boot_image.h"
#include "cli/report.h"
#include "cli/standin.h"
#include "cli/verbs.h"
#include "policy/documents.h"

#include <string.h>
#include <sys/stat.h>

enum { OPTION_OUTPUT = 1, OPTION_EFI, OPTION_DRY_RUN, OPTION_JSON };

static const struct option_spec specs[] = {
	{ OPTION_OUTPUT, "output", 'o', "FILE", "the ISO to write (default: muen.iso)" },
	{ OPTION_EFI, "efi", 0, "FILE",
	  "also write the system as one EFI program, for booting\nover the network" },
	IMAGE_OPTION_SPECS,
	{ OPTION_DRY_RUN, "dry-run", 'n', NULL, "say what would be written, write nothing" },
	{ OPTION_JSON, "json", 0, NULL, "print the report as JSON" },
	{ 0 },
};

struct request {
	struct image_options image;
	const char *folder; /* of a build; NULL: none */
	const char *output;
	const char *efi; /* NULL: none */
	bool dry_run, json;
};

/* What is being made. */
struct making {
	const struct request *request;
	struct boot_source source;
	struct findings findings;
	char *policy; /* path of the system configuration in the folder, or NULL */
};

static void making_free(struct making *making)
{
	boot_source_free(&making->source);
	findings_free(&making->findings);
	free(making->policy);
}

/* ---- the command line ---------------------------------------------------- */

static int take_option(struct request *request, int id, const char *value, struct error *err)
{
	if (image_options_know(id))
		return image_options_take(&request->image, id, value, err);
	if (id == OPTION_OUTPUT)
		request->output = value;
	else if (id == OPTION_EFI)
		request->efi = value;
	else if (id == OPTION_DRY_RUN)
		request->dry_run = true;
	else
		request->json = true;
	return 0;
}

static int check_request(const struct request *request, struct error *err)
{
	const struct image_options *image = &request->image;

	if (image_options_check(image, err) < 0)
		return -1;
	if (request->efi && image->no_efi)
		return err_fail(err, ERR_USAGE, "--efi and --no-efi contradict each other");
	if (!request->folder != !(image->kernel || image->system_image))
		return 0;
	err_fail(err, ERR_USAGE,
		 request->folder ? "%s and %s both say what boots" : "nothing says what shall boot",
		 request->folder, image->kernel ? "--kernel" : "--system-image");
	return err_mend(err, "name the folder that 'muenbuild build' made, or --system-image FILE, "
			     "or --kernel FILE");
}

static int parse(struct request *request, int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_iso);
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		if (take_option(request, id, value, err) < 0)
			return -1;
	if (id < 0 || options_expect(&options, 0, 1, err) < 0)
		return -1;
	request->folder = options.count ? options.operands[0] : NULL;
	return check_request(request, err);
}

/* ---- making it ----------------------------------------------------------- */

static int read_folder(struct making *making, struct error *err)
{
	struct policy_source policy = { 0 };

	policy.path = making->policy =
		xasprintf("%s/%s", making->request->folder, SYSTEM_CONFIG_FILE);
	if (boot_source_from_policy(&making->source, &policy, &making->request->image, NULL, err) ==
	    0)
		return 0;
	if (err->kind == ERR_NO_INPUT)
		err_mend(err, "name the folder that 'muenbuild build' made");
	return -1;
}

static int read_source(struct making *making, struct error *err)
{
	const struct request *request = making->request;

	if (request->folder)
		return read_folder(making, err);
	if (request->image.kernel)
		return boot_source_from_kernel(&making->source, &request->image, NULL, err);
	return boot_source_read(&making->source, &request->image, &making->findings, err);
}

/* The time of what it is made of. */
static int choose_time(const struct making *making, uint64_t *time, struct error *err)
{
	const struct image_options *image = &making->request->image;
	cleanup_free const char **paths = xcalloc(image->region_count + 2, sizeof(*paths));
	size_t count = 0;

	paths[count++] = making->policy	 ? making->policy
			 : image->kernel ? image->kernel
					 : image->system_image;
	for (size_t i = 0; i < image->region_count; i++)
		if (image->regions[i].path)
			paths[count++] = image->regions[i].path;
	return boot_image_time(paths, time, err);
}

/* An input that an output would replace. */
static int check_not_input(const struct request *request, const char *output, struct error *err)
{
	const char *inputs[] = { request->image.system_image, request->image.kernel };
	struct stat in, out;

	if (stat(output, &out) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		if (!inputs[i] || stat(inputs[i], &in) < 0 || in.st_dev != out.st_dev ||
		    in.st_ino != out.st_ino)
			continue;
		err_fail(err, ERR_USAGE, "%s: is an input, the output would replace it", output);
		return err_mend(err, "name another file with --output");
	}
	return 0;
}

/* Both appear, or none: they are made beside their places first. */
static int write_outputs(const struct request *request, const struct boot_image *image,
			 struct error *err)
{
	cleanup_output struct output *iso_set = NULL, *efi_set = NULL;
	const char *iso_name, *efi_name, *iso, *efi = NULL;

	iso_set = output_begin_beside(request->output, &iso_name, err);
	if (!iso_set || output_open(iso_set, iso_name, 0666, err) < 0)
		return -1;
	iso = output_pending(iso_set, iso_name);
	if (request->efi) {
		efi_set = output_begin_beside(request->efi, &efi_name, err);
		if (!efi_set || output_open(efi_set, efi_name, 0666, err) < 0)
			return -1;
		efi = output_pending(efi_set, efi_name);
	}
	if (boot_image_write(image, iso, efi, err) < 0 || output_commit(iso_set, err) < 0)
		return -1;
	return efi_set ? output_commit(efi_set, err) : 0;
}

/* ---- telling ------------------------------------------------------------- */

static int tell(const struct making *making, const struct boot_image *image, struct error *err)
{
	const struct request *request = making->request;
	json_t *report;

	report_warn(&making->findings);
	if (!request->json) {
		boot_image_print(image);
		printf("%s\n  %s\n", request->dry_run ? "would write" : "written", request->output);
		if (request->efi)
			printf("  %s\n", request->efi);
		return 0;
	}
	report = report_new("iso");
	json_object_set_new(report, "image", boot_image_report(image));
	json_object_set_new(report, "iso", report_any_text(request->output));
	if (request->efi)
		json_object_set_new(report, "efi", report_any_text(request->efi));
	json_object_set_new(report, "dry_run", json_boolean(request->dry_run));
	json_object_set_new(report, "findings", report_findings(&making->findings));
	return report_print(report, err);
}

static int make(struct making *making, struct error *err)
{
	const struct request *request = making->request;
	struct boot_image image = { .source = &making->source, .options = &request->image };
	const char *from = request->folder	   ? request->folder
			   : request->image.kernel ? request->image.kernel
						   : request->image.system_image;
	cleanup_free char *title = xasprintf("Muen %s", path_base_name(from));

	image.title = title;
	if (check_not_input(request, request->output, err) < 0 ||
	    (request->efi && check_not_input(request, request->efi, err) < 0) ||
	    read_source(making, err) < 0 || choose_time(making, &image.time, err) < 0)
		return -1;
	if (*request->image.gpg_key && making->source.standin && !request->image.allow_standin)
		return standin_refuse(from, err);
	if (!request->dry_run && (boot_source_sign(&making->source, &request->image, err) < 0 ||
				  write_outputs(request, &image, err) < 0))
		return -1;
	return tell(making, &image, err);
}

static int run_iso(int argc, char **argv, struct error *err)
{
	struct request request = { .output = "muen.iso" };
	struct making making = { .request = &request, .source = BOOT_SOURCE_NONE };
	int status = parse(&request, argc, argv, err);

	if (status == 0)
		status = make(&making, err);
	making_free(&making);
	image_options_free(&request.image);
	return status;
}

const struct verb verb_iso = {
	.name = "iso",
	.run = run_iso,
	.summary = "make a bootable ISO of a system",
	.operands = "[DIR]",
	.options = specs,
	.details =
		"DIR is what 'muenbuild build' made: its policy is booted with the stand-in "
		"kernel,\n"
		"which is not for production. --system-image boots what Muen's own tools made of "
		"it.\n"
		"The ISO boots from BIOS and UEFI, as a CD and as a disk, and through memdisk.\n",
};
