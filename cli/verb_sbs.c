/* muenbuild sbs: signs a command stream for Muen's GRUB, and reads such a signed stream. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/report.h"
#include "cli/sbs_report.h"
#include "cli/sbs_verify.h"
#include "cli/standin.h"
#include "cli/verbs.h"
#include "image/csl.h"
#include "sign/sbs/openpgp.h"
#include "sign/sbs/sbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	OPTION_OUTPUT = 1,
	OPTION_KEY,
	OPTION_HOMEDIR,
	OPTION_BLOCK_SIZE,
	OPTION_RAW,
	OPTION_ALLOW_STANDIN,
	OPTION_JSON
};

static const struct option_spec specs[] = {
	{ OPTION_OUTPUT, "output", 'o', "FILE",
	  "sign: the file to write (default: FILE.sbs);\nverify: where to put the command stream" },
	{ OPTION_KEY, "key", 'k', "FINGERPRINT",
	  "sign: the OpenPGP key to sign with (RSA 4096);\nverify: the only key to accept" },
	{ OPTION_HOMEDIR, "homedir", 0, "DIR", "where GnuPG has its keys (default: GnuPG's own)" },
	{ OPTION_BLOCK_SIZE, "block-size", 0, "SIZE",
	  "sign: size of a block with its hash, 128 to 16M\n(default: 64K)" },
	{ OPTION_RAW, "raw", 0, NULL, "sign: the contents need not be a command stream" },
	{ OPTION_ALLOW_STANDIN, "allow-standin", 0, NULL,
	  "sign: what has the stand-in kernel, too: for trying" },
	{ OPTION_JSON, "json", 0, NULL, "print the result as a JSON document" },
	{ 0 },
};

struct request {
	const char *input;
	const char *output; /* NULL: not given */
	const char *homedir;
	char fingerprint[OPENPGP_FINGERPRINT_MAX + 1]; /* "": not given */
	uint32_t block_size;
	const char *sign_option; /* an option that was given and is for 'sign' only */
	bool raw;
	bool allow_standin;
	bool json;
};

/* ---- sign ---------------------------------------------------------------- */

struct signing {
	struct openpgp_keys keys;
	struct openpgp_signer signer;
};

static int sign_with_openpgp(void *context, const void *bytes, size_t size,
			     struct buffer *signature, struct error *err)
{
	struct signing *signing = context;

	return openpgp_sign(&signing->keys, bytes, size, signature, &signing->signer, err);
}

/* "muen.csl" becomes "muen.sbs", another name gets ".sbs" appended. */
static char *default_output(const char *input)
{
	size_t length = strlen(input);

	if (length > 4 && !strcmp(input + length - 4, ".csl"))
		length -= 4;
	return xasprintf("%.*s.sbs", (int)length, input);
}

static void report_stream(json_t *report, const struct csl_summary *summary)
{
	json_t *object = json_object();

	json_object_set_new(object, "commands", json_integer((json_int_t)summary->commands));
	json_object_set_new(object, "writes", json_integer((json_int_t)summary->writes));
	json_object_set_new(object, "fills", json_integer((json_int_t)summary->fills));
	json_object_set_new(object, "cpuid_checks", json_integer((json_int_t)summary->checks));
	json_object_set_new(object, "vendor_commands", json_integer((json_int_t)summary->vendor));
	json_object_set_new(object, "entry_point", json_integer(summary->entry));
	json_object_set_new(report, "stream", object);
}

static int print_signed(const struct request *request, const char *path,
			const struct sbs_header *header, const struct openpgp_signer *signer,
			const struct csl_summary *stream, struct error *err)
{
	json_t *report;

	if (!request->json) {
		sbs_print_path("", path, "\n");
		sbs_print_summary(header, signer, stream);
		return 0;
	}
	report = report_new("sbs");
	json_object_set_new(report, "input", report_any_text(request->input));
	json_object_set_new(report, "output", report_any_text(path));
	sbs_report_header(report, header);
	sbs_report_signer(report, signer);
	if (stream)
		report_stream(report, stream);
	return report_print(report, err);
}

static int make_stream(const struct request *request, const char *path, struct signing *signing,
		       struct sbs_header *header, struct csl_summary *stream, struct error *err)
{
	const struct sbs_signer signer = { .sign = sign_with_openpgp, .context = signing };
	cleanup_output struct output *output = NULL;
	cleanup_close int in = -1;
	const char *name;
	uint64_t size = 0;
	int out;

	in = file_open(request->input, INT64_MAX, &size, err);
	if (in < 0)
		return -1;
	if (!request->raw && csl_check(in, request->input, size, stream, NULL, NULL, err) < 0) {
		char mend[sizeof(err->mend)];

		memcpy(mend, err->mend, sizeof(mend));
		return err_mend(err, "%s; --raw signs it nevertheless", mend);
	}
	/* Not after hashing all of it. */
	if (openpgp_check_key(&signing->keys, err) < 0)
		return -1;
	output = output_begin_beside(path, &name, err);
	out = output ? output_open(output, name, 0666, err) : -1;
	if (out < 0 || sbs_make(in, request->input, size, out, path, &signer, header, err) < 0)
		return -1;
	return output_commit(output, err);
}

