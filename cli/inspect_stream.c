#include "cli/inspect_stream.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/sbs_report.h"
#include "cli/unikernel_report.h"
#include "image/csl.h"
#include "digest/digest.h"
#include "sign/sbs/sbs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

struct inspection {
	const char *path;
	bool json;
	bool is_signed;
	struct digest digest; /* of the file */
	uint64_t size;	      /* of the file */
	struct sbs_header header;
	struct csl_summary summary;
	bool is_stream;	       /* what was signed is a command stream, which a loader takes */
	struct error refused;  /* why not */
	json_t *commands;      /* for programs */
	struct buffer listing; /* for people */
};

static const char *const registers[] = { "eax", "ebx", "ecx", "edx" };

/* ---- a command ----------------------------------------------------------- */

static void list_target(struct buffer *listing, const struct csl_command *command)
{
	char size[32];

	if (!command->size) {
		buffer_printf(listing, "nothing");
		return;
	}
	buffer_printf(listing, "0x%" PRIx64 " to 0x%" PRIx64 ", %s", command->address,
		      command->address + command->size - 1, size_to_text(command->size, size));
	if (command->id == CSL_FILL)
		buffer_printf(listing, " of 0x%02x", command->pattern);
}

static void list_check(struct buffer *listing, const struct image_cpuid_check *check)
{
	char message[4 * CSL_CPUID_TEXT + 1];

	text_printable(check->message, strlen(check->message), message, sizeof(message));
	buffer_printf(listing, "leaf 0x%x/0x%x: %s & 0x%x is 0x%x, else \"%s\"", check->leaf,
		      check->subleaf, registers[check->result], check->mask, check->value, message);
}

static void list_command(struct buffer *listing, const struct csl_command *command)
{
	buffer_printf(listing, "  %9" PRIu64 "  0x%-8" PRIx64 "  %-15s  ", command->number,
		      command->offset, csl_command_name(command->id));
	switch (command->id) {
	case CSL_WRITE:
	case CSL_FILL:
		list_target(listing, command);
		break;
	case CSL_SET_ENTRY_POINT:
		buffer_printf(listing, "0x%" PRIx64, command->address);
		break;
	case CSL_CHECK_CPUID:
		list_check(listing, &command->check);
		break;
	case CSL_STANDIN:
		buffer_printf(listing, "%" PRIu64 ": marks the stand-in kernel", command->id);
		break;
	default:
		buffer_printf(listing, "%" PRIu64 ", %" PRIu64 " bytes, which loaders skip",
			      command->id, command->length);
	}
	buffer_add_text(listing, "\n");
}

static void report_check(json_t *object, const struct image_cpuid_check *check)
{
	json_object_set_new(object, "leaf", report_address(check->leaf));
	json_object_set_new(object, "subleaf", report_address(check->subleaf));
	json_object_set_new(object, "register", json_string(registers[check->result]));
	json_object_set_new(object, "mask", report_address(check->mask));
	json_object_set_new(object, "value", report_address(check->value));
	json_object_set_new(object, "message", report_any_text(check->message));
}

static json_t *report_command(const struct csl_command *command)
{
	json_t *object = json_object();

	json_object_set_new(object, "command", json_string(csl_command_name(command->id)));
	json_object_set_new(object, "offset", report_address(command->offset));
	json_object_set_new(object, "length", report_address(command->length));
	switch (command->id) {
	case CSL_WRITE:
	case CSL_FILL:
		json_object_set_new(object, "address", report_address(command->address));
		json_object_set_new(object, "size", report_address(command->size));
		if (command->id == CSL_FILL)
			json_object_set_new(object, "pattern", json_integer(command->pattern));
		break;
	case CSL_SET_ENTRY_POINT:
		json_object_set_new(object, "address", report_address(command->address));
		break;
	case CSL_CHECK_CPUID:
		report_check(object, &command->check);
		break;
	default:
		json_object_set_new(object, "id", json_integer((json_int_t)command->id));
	}
	return object;
}

