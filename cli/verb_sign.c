/* muenbuild sign: detached CMS signatures as iPXE accepts them. */
#include "base/alloc.h"
#include "base/text.h"
#include "cli/report.h"
#include "cli/sign_run.h"
#include "cli/signing_options.h"
#include "cli/verbs.h"
#include "sign/when.h"

#include <stdio.h>
#include <string.h>

enum {
	OPTION_KEY = 1,
	OPTION_CERT,
	OPTION_CA,
	OPTION_DIGEST,
	OPTION_OUTPUT,
	OPTION_MARGIN,
	OPTION_AS_OF,
	OPTION_IPXE,
	OPTION_TARGET_RAM,
	OPTION_ANY_ISO,
	OPTION_ALLOW_STANDIN,
	OPTION_ATTEST,
	OPTION_MATERIAL,
	OPTION_PARAMETER,
	OPTION_BUILDER,
	OPTION_BUILD_TYPE,
	OPTION_DRY_RUN,
	OPTION_JSON,
};

static const struct option_spec specs[] = {
	{ OPTION_KEY, "key", 'k', "FILE|URI",
	  "private key: PEM, may be encrypted, or a pkcs11: URI" },
	{ OPTION_CERT, "cert", 'c', "FILE", "the key's code-signing certificate" },
	{ OPTION_CA, "ca", 0, "FILE", "certificates up to the root; may be given several times" },
	PASSPHRASE_OPTIONS,
	{ OPTION_DIGEST, "digest", 0, "NAME", "sha256 (default), sha384 or sha512" },
	{ OPTION_OUTPUT, "output", 'o', "DIR", "where to write (default: beside each FILE)" },
	{ OPTION_MARGIN, "margin", 0, "DAYS",
	  "how long the signature must stay valid at least\n(default: 1)" },
	{ OPTION_AS_OF, "as-of", 0, "TIME", "decide as if it were TIME (default: now)" },
	{ OPTION_IPXE, "ipxe", 0, "VERSION",
	  "the oldest iPXE that must accept: 1.21.1, 2.0.0\n(default) or master" },
	{ OPTION_TARGET_RAM, "target-ram", 0, "SIZE",
	  "memory of the machine that boots: refuse an ISO that\ndoes not fit" },
	{ OPTION_ANY_ISO, "any-iso", 0, NULL, "sign an ISO that memdisk cannot boot, too" },
	{ OPTION_ALLOW_STANDIN, "allow-standin", 0, NULL,
	  "sign what has the stand-in kernel, too: for trying" },
	{ OPTION_ATTEST, "attest", 0, NULL,
	  "write and sign a statement of provenance too:\nFILE.intoto.json, FILE.intoto.json.sig" },
	{ OPTION_MATERIAL, "material", 0, "FILE",
	  "attest: the FILEs were made of this; repeatable" },
	{ OPTION_PARAMETER, "parameter", 0, "NAME=VALUE",
	  "attest: how they were made; repeatable" },
	{ OPTION_BUILDER, "builder-id", 0, "URI", "attest: who made them" },
	{ OPTION_BUILD_TYPE, "build-type", 0, "URI", "attest: by what kind of build" },
	{ OPTION_DRY_RUN, "dry-run", 'n', NULL, "check everything, write nothing" },
	{ OPTION_JSON, "json", 0, NULL, "print the result as a JSON document" },
	{ 0 },
};

static void command_free(struct sign_command *command)
{
	passphrase_free(&command->passphrase);
	free(command->authorities.list);
	free(command->materials.list);
	free(command->parameters.list);
}

/* ---- options --------------------------------------------------------------------------- */

static int parse_digest(const char *value, enum digest_algorithm *digest, struct error *err)
{
	if (digest_by_name(value, digest) == 0 && *digest >= DIGEST_SHA256)
		return 0;
	err_fail(err, ERR_USAGE, "--digest: '%s' is not one that muenbuild signs with", value);
	return err_mend(err, "use sha256, sha384 or sha512");
}

static int parse_parameter(struct word_list *parameters, const char *value, struct error *err)
{
	if (value[0] == '=' || !strchr(value, '=')) {
		err_fail(err, ERR_USAGE, "--parameter: '%s' is not NAME=VALUE", value);
		return err_mend(err, "write --parameter recipe=minimal, for example");
	}
	word_list_add(parameters, value);
	return 0;
}

