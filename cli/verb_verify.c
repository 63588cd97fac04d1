/* muenbuild verify: decides about a signature as iPXE's imgverify would, and says why. */
#include "cli/verbs.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/sbs_verify.h"
#include "cli/standin.h"
#include "sign/ipxe/codes.h"
#include "sign/judge/judge.h"
#include "sign/sbs/openpgp.h"
#include "sign/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_CA = 1,
	OPTION_EMBEDDED,
	OPTION_AS_OF,
	OPTION_IPXE,
	OPTION_JSON,
	OPTION_EXPLAIN,
	OPTION_KEY,
	OPTION_HOMEDIR,
};

enum { CERTIFICATE_LIMIT = 1 << 20, SIGNATURE_LIMIT = 64 << 20, STATUS_REJECTED = 77 };

static const struct option_spec specs[] = {
	{ OPTION_CA, "ca", 0, "FILE",
	  "certificate that iPXE trusts (TRUST=), PEM or DER; repeatable" },
	{ OPTION_EMBEDDED, "embedded", 0, "FILE",
	  "certificates that are compiled into iPXE (CERT=); repeatable" },
	{ OPTION_AS_OF, "as-of", 0, "TIME",
	  "when iPXE decides (default: now): 2026-12-01, 2026-12-01T12:30:00Z or @SECONDS" },
	{ OPTION_IPXE, "ipxe", 0, "VERSION", "1.21.1, 2.0.0 or master (default)" },
	{ OPTION_JSON, "json", 0, NULL, "print the result as JSON" },
	{ OPTION_EXPLAIN, "explain", 0, "CODE",
	  "explain an error code of iPXE, as in https://ipxe.org/0227e13c" },
	{ OPTION_KEY, "key", 'k', "FINGERPRINT",
	  "of a signed block stream: the only OpenPGP key to accept" },
	{ OPTION_HOMEDIR, "homedir", 0, "DIR",
	  "of a signed block stream: where GnuPG has its keys" },
	{ 0 },
};

/* Certificates read from files, with the paths as names. */
struct certificates {
	struct ipxe_blob *blobs;
	struct bytes *bytes;
	size_t count;
};

struct request {
	struct certificates roots, embedded;
	int64_t time;
	bool time_given;
	enum ipxe_version version;
	bool json;
	const char *explain;
	const char *ipxe_option; /* one that was given and says how iPXE decides; NULL: none */
	char fingerprint[OPENPGP_FINGERPRINT_MAX + 1]; /* "": not given */
	const char *homedir;
	const char *file;
	bool sbs; /* the file is a signed block stream, and that is what is asked about */
	char *signature_path; /* owned */
};

static void certificates_free(struct certificates *certificates)
{
	for (size_t i = 0; i < certificates->count; i++)
		bytes_free(&certificates->bytes[i]);
	free(certificates->bytes);
	free(certificates->blobs);
}

static void request_free(struct request *request)
{
	certificates_free(&request->roots);
	certificates_free(&request->embedded);
	free(request->signature_path);
}

static int add_certificates(struct certificates *certificates, const char *path, struct error *err)
{
	struct bytes bytes;

	if (file_read(path, CERTIFICATE_LIMIT, 0, &bytes, err) < 0)
		return -1;
	array_grow(certificates->bytes, certificates->count);
	array_grow(certificates->blobs, certificates->count);
	certificates->bytes[certificates->count] = bytes;
	certificates->blobs[certificates->count++] =
		(struct ipxe_blob){ bytes.data, bytes.size, path };
	return 0;
}

/* ---- the command line ---------------------------------------------------- */

static int set_option(struct request *request, int id, const char *value, struct error *err)
{
	if (id == OPTION_EMBEDDED || id == OPTION_AS_OF || id == OPTION_IPXE)
		request->ipxe_option = id == OPTION_EMBEDDED ? "embedded"
				       : id == OPTION_AS_OF  ? "as-of"
							     : "ipxe";
	switch (id) {
	case OPTION_CA:
		return add_certificates(&request->roots, value, err);
	case OPTION_EMBEDDED:
		return add_certificates(&request->embedded, value, err);
	case OPTION_AS_OF:
		request->time_given = true;
		return when_parse(value, &request->time, err) < 0 ? err_within(err, "--as-of") : 0;
	case OPTION_IPXE:
		return ipxe_version_parse(value, &request->version, err);
	case OPTION_JSON:
		request->json = true;
		return 0;
	case OPTION_KEY:
		return openpgp_fingerprint(value, request->fingerprint, err);
	case OPTION_HOMEDIR:
		request->homedir = value;
		return 0;
	default:
		request->explain = value;
		return 0;
	}
}

