#include "cli/sbs_verify.h"

#include "base/cleanup.h"
#include "base/endian.h"
#include "base/file.h"
#include "cli/report.h"
#include "cli/sbs_report.h"
#include "cli/standin.h"
#include "sign/sbs/openpgp.h"
#include "sign/sbs/sbs.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

int sbs_check_output(const char *input, const char *output, struct error *err)
{
	struct stat from, to;

	if (!strcmp(output, "-")) {
		err_fail(err, ERR_USAGE,
			 "--output: '-' is not possible: what is written is no stream");
		return err_mend(err, "name a file");
	}
	if (stat(input, &from) < 0 || stat(output, &to) < 0 || from.st_dev != to.st_dev ||
	    from.st_ino != to.st_ino)
		return 0;
	err_fail(err, ERR_USAGE, "%s: input and output are the same file", output);
	return err_mend(err, "name another output with --output");
}

bool sbs_looks_like_one(const char *path)
{
	unsigned char magic[4];
	cleanup_close int in = -1;
	struct error ignored;
	uint64_t size = 0;

	in = file_open(path, INT64_MAX, &size, &ignored);
	return in >= 0 && size >= sizeof(magic) &&
	       file_pread(in, path, magic, sizeof(magic), 0, &ignored) == 0 &&
	       get_le32(magic) == SBS_MAGIC;
}

struct verdict {
	struct sbs_header header;
	struct openpgp_signer signer;
	struct findings findings;
};

static int read_header(const struct sbs_question *question, int in, uint64_t size,
		       unsigned char *signed_bytes, struct verdict *verdict, struct error *err)
{
	if (size < SBS_BLOCKS_OFFSET) {
		err_fail(err, ERR_INPUT,
			 "%s: is not a signed block stream: it has %" PRIu64
			 " bytes, header and signature alone have %d",
			 question->input, size, SBS_BLOCKS_OFFSET);
		return err_mend(err, "name a file that 'muenbuild sbs sign' or Muen's build made");
	}
	if (file_pread(in, question->input, signed_bytes, SBS_BLOCKS_OFFSET, 0, err) < 0)
		return -1;
	return sbs_header_decode(signed_bytes, size, question->input, &verdict->header, err);
}

static int check_signature(const struct sbs_question *question, const unsigned char *signed_bytes,
			   struct verdict *verdict, struct error *err)
{
	const struct openpgp_keys keys = { .homedir = question->homedir,
					   .fingerprint = question->fingerprint };

	if (openpgp_verify(&keys, signed_bytes, SBS_HEADER_SIZE, signed_bytes + SBS_HEADER_SIZE,
			   SBS_SIGNATURE_SIZE, &verdict->signer, &verdict->findings, err) < 0)
		return err_within(err, "%s", question->input);
	return 0;
}

/* Checks all of it; the contents are put in place only if everything is as it was signed. */
static int verify_stream(const struct sbs_question *question, struct verdict *verdict,
			 struct error *err)
{
	unsigned char signed_bytes[SBS_BLOCKS_OFFSET];
	cleanup_output struct output *output = NULL;
	cleanup_close int in = -1;
	uint64_t size = 0;
	int out = -1;

	in = file_open(question->input, INT64_MAX, &size, err);
	if (in < 0 || read_header(question, in, size, signed_bytes, verdict, err) < 0 ||
	    check_signature(question, signed_bytes, verdict, err) < 0)
		return -1;
	if (question->output) {
		const char *name;

		output = output_begin_beside(question->output, &name, err);
		out = output ? output_open(output, name, 0666, err) : -1;
		if (out < 0)
			return -1;
	}
	if (sbs_check(in, question->input, &verdict->header, out, question->output, err) < 0)
		return -1;
	return output ? output_commit(output, err) : 0;
}

static int print_accepted(const struct sbs_question *question, const struct verdict *verdict,
			  struct error *err)
{
	json_t *report;

	if (!question->json) {
		sbs_print_path("", question->input, ": accepted\n");
		sbs_print_summary(&verdict->header, &verdict->signer, NULL);
		if (question->output)
			sbs_print_path("  written to ", question->output, "\n");
		report_warn(&verdict->findings);
		return 0;
	}
	report = report_new("sbs-verify");
	json_object_set_new(report, "input", report_any_text(question->input));
	json_object_set_new(report, "verdict", json_string("accepted"));
	json_object_set_new(report, "code", json_null());
	sbs_report_header(report, &verdict->header);
	sbs_report_signer(report, &verdict->signer);
	if (question->output)
		json_object_set_new(report, "output", report_any_text(question->output));
	json_object_set_new(report, "findings", report_findings(&verdict->findings));
	return report_print(report, err);
}

/* A refusal is a result, not a failure of the command: with --json it is a document. */
static int print_rejected(const struct sbs_question *question, struct error *err)
{
	json_t *report = report_new("sbs-verify");

	json_object_set_new(report, "input", report_any_text(question->input));
	json_object_set_new(report, "verdict", json_string("rejected"));
	json_object_set_new(report, "code", json_null());
	json_object_set_new(report, "reason", report_any_text(err->message));
	json_object_set_new(report, "mend", report_any_text(err->mend));
	return report_print(report, err) < 0 ? -1 : ERR_REFUSED;
}

static int note_standin(const struct sbs_question *question, struct verdict *verdict,
			struct error *err)
{
	bool standin;

	if (standin_find(question->input, &standin, err) < 0)
		return -1;
	if (standin)
		standin_warn(question->input, &verdict->findings);
	return 0;
}

int sbs_verify(const struct sbs_question *question, struct error *err)
{
	struct verdict verdict = { 0 };
	int result = -1;

	if (!question->output || sbs_check_output(question->input, question->output, err) == 0)
		result = verify_stream(question, &verdict, err);
	if (result == 0)
		result = note_standin(question, &verdict, err);
	if (result == 0)
		result = print_accepted(question, &verdict, err);
	else if (err->kind == ERR_REFUSED && question->json)
		result = print_rejected(question, err);
	findings_free(&verdict.findings);
	return result;
}