static int take_provenance(struct sign_command *command, int id, const char *value,
			   struct error *err)
{
	switch (id) {
	case OPTION_ATTEST:
		command->attest = true;
		return 0;
	case OPTION_MATERIAL:
		word_list_add(&command->materials, value);
		return 0;
	case OPTION_PARAMETER:
		return parse_parameter(&command->parameters, value, err);
	case OPTION_BUILDER:
		command->builder = value;
		return 0;
	case OPTION_BUILD_TYPE:
		command->build_type = value;
		return 0;
	default:
		return passphrase_option(id, value, &command->passphrase, err);
	}
}

static int take_target_ram(const char *value, uint64_t *target_ram, struct error *err)
{
	unsigned long long bytes;

	if (option_size("target-ram", value, &bytes, err) < 0)
		return -1;
	if (!bytes)
		return err_fail(err, ERR_USAGE,
				"--target-ram: a machine without memory boots "
				"nothing");
	*target_ram = bytes;
	return 0;
}

static int take_option(struct sign_command *command, int id, const char *value, struct error *err)
{
	unsigned long long days;

	switch (id) {
	case OPTION_KEY:
		command->signer.key = value;
		return 0;
	case OPTION_CERT:
		command->signer.certificate = value;
		return 0;
	case OPTION_CA:
		word_list_add(&command->authorities, value);
		return 0;
	case OPTION_DIGEST:
		return parse_digest(value, &command->signer.digest, err);
	case OPTION_OUTPUT:
		command->output = value;
		return 0;
	case OPTION_MARGIN:
		if (option_number("margin", value, 0, 36500, &days, err) < 0)
			return -1;
		command->signer.margin = (int64_t)days * SECONDS_PER_DAY;
		return 0;
	case OPTION_AS_OF:
		return when_parse(value, &command->signer.now, err);
	case OPTION_IPXE:
		return ipxe_version_parse(value, &command->signer.ipxe, err);
	case OPTION_TARGET_RAM:
		return take_target_ram(value, &command->target_ram, err);
	case OPTION_ANY_ISO:
		command->any_iso = true;
		return 0;
	case OPTION_ALLOW_STANDIN:
		command->allow_standin = true;
		return 0;
	case OPTION_DRY_RUN:
		command->dry_run = true;
		return 0;
	case OPTION_JSON:
		command->json = true;
		return 0;
	default:
		return take_provenance(command, id, value, err);
	}
}

static int check_command(const struct sign_command *command, struct error *err)
{
	const char *missing = !command->signer.key	     ? "--key"
			      : !command->signer.certificate ? "--cert"
							     : NULL;

	if (missing) {
		err_fail(err, ERR_USAGE, "%s is missing", missing);
		return err_mend(err, "muenbuild sign --key K --cert C --ca CA FILE...; 'muenbuild "
				     "keys init DIR' makes all three");
	}
	if (!command->attest && (command->materials.count || command->parameters.count ||
				 command->builder || command->build_type)) {
		err_fail(err, ERR_USAGE,
			 "--material, --parameter, --builder-id and --build-type "
			 "tell what to attest, and --attest is not given");
		return err_mend(err, "add --attest, or leave them out");
	}
	return 0;
}

static int parse(struct sign_command *command, int argc, char **argv, struct error *err)
{
	struct options options = OPTIONS(argc, argv, &verb_sign);
	const char *value;
	int id;

	command->signer.digest = DIGEST_SHA256;
	command->signer.ipxe = IPXE_2_0_0;
	command->signer.now = when_now();
	command->signer.margin = SECONDS_PER_DAY;
	command->signer.passphrase = &command->passphrase;
	while ((id = options_next(&options, &value, err)) > 0)
		if (take_option(command, id, value, err) < 0)
			return -1;
	if (id < 0 || options_expect(&options, 1, -1, err) < 0)
		return -1;
	command->files = (const char *const *)options.operands;
	command->file_count = (size_t)options.count;
	command->signer.authorities = command->authorities.list;
	command->signer.authority_count = command->authorities.count;
	return check_command(command, err);
}

/* ---- telling -------------------------------------------------------------------------------- */

/* File names may hold anything; a terminal wants text. */
static const char *shown(const char *path, char text[static 4096])
{
	return text_printable(path, strlen(path), text, 4096);
}

static json_t *signatures_report(const struct sign_run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->product_count; i++) {
		const struct product *product = &run->products[i];
		char hex[DIGEST_HEX_SIZE];
		json_t *entry = json_object();

		json_object_set_new(entry, "file", report_any_text(product->signed_path));
		json_object_set_new(entry, "size", json_integer((json_int_t)product->size));
		json_object_set_new(entry, digest_name(product->digest.algorithm),
				    json_string(digest_hex(&product->digest, hex)));
		json_object_set_new(entry, "signature", report_any_text(product->path));
		if (!run->command->dry_run)
			json_object_set_new(entry, "signature_size",
					    json_integer((json_int_t)product->signature_size));
		json_array_append_new(array, entry);
	}
	return array;
}