/* A signed block stream has its signature inside; one beside it, for iPXE, is asked about with
 * --ca or by naming it. */
static bool asks_about_sbs(const struct request *request, const struct options *options)
{
	return !request->roots.count && options->count == 1 &&
	       sbs_looks_like_one(options->operands[0]);
}

static int check_sbs_options(const struct request *request, struct error *err)
{
	const char *given = *request->fingerprint ? "key" : request->homedir ? "homedir" : NULL;

	if (request->sbs && request->ipxe_option) {
		err_fail(err, ERR_USAGE,
			 "--%s says how iPXE decides, and %s is a signed block stream, which "
			 "Muen's GRUB verifies",
			 request->ipxe_option, request->file);
		return err_mend(err, "leave it out, or name the CA that iPXE trusts (--ca) if "
				     "there is a .sig beside it");
	}
	if (request->sbs || !given)
		return 0;
	err_fail(err, ERR_USAGE, "--%s is for signed block streams, and %s is none", given,
		 request->file);
	return err_mend(err, "name the CA that iPXE trusts: --ca FILE");
}

static int parse(struct request *request, int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_verify);
	const char *value;
	int id;

	while ((id = options_next(&options, &value, err)) > 0)
		if (set_option(request, id, value, err) < 0)
			return -1;
	if (id < 0)
		return -1;
	if (request->explain)
		return options_expect(&options, 0, 0, err);
	if (options_expect(&options, 1, 2, err) < 0)
		return -1;
	request->file = options.operands[0];
	request->sbs = asks_about_sbs(request, &options);
	if (check_sbs_options(request, err) < 0)
		return -1;
	if (request->sbs)
		return 0;
	if (!request->roots.count) {
		err_fail(err, ERR_USAGE, "verify: it is not said which certificate iPXE trusts");
		return err_mend(err,
				"name it with --ca FILE: the one that TRUST= names when iPXE is "
				"built");
	}
	request->signature_path = options.count == 2 ? xstrdup(options.operands[1])
						     : xasprintf("%s.sig", request->file);
	/* Verification is about the present moment: the one place where the clock is read. */
	if (!request->time_given)
		request->time = when_now();
	return 0;
}

/* ---- --explain ------------------------------------------------------------ */

static void print_row(const char *name, const char *text)
{
	if (*text)
		printf("%-10s %s\n", name, text);
}

static void print_meaning(const char *code, const struct ipxe_meaning *meaning)
{
	print_row("code", code);
	print_row("shown as", meaning->error);
	print_row("means", meaning->what);
	print_row("why", meaning->why);
	print_row("mend", meaning->mend);
	print_row("versions", meaning->versions);
	print_row("raised in", meaning->file);
	print_row("platform", meaning->platform);
}

static int explain(const struct request *request, struct error *err)
{
	struct ipxe_meaning meaning;
	struct ipxe_code code;
	char digits[16];
	bool known;

	if (ipxe_code_parse(request->explain, &code, err) < 0)
		return -1;
	snprintf(digits, sizeof(digits), "%0*" PRIx32, code.digits,
		 code.digits == 6 ? code.value >> 8 : code.value);
	known = ipxe_explain(code, &meaning);
	if (request->json) {
		json_t *report = report_new("ipxe-code");
		const char *const fields[][2] = {
			{ "code", digits },	  { "error", meaning.error },
			{ "what", meaning.what }, { "why", meaning.why },
			{ "mend", meaning.mend }, { "versions", meaning.versions },
			{ "file", meaning.file }, { "platform", meaning.platform },
		};

		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			json_object_set_new(report, fields[i][0], json_string(fields[i][1]));
		json_object_set_new(report, "known", json_boolean(known));
		return report_print(report, err);
	}
	print_meaning(digits, &meaning);
	if (!known)
		fprintf(stderr, "%s is none of the errors that imgverify is known to end with\n",
			digits);
	return 0;
}

/* ---- the result ---------------------------------------------------------- */