static int run_sign(const struct request *request, struct error *err)
{
	struct sbs_header header = { .block_size = request->block_size };
	struct signing signing = { .keys = { .homedir = request->homedir,
					     .fingerprint = request->fingerprint } };
	cleanup_free char *path =
		request->output ? xstrdup(request->output) : default_output(request->input);
	cleanup_findings struct findings findings = { 0 };
	struct csl_summary stream = { 0 };

	if (!*request->fingerprint) {
		err_fail(err, ERR_USAGE, "'muenbuild sbs sign' needs --key FINGERPRINT");
		return err_mend(err, "'gpg --list-secret-keys' shows your keys; it must be RSA "
				     "4096");
	}
	if (sbs_check_output(request->input, path, err) < 0 ||
	    standin_check_signing(request->input, request->allow_standin, &findings, err) < 0 ||
	    make_stream(request, path, &signing, &header, &stream, err) < 0)
		return -1;
	report_warn(&findings);
	return print_signed(request, path, &header, &signing.signer, request->raw ? NULL : &stream,
			    err);
}

/* ---- verify -------------------------------------------------------------- */

static int run_verify(const struct request *request, struct error *err)
{
	const struct sbs_question question = {
		.input = request->input,
		.output = request->output,
		.homedir = request->homedir,
		.fingerprint = *request->fingerprint ? request->fingerprint : NULL,
		.json = request->json,
	};

	if (request->sign_option)
		return err_fail(err, ERR_USAGE, "--%s is for 'muenbuild sbs sign'",
				request->sign_option);
	return sbs_verify(&question, err);
}

/* ---- the command line ---------------------------------------------------- */

static int take_block_size(const char *value, struct request *request, struct error *err)
{
	unsigned long long size;

	if (option_size("block-size", value, &size, err) < 0)
		return -1;
	if (size < SBS_BLOCK_SIZE_LEAST || size > SBS_BLOCK_SIZE_MOST)
		return err_fail(err, ERR_USAGE,
				"--block-size: %s is not between %d bytes and 16 MiB", value,
				SBS_BLOCK_SIZE_LEAST);
	request->block_size = (uint32_t)size;
	request->sign_option = "block-size";
	return 0;
}

static int take_option(int id, const char *value, struct request *request, struct error *err)
{
	switch (id) {
	case OPTION_OUTPUT:
		request->output = value;
		return 0;
	case OPTION_KEY:
		return openpgp_fingerprint(value, request->fingerprint, err);
	case OPTION_HOMEDIR:
		request->homedir = value;
		return 0;
	case OPTION_BLOCK_SIZE:
		return take_block_size(value, request, err);
	case OPTION_RAW:
		request->raw = true;
		request->sign_option = "raw";
		return 0;
	case OPTION_ALLOW_STANDIN:
		request->allow_standin = true;
		request->sign_option = "allow-standin";
		return 0;
	case OPTION_JSON:
		request->json = true;
		return 0;
	}
	return 0;
}

static int run(int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_sbs);
	struct request request = { .block_size = SBS_BLOCK_SIZE_DEFAULT };
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		if (take_option(id, value, &request, err) < 0)
			return -1;
	if (id < 0 || options_expect(&options, 2, 2, err) < 0)
		return -1;
	request.input = options.operands[1];
	if (!strcmp(options.operands[0], "sign"))
		return run_sign(&request, err);
	if (!strcmp(options.operands[0], "verify"))
		return run_verify(&request, err);
	err_fail(err, ERR_USAGE, "'muenbuild sbs' cannot '%s'", options.operands[0]);
	return err_mend(err,
			"write 'muenbuild sbs sign FILE.csl' or 'muenbuild sbs verify FILE.sbs'");
}

const struct verb verb_sbs = {
	.name = "sbs",
	.run = run,
	.summary = "sign a command stream for Muen's GRUB, or verify a signed one",
	.operands = "sign|verify FILE",
	.options = specs,
	.details =
		"'sign' makes a signed block stream (SBS) of a command stream (CSL): a header that "
		"is\n"
		"signed with OpenPGP, and blocks that are chained to it by hashes. The key must be "
		"RSA\n"
		"of 4096 bits: Muen's loader takes nothing else. GnuPG's agent asks for its "
		"passphrase.\n"
		"The same input and key give the same bytes but for the time in the signature.\n\n"
		"'verify' exits with 0, or with 77 if the stream is not what a key in the home "
		"folder\n"
		"(with --key: that key) signed.\n",
};
