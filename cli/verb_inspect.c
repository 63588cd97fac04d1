/* muenbuild inspect: what a file is, and what would go wrong with it on Muen. */
#include "base/file.h"
#include "base/text.h"
#include "cli/efi_report.h"
#include "cli/inspect_stream.h"
#include "cli/iso_report.h"
#include "cli/report.h"
#include "cli/unikernel_report.h"
#include "cli/verbs.h"
#include "digest/digest.h"
#include "iso/efi_read.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_JSON = 1 };

static const struct option_spec specs[] = {
	{ OPTION_JSON, "json", 0, NULL, "print the report as JSON" },
	{ 0 },
};

struct inspection {
	const char *path;
	struct bytes bytes;
	char sha256[65];
	struct unikernel unikernel;
	struct findings findings;
};

static const char *segment_type(uint32_t type)
{
	switch (type) {
	case PT_LOAD:
		return "LOAD";
	case PT_INTERP:
		return "INTERP";
	case PT_NOTE:
		return "NOTE";
	case PT_TLS:
		return "TLS";
	case PT_PHDR:
		return "PHDR";
	case PT_GNU_STACK:
		return "GNU_STACK";
	case PT_GNU_RELRO:
		return "GNU_RELRO";
	default:
		return "other";
	}
}

/* ---- for people ---------------------------------------------------------- */

static void print_segments(const struct elf *elf)
{
	puts("  segments  type       address        file size    in memory  access");
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		char access[4];

		printf("            %-10s 0x%-10" PRIx64 " %11" PRIu64 "  %11" PRIu64 "  %s\n",
		       segment_type(segment->type), segment->vaddr, segment->filesz, segment->memsz,
		       elf_permissions(segment->flags, access));
	}
}

static void print_findings(const struct findings *findings)
{
	if (!findings->count)
		puts("  on Muen   nothing is wrong with it");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		printf("  on Muen   %s: %s\n", severity_name(finding->severity), finding->text);
		if (*finding->mend)
			printf("            mend: %s\n", finding->mend);
	}
}

static void print(const struct inspection *inspection)
{
	const struct unikernel *unikernel = &inspection->unikernel;
	char size[32];

	printf("%s: a Solo5 unikernel for %s\n", inspection->path,
	       solo5_target_name(unikernel->target));
	print_identity(unikernel);
	printf("  size      %s (%zu bytes)\n", size_to_text(inspection->bytes.size, size),
	       inspection->bytes.size);
	printf("  sha-256   %s\n", inspection->sha256);
	printf("  entry     0x%" PRIx64 "\n", unikernel->elf.entry);
	print_segments(&unikernel->elf);
	print_findings(&inspection->findings);
}

/* ---- for programs -------------------------------------------------------- */

static json_t *report_segments(const struct elf *elf)
{
	json_t *array = json_array();

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		char access[4];

		json_array_append_new(array,
				      json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "type",
						segment_type(segment->type), "address",
						report_address(segment->vaddr), "offset",
						report_address(segment->offset), "file_size",
						report_address(segment->filesz), "memory_size",
						report_address(segment->memsz), "access",
						elf_permissions(segment->flags, access)));
	}
	return array;
}

static json_t *report(const struct inspection *inspection)
{
	const struct unikernel *unikernel = &inspection->unikernel;
	json_t *document = report_new("inspect");

	json_object_update_new(
		document,
		json_pack("{s:o, s:s, s:I, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:b, s:o}", "path",
			  report_any_text(inspection->path), "kind", "solo5 unikernel", "size",
			  (json_int_t)inspection->bytes.size, "sha256", inspection->sha256,
			  "target", solo5_target_name(unikernel->target), "abi",
			  (json_int_t)unikernel->abi_version, "subject_info",
			  report_subject_info(unikernel), "devices", report_devices(unikernel),
			  "entry", report_address(unikernel->elf.entry), "segments",
			  report_segments(&unikernel->elf), "runs_on_muen",
			  findings_count(&inspection->findings, FINDING_ERROR) == 0, "findings",
			  report_findings(&inspection->findings)));
	return document;
}

/* ---- the verb ------------------------------------------------------------ */

static int inspect(struct inspection *inspection, struct error *err)
{
	struct bytes *bytes = &inspection->bytes;

	if (file_read(inspection->path, ELF_FILE_MAX, 0, bytes, err) < 0)
		return -1;
	if (unikernel_parse(&inspection->unikernel, bytes->data, bytes->size, err) < 0 ||
	    digest_sha256_hex(bytes->data, bytes->size, inspection->sha256, err) < 0)
		return err_within(err, "%s", inspection->path);
	unikernel_check_muen(&inspection->unikernel, &inspection->findings);
	return 0;
}

static int run(int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_inspect);
	struct inspection inspection = { 0 };
	const char *value;
	bool json = false;
	int id, status = -1;

	while ((id = options_next(&options, &value, err)) > 0)
		json = true;
	if (id < 0 || options_expect(&options, 1, 1, err) < 0)
		return -1;
	inspection.path = options.operands[0];
	if (iso_recognise(inspection.path))
		return iso_inspect(inspection.path, json, err);
	if (inspect_is_stream(inspection.path))
		return inspect_stream(inspection.path, json, err);
	if (efi_recognise(inspection.path))
		return efi_inspect(inspection.path, json, err);
	if (inspect(&inspection, err) == 0) {
		status = 0;
		if (json)
			status = report_print(report(&inspection), err);
		else
			print(&inspection);
	}
	unikernel_free(&inspection.unikernel);
	bytes_free(&inspection.bytes);
	findings_free(&inspection.findings);
	return status;
}

const struct verb verb_inspect = {
	.name = "inspect",
	.run = run,
	.summary = "tell what a unikernel, a system image, an ISO or an EFI program is and what is "
		   "wrong with it",
	.operands = "FILE",
	.options = specs,
};