/* The code as iPXE shows it, "" if iPXE has nothing to say. */
static const char *code_text(const struct judgement *judgement, char text[static 16])
{
	text[0] = '\0';
	if (judgement->code)
		snprintf(text, 16, "%08" PRIx32, judgement->code);
	return text;
}

static json_t *text_or_null(const char *text)
{
	return *text ? report_any_text(text) : json_null();
}

static json_t *certificates_json(const struct judgement *judgement)
{
	json_t *array = json_array();

	for (size_t i = 0; i < judgement->certificate_count; i++) {
		const struct certificate_description *certificate = &judgement->certificates[i];
		char from[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

		json_array_append_new(
			array, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "subject",
					 certificate->subject, "issuer", certificate->issuer,
					 "serial", certificate->serial, "key", certificate->key,
					 "sha256", certificate->fingerprint, "not_before",
					 when_text(certificate->not_before, from), "not_after",
					 when_text(certificate->not_after, until), "trusted",
					 certificate->trusted));
	}
	return array;
}

static int print_json(const struct request *request, const struct judgement *judgement,
		      struct error *err)
{
	json_t *report = report_new("verify");
	char code[16], when[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE] = "";

	if (judgement->accepted)
		when_text(judgement->valid_until, until);
	json_object_set_new(report, "file", report_any_text(request->file));
	json_object_set_new(report, "signature", report_any_text(request->signature_path));
	json_object_set_new(report, "verdict",
			    json_string(judgement->accepted ? "accepted" : "rejected"));
	json_object_set_new(report, "code", text_or_null(code_text(judgement, code)));
	json_object_set_new(report, "rule", json_string(judgement->rule));
	json_object_set_new(report, "reason", report_any_text(judgement->reason));
	json_object_set_new(report, "mend", json_string(judgement->mend));
	json_object_set_new(report, "certificate", text_or_null(judgement->certificate));
	json_object_set_new(report, "ipxe", json_string(ipxe_version_name(request->version)));
	json_object_set_new(report, "ipxe_accepts", json_boolean(judgement->ipxe_accepts));
	json_object_set_new(report, "as_of", json_string(when_text(request->time, when)));
	json_object_set_new(report, "valid_until", text_or_null(until));
	json_object_set_new(report, "signer", text_or_null(judgement->signer));
	json_object_set_new(report, "signers", json_integer((json_int_t)judgement->signers));
	json_object_set_new(report, "certificates", certificates_json(judgement));
	json_object_set_new(report, "findings", report_findings(&judgement->findings));
	return report_print(report, err);
}