static int see_command(const struct csl_command *command, void *context, struct error *err)
{
	struct inspection *inspection = context;

	(void)err;
	if (inspection->json)
		json_array_append_new(inspection->commands, report_command(command));
	else
		list_command(&inspection->listing, command);
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

static int read_commands(struct inspection *inspection, int in, uint64_t size, struct error *err)
{
	if (csl_check(in, inspection->path, size, &inspection->summary, see_command, inspection,
		      err) < 0)
		return -1;
	inspection->is_stream = true;
	return 0;
}

/* What is signed need not be a command stream: 'sbs sign --raw' signs anything. */
static int read_signed(struct inspection *inspection, int in, struct error *err)
{
	unsigned char bytes[SBS_HEADER_SIZE];
	struct sbs_header *header = &inspection->header;
	cleanup_close int out = -1;

	if (inspection->size < SBS_HEADER_SIZE) {
		err_fail(err, ERR_INPUT,
			 "%s: is truncated: it ends within the header of a signed block stream",
			 inspection->path);
		return err_mend(err, "it was probably not copied completely: copy it again");
	}
	if (file_pread(in, inspection->path, bytes, sizeof(bytes), 0, err) < 0 ||
	    sbs_header_decode(bytes, inspection->size, inspection->path, header, err) < 0)
		return -1;
	out = memfd_create("contents", MFD_CLOEXEC);
	if (out < 0)
		return err_fail_errno(err, ERR_MISSING, errno, "memory for what is signed");
	if (sbs_check(in, inspection->path, header, out, "memory", err) < 0)
		return -1;
	if (read_commands(inspection, out, sbs_payload_size(header), &inspection->refused) < 0 &&
	    inspection->refused.kind != ERR_INPUT) {
		*err = inspection->refused;
		return -1;
	}
	return 0;
}

/* ---- telling ------------------------------------------------------------- */

static void print_signed(const struct inspection *inspection)
{
	const struct sbs_header *header = &inspection->header;
	char size[32];

	printf("  contents  %s in %u block%s of %u bytes, as their hashes say\n",
	       size_to_text(sbs_payload_size(header), size), header->block_count,
	       header->block_count == 1 ? "" : "s", header->block_size);
	sbs_print_path("  signature not looked at: 'muenbuild sbs verify ", inspection->path,
		       "' does\n");
	if (!inspection->is_stream)
		sbs_print_path("  stream    none that a loader takes: ",
			       inspection->refused.message, "\n");
}

static void print_stream(const struct inspection *inspection)
{
	const struct csl_summary *summary = &inspection->summary;
	char size[32];

	if (summary->standin)
		puts("  kernel    the stand-in kernel: not for production");
	printf("  entry     0x%x\n", summary->entry);
	printf("  memory    %s written, the highest byte at 0x%" PRIx64 "\n",
	       size_to_text(summary->written, size), summary->highest - 1);
	puts("  commands  at          what             where");
	fwrite(inspection->listing.data, 1, inspection->listing.length, stdout);
}

static void print(const struct inspection *inspection)
{
	char size[32], hex[DIGEST_HEX_SIZE];

	sbs_print_path("", inspection->path,
		       inspection->is_signed ? ": a signed Muen system image (SBS)\n"
					     : ": a Muen system image (CSL)\n");
	printf("  size      %s (%" PRIu64 " bytes)\n", size_to_text(inspection->size, size),
	       inspection->size);
	printf("  sha-256   %s\n", digest_hex(&inspection->digest, hex));
	if (inspection->is_signed)
		print_signed(inspection);
	if (inspection->is_stream)
		print_stream(inspection);
}

static json_t *report_summary(const struct inspection *inspection)
{
	const struct csl_summary *summary = &inspection->summary;

	return json_pack("{s:b, s:o, s:o, s:o, s:O}", "standin", summary->standin, "entry",
			 report_address(summary->entry), "written",
			 report_address(summary->written), "highest",
			 report_address(summary->highest - 1), "commands", inspection->commands);
}

static json_t *report(const struct inspection *inspection)
{
	json_t *document = report_new("inspect");
	char hex[DIGEST_HEX_SIZE];

	json_object_set_new(document, "path", report_any_text(inspection->path));
	json_object_set_new(document, "kind",
			    json_string(inspection->is_signed ? "signed muen system image"
							      : "muen system image"));
	json_object_set_new(document, "size", json_integer((json_int_t)inspection->size));
	json_object_set_new(document, "sha256", json_string(digest_hex(&inspection->digest, hex)));
	if (inspection->is_signed)
		sbs_report_header(document, &inspection->header);
	json_object_set_new(document, "stream",
			    inspection->is_stream ? report_summary(inspection) : json_null());
	if (!inspection->is_stream)
		json_object_set_new(document, "refused",
				    report_any_text(inspection->refused.message));
	return document;
}

/* ---- the whole ----------------------------------------------------------- */

static int read_begin(const char *path, unsigned char *bytes, size_t *length, struct error *err)
{
	cleanup_close int in = -1;
	uint64_t size = 0;

	in = file_open(path, INT64_MAX, &size, err);
	if (in < 0)
		return -1;
	if (size < *length)
		*length = (size_t)size;
	return file_pread(in, path, bytes, *length, 0, err);
}

bool inspect_is_stream(const char *path)
{
	unsigned char bytes[CSL_MAGIC_LOOK];
	size_t length = sizeof(bytes);
	struct error ignored;

	if (read_begin(path, bytes, &length, &ignored) < 0)
		return false;
	return (length >= CSL_UNIT && get_le64(bytes) == CSL_MAGIC) ||
	       (length >= 4 && get_le32(bytes) == SBS_MAGIC) || csl_is_old(bytes, length);
}

static int look(struct inspection *inspection, struct error *err)
{
	unsigned char magic[4];
	cleanup_close int in = -1;

	inspection->digest.algorithm = DIGEST_SHA256;
	if (digest_file(inspection->path, &inspection->digest, 1, &inspection->size, err) < 0)
		return -1;
	in = file_open(inspection->path, INT64_MAX, &inspection->size, err);
	if (in < 0 || file_pread(in, inspection->path, magic, sizeof(magic), 0, err) < 0)
		return -1;
	inspection->is_signed = get_le32(magic) == SBS_MAGIC;
	if (inspection->is_signed)
		return read_signed(inspection, in, err);
	if (read_commands(inspection, in, inspection->size, err) < 0)
		return err_within(err, "Muen system image (CSL)");
	return 0;
}

int inspect_stream(const char *path, bool json, struct error *err)
{
	struct inspection inspection = { .path = path, .json = json, .commands = json_array() };
	int status = look(&inspection, err);

	if (status == 0 && json)
		status = report_print(report(&inspection), err);
	else if (status == 0)
		print(&inspection);
	json_decref(inspection.commands);
	buffer_free(&inspection.listing);
	return status;
}
