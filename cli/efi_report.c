#include "cli/efi_report.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/image_report.h"
#include "cli/report.h"
#include "cli/standin.h"
#include "digest/digest.h"
#include "iso/efi_read.h"

#include <inttypes.h>
#include <stdio.h>

struct efi_inspection {
	const char *path;
	struct efi_program program;
	struct findings findings;
	bool standin;
	char sha256[DIGEST_HEX_SIZE];
};

static void print_grub(const struct efi_program *program)
{
	if (!program->is_grub) {
		puts("  inside    nothing of GRUB: muenbuild did not make it");
		return;
	}
	printf("  inside    GRUB, %zu module%s%s\n", program->module_count,
	       program->module_count == 1 ? "" : "s", program->has_archive ? "" : ", no files");
	if (program->has_key)
		puts("  opens     only files that have a signature by the OpenPGP key inside");
	if (program->file_count)
		print_files_head();
	for (size_t i = 0; i < program->file_count; i++)
		print_file(program->files[i].size, program->files[i].sha256,
			   program->files[i].path);
}

static void print(const struct efi_inspection *inspection)
{
	const struct efi_program *program = &inspection->program;
	char size[32];

	printf("%s: an EFI program\n", inspection->path);
	if (program->machine == EFI_MACHINE_X64)
		puts("  machine   x86-64");
	else
		printf("  machine   0x%04x, not x86-64\n", program->machine);
	printf("  size      %s (%" PRIu64 " bytes)\n", size_to_text(program->size, size),
	       program->size);
	printf("  sha-256   %s\n", inspection->sha256);
	if (inspection->standin)
		puts("  kernel    the stand-in kernel: not for production");
	print_grub(program);
	print_image_findings("program", &inspection->findings);
	if (!inspection->findings.count && program->has_archive)
		puts("  program   nothing is wrong with it");
}

static json_t *report(const struct efi_inspection *inspection)
{
	const struct efi_program *program = &inspection->program;
	json_t *document = report_new("inspect"), *files = json_array();

	for (size_t i = 0; i < program->file_count; i++)
		json_array_append_new(files, json_pack("{s:o, s:I, s:s}", "path",
						       report_any_text(program->files[i].path),
						       "size", (json_int_t)program->files[i].size,
						       "sha256", program->files[i].sha256));
	json_object_update_new(
		document,
		json_pack("{s:o, s:s, s:I, s:s, s:i, s:b, s:b, s:I, s:b, s:o, s:b, s:o}", "path",
			  report_any_text(inspection->path), "kind", "efi program", "size",
			  (json_int_t)program->size, "sha256", inspection->sha256, "machine",
			  (int)program->machine, "standin", inspection->standin, "grub",
			  program->is_grub, "modules", (json_int_t)program->module_count,
			  "signed_files_only", program->has_key, "files", files, "intact",
			  findings_count(&inspection->findings, FINDING_ERROR) == 0, "findings",
			  report_findings(&inspection->findings)));
	return document;
}

static int examine(struct efi_inspection *inspection, struct error *err)
{
	struct digest digest = { .algorithm = DIGEST_SHA256 };

	if (digest_file(inspection->path, &digest, 1, NULL, err) < 0)
		return -1;
	digest_hex(&digest, inspection->sha256);
	if (efi_examine(inspection->path, &inspection->program, &inspection->findings, err) < 0 ||
	    standin_find(inspection->path, &inspection->standin, err) < 0)
		return -1;
	if (inspection->standin)
		standin_warn(inspection->path, &inspection->findings);
	return 0;
}

int efi_inspect(const char *path, bool json, struct error *err)
{
	struct efi_inspection inspection = { .path = path };
	int status = examine(&inspection, err);

	if (status == 0 && json)
		status = report_print(report(&inspection), err);
	else if (status == 0)
		print(&inspection);
	efi_program_free(&inspection.program);
	findings_free(&inspection.findings);
	return status;
}