static void print_accepted(const struct request *request, const struct judgement *judgement)
{
	char when[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

	printf("accepted: %s\n", judgement->reason);
	printf("  by iPXE %s at %s, until %s\n", ipxe_version_name(request->version),
	       when_text(request->time, when), when_text(judgement->valid_until, until));
	for (size_t i = 0; i < judgement->certificate_count; i++) {
		const struct certificate_description *certificate = &judgement->certificates[i];

		printf("  %s%s, %s, until %s\n", certificate->subject,
		       certificate->trusted ? " (trusted)" : "", certificate->key,
		       when_text(certificate->not_after, until));
	}
}

static void print_rejected(const struct request *request, const struct judgement *judgement)
{
	struct ipxe_code code = { judgement->code, 8 };
	struct ipxe_meaning meaning;
	char when[WHEN_TEXT_SIZE];

	ipxe_explain(code, &meaning);
	printf("rejected: %s\n", judgement->reason);
	if (judgement->code)
		printf("  iPXE %s at %s: %s (https://ipxe.org/%08" PRIx32 ")\n",
		       ipxe_version_name(request->version), when_text(request->time, when),
		       meaning.error, judgement->code);
	else
		printf("  iPXE %s alone would accept it\n", ipxe_version_name(request->version));
	printf("  rule: %s\n", judgement->rule);
	if (*judgement->mend)
		printf("  mend: %s\n", judgement->mend);
}

/* A signature that lies beside another file, and is accepted for that one, was merely named with
 * the wrong file: nothing was altered then. Anything that keeps this from being found out leaves
 * the judgement as it is. */
static void recognise_other_file(const struct request *request, const struct ipxe_policy *policy,
				 const struct ipxe_blob *signature, struct judgement *judgement)
{
	size_t length = strlen(request->signature_path);
	cleanup_judgement struct judgement other = { 0 };
	cleanup_free char *path = NULL;
	char shown[2][512];
	struct error ignored;

	if (length <= 4 || strcmp(request->signature_path + length - 4, ".sig") != 0)
		return;
	path = xstrndup(request->signature_path, length - 4);
	if (!strcmp(path, request->file) ||
	    judge_signature(policy, &(struct judge_content){ .path = path }, signature, &other,
			    &ignored) < 0 ||
	    !other.accepted)
		return;
	text_printable(path, strlen(path), shown[0], sizeof(shown[0]));
	text_printable(request->file, strlen(request->file), shown[1], sizeof(shown[1]));
	free(judgement->reason);
	free(judgement->mend);
	judgement->rule = "other-file";
	judgement->reason = xasprintf("%s.sig is the signature of %s, for which it is accepted, "
				      "not of %s",
				      shown[0], shown[0], shown[1]);
	judgement->mend = xasprintf("name the signature of %s", shown[1]);
}

/* That a signature is good does not make the stand-in kernel fit for production. */
static int note_standin(const struct request *request, struct judgement *judgement,
			struct error *err)
{
	bool standin;

	if (standin_find(request->file, &standin, err) < 0)
		return -1;
	if (standin)
		standin_warn(request->file, &judgement->findings);
	return 0;
}

static bool is_about_contents(const struct judgement *judgement)
{
	return !strcmp(judgement->rule, "wrong-content") ||
	       !strcmp(judgement->rule, "signature-value");
}

static int verify(const struct request *request, struct error *err)
{
	cleanup_judgement struct judgement judgement = { 0 };
	cleanup_bytes struct bytes bytes = { 0 };
	struct ipxe_policy policy = {
		.version = request->version,
		.time = request->time,
		.roots = request->roots.blobs,
		.root_count = request->roots.count,
		.embedded = request->embedded.blobs,
		.embedded_count = request->embedded.count,
	};
	struct judge_content content = { .path = request->file };
	struct ipxe_blob signature;

	if (file_read(request->signature_path, SIGNATURE_LIMIT, 0, &bytes, err) < 0)
		return -1;
	signature = (struct ipxe_blob){ bytes.data, bytes.size, request->signature_path };
	if (judge_signature(&policy, &content, &signature, &judgement, err) < 0)
		return -1;
	if (judgement.accepted && note_standin(request, &judgement, err) < 0)
		return -1;
	if (is_about_contents(&judgement))
		recognise_other_file(request, &policy, &signature, &judgement);
	if (request->json) {
		if (print_json(request, &judgement, err) < 0)
			return -1;
	} else {
		if (judgement.accepted)
			print_accepted(request, &judgement);
		else
			print_rejected(request, &judgement);
		fflush(stdout);
		report_warn(&judgement.findings);
	}
	return judgement.accepted ? 0 : STATUS_REJECTED;
}

static int verify_sbs(const struct request *request, struct error *err)
{
	const struct sbs_question question = {
		.input = request->file,
		.homedir = request->homedir,
		.fingerprint = *request->fingerprint ? request->fingerprint : NULL,
		.json = request->json,
	};

	return sbs_verify(&question, err);
}

static int run(int argc, char **argv, struct error *err)
{
	cleanup_with(request_free) struct request request = { .version = IPXE_MASTER };

	if (parse(&request, argc, argv, err) < 0)
		return -1;
	if (request.explain)
		return explain(&request, err);
	return request.sbs ? verify_sbs(&request, err) : verify(&request, err);
}

const struct verb verb_verify = {
	.name = "verify",
	.run = run,
	.summary = "say whether iPXE would accept a signature, and why",
	.operands = "FILE [FILE.sig]",
	.options = specs,
	.details = "Decides as imgverify of iPXE would, not as 'openssl cms -verify' would. The "
		   "signature is FILE.sig\nunless it is named.\n\n"
		   "A signed block stream (SBS) is verified as Muen's GRUB would, with the OpenPGP "
		   "keys of GnuPG;\nit needs no --ca.\n\n"
		   "Ends with 0 when the signature is accepted, with 77 when it is rejected.\n\n"
		   "  muenbuild verify muen.iso --ca ca.crt\n"
		   "  muenbuild verify muen.iso --ca ca.crt --as-of 2027-06-01 --ipxe 1.21.1\n"
		   "  muenbuild verify --explain 0227e13c",
};