static json_t *chain_report(const struct certificate_chain *chain)
{
	json_t *array = json_array();

	for (size_t i = 0; i < chain->count; i++)
		json_array_append_new(array, certificate_report(chain->list[i]));
	return array;
}

static int print_json(const struct sign_run *run, const struct judgement *judgement,
		      const struct findings *findings, struct error *err)
{
	json_t *report = report_new("sign");
	char until[WHEN_TEXT_SIZE];

	json_object_set_new(report, "verdict", json_string("accepted"));
	json_object_set_new(report, "dry_run", json_boolean(run->command->dry_run));
	json_object_set_new(report, "ipxe",
			    json_string(ipxe_version_name(run->command->signer.ipxe)));
	json_object_set_new(report, "signatures", signatures_report(run));
	json_object_set_new(report, "chain", chain_report(signer_chain(run->signer)));
	json_object_set_new(report, "valid_until",
			    json_string(when_text(judgement->valid_until, until)));
	json_object_set_new(report, "findings", report_findings(findings));
	return report_print(report, err);
}

/* What the pre-flight refused, as a document; the error follows on stderr. */
static void print_refusal(const struct judgement *judgement, const struct findings *findings)
{
	json_t *report = report_new("sign");
	struct error ignored;
	char code[16];

	snprintf(code, sizeof(code), "%08x", judgement->code);
	json_object_set_new(report, "verdict", json_string("rejected"));
	json_object_set_new(report, "code", json_string(code));
	json_object_set_new(report, "rule", json_string(judgement->rule));
	json_object_set_new(report, "certificate", json_string(judgement->certificate));
	json_object_set_new(report, "reason", json_string(judgement->reason));
	json_object_set_new(report, "mend", json_string(judgement->mend));
	json_object_set_new(report, "findings", report_findings(findings));
	/* What is told in the end is the refusal, whether this arrives or not. */
	report_print(report, &ignored);
}

static void print_text(const struct sign_run *run, const struct judgement *judgement)
{
	const struct certificate *leaf = signer_chain(run->signer)->list[0];
	char until[WHEN_TEXT_SIZE], text[4096];

	for (size_t i = 0; i < run->product_count; i++) {
		const struct product *product = &run->products[i];

		if (run->command->dry_run)
			printf("%s: would be written\n", shown(product->path, text));
		else
			printf("%s: %zu bytes\n", shown(product->path, text),
			       product->signature_size);
	}
	printf("signer: %s (%s), valid until %s\n", leaf->subject, leaf->key,
	       when_text(judgement->valid_until, until));
}

static int sign_and_tell(const struct sign_command *command, struct findings *findings,
			 struct judgement *judgement, struct error *err)
{
	cleanup_signer struct signer *signer = NULL;
	cleanup_with(sign_run_free) struct sign_run run = { .command = command,
							    .findings = findings };

	if (sign_run_check(&run, err) < 0)
		return -1;
	run.signer = signer = signer_open(&command->signer, findings, judgement, err);
	if (!signer) {
		if (command->json && err->kind == ERR_REFUSED && judgement->rule)
			print_refusal(judgement, findings);
		return -1;
	}
	if (sign_run_make(&run, err) < 0)
		return -1;
	if (command->json)
		return print_json(&run, judgement, findings, err);
	print_text(&run, judgement);
	return 0;
}

static int run_sign(int argc, char **argv, struct error *err)
{
	cleanup_with(command_free) struct sign_command command = { 0 };
	cleanup_findings struct findings findings = { 0 };
	cleanup_judgement struct judgement judgement = { 0 };
	int result = parse(&command, argc, argv, err);

	if (result == 0)
		result = sign_and_tell(&command, &findings, &judgement, err);
	report_warn(&findings);
	return result;
}

const struct verb verb_sign = {
	.name = "sign",
	.run = run_sign,
	.summary = "sign files so that iPXE accepts them",
	.operands = "FILE...",
	.options = specs,
	.details = "Writes FILE.sig: a detached CMS signature in DER with SHA-256, with the "
		   "certificates up to\nthe root in it. Nothing is signed that iPXE would refuse: "
		   "the exit status is then 77, and the\nmessage names the rule, the certificate, "
		   "the mend and the code that iPXE would have shown.\n",
};
