/* muenbuild keys: a private CA for iPXE, what keys and certificates are, and when they end. */
#include "base/alloc.h"
#include "cli/keys_report.h"
#include "cli/report.h"
#include "cli/signing_options.h"
#include "cli/verbs.h"
#include "sign/keys/authority.h"
#include "sign/when.h"

#include <stdio.h>
#include <string.h>

enum {
	OPTION_NAME = 1,
	OPTION_ALGORITHM,
	OPTION_DAYS,
	OPTION_CA_DAYS,
	OPTION_ENCRYPT,
	OPTION_NEW_KEY,
	OPTION_AS_OF,
	OPTION_JSON,
};

static const struct option_spec specs[] = {
	{ OPTION_NAME, "name", 0, "NAME",
	  "init: the signer's name; the CA is 'NAME CA'\n"
	  "(default: muenbuild)" },
	{ OPTION_ALGORITHM, "algorithm", 0, "NAME",
	  "init, renew --new-key: rsa3072 (default), rsa2048,\n"
	  "rsa4096; p256, p384 (iPXE 2.0.0 and later)" },
	{ OPTION_DAYS, "days", 0, "N",
	  "init, renew: lifetime of the signing certificate\n(default: 730);\n"
	  "check: due are those that end within N days\n(default: 30)" },
	{ OPTION_CA_DAYS, "ca-days", 0, "N", "init: lifetime of the CA (default: 3650)" },
	{ OPTION_ENCRYPT, "encrypt", 0, NULL,
	  "init: encrypt the private keys; implied by\n--passphrase-..." },
	{ OPTION_NEW_KEY, "new-key", 0, NULL, "renew: make a new private key as well" },
	PASSPHRASE_OPTIONS,
	{ OPTION_AS_OF, "as-of", 0, "TIME", "show, check: as if it were TIME (default: now)" },
	{ OPTION_JSON, "json", 0, NULL, "print the result as a JSON document" },
	{ 0 },
};

struct command {
	struct authority_request request;
	struct passphrase passphrase;
	int64_t now;
	bool json;
	unsigned int given; /* bit per option id below */
	char **operands;
	int operand_count;
};

static void command_free(struct command *command)
{
	passphrase_free(&command->passphrase);
}

/* A verb of the verb, and the options that it takes besides --json. */
struct action {
	const char *name;
	int (*run)(struct command *command, struct error *err);
	int least, most; /* operands */
	unsigned int options;
};

#define BIT(option) (1u << (option))
/* All three sources of a passphrase count as one. */
enum { BIT_PASSPHRASE = 1u << 30 };

/* ---- options --------------------------------------------------------------------------- */

static int take_days(const char *option, const char *value, unsigned int least, unsigned int *days,
		     struct error *err)
{
	unsigned long long number;

	if (option_number(option, value, least, MOST_DAYS, &number, err) < 0)
		return -1;
	*days = (unsigned int)number;
	return 0;
}

static int take_option(struct command *command, int id, const char *value, struct error *err)
{
	struct authority_request *request = &command->request;

	command->given |= id < 30 ? BIT(id) : BIT_PASSPHRASE;
	switch (id) {
	case OPTION_NAME:
		request->name = value;
		return 0;
	case OPTION_ALGORITHM:
		request->algorithm_given = true;
		return key_algorithm_parse(value, &request->algorithm, err);
	case OPTION_DAYS:
		return take_days("days", value, 0, &request->days, err);
	case OPTION_CA_DAYS:
		return take_days("ca-days", value, 1, &request->authority_days, err);
	case OPTION_ENCRYPT:
		request->encrypt = true;
		return 0;
	case OPTION_NEW_KEY:
		request->new_key = true;
		return 0;
	case OPTION_AS_OF:
		return when_parse(value, &command->now, err);
	case OPTION_JSON:
		command->json = true;
		return 0;
	default:
		return passphrase_option(id, value, &command->passphrase, err);
	}
}

static const char *option_name(unsigned int bit)
{
	for (const struct option_spec *spec = specs; spec->id; spec++)
		if ((spec->id < 30 ? BIT(spec->id) : BIT_PASSPHRASE) == bit)
			return spec->name;
	return "";
}

static int check_options(const struct action *action, const struct command *command,
			 struct error *err)
{
	unsigned int foreign = command->given & ~(action->options | BIT(OPTION_JSON));

	if (foreign) {
		err_fail(err, ERR_USAGE, "'muenbuild keys %s' has no option --%s", action->name,
			 option_name(foreign & -foreign));
		return err_mend(err, "'muenbuild keys --help' tells which option is whose");
	}
	if (command->operand_count >= action->least &&
	    (action->most < 0 || command->operand_count <= action->most))
		return 0;
	err_fail(err, ERR_USAGE, "'muenbuild keys %s' needs %s, %d were given", action->name,
		 action->most == 1 ? "one folder" : "one or more files", command->operand_count);
	return err_mend(err, "'muenbuild keys --help' shows how it is used");
}

/* ---- init, renew -------------------------------------------------------------------------- */

static int tell_made(const struct command *command, const struct certificates *made,
		     const struct findings *findings, const char *type, struct error *err)
{
	const char *folder = command->request.folder;
	const struct certificate *signer = &made->list[0], *authority = &made->list[1];
	json_t *report;

	if (command->json) {
		report = report_new(type);
		json_object_set_new(report, "folder", report_any_text(folder));
		json_object_set_new(report, "signer", certificate_report(signer));
		json_object_set_new(report, "ca", certificate_report(authority));
		json_object_set_new(report, "findings", report_findings(findings));
		return report_print(report, err);
	}
	print_certificate(signer);
	print_certificate(authority);
	printf("\nSign:  muenbuild sign --key %s/" SIGNER_KEY " --cert %s/" SIGNER_CERTIFICATE
	       " --ca %s/" AUTHORITY_CERTIFICATE " FILE...\n"
	       "iPXE:  CERT=%s/" SIGNER_CERTIFICATE ",%s/" AUTHORITY_CERTIFICATE
	       " TRUST=%s/" AUTHORITY_CERTIFICATE "\n"
	       "       (how to build it is told in %s/" AUTHORITY_README ")\n",
	       folder, folder, folder, folder, folder, folder, folder);
	return 0;
}

static int make(struct command *command, const char *type,
		int (*how)(const struct authority_request *, struct findings *,
			   struct certificates *, struct error *),
		struct error *err)
{
	cleanup_findings struct findings findings = { 0 };
	cleanup_certificates struct certificates made = { 0 };
	int result;

	command->request.folder = command->operands[0];
	if ((command->given & BIT(OPTION_DAYS)) && !command->request.days)
		return err_fail(err, ERR_USAGE, "--days: a lifetime of 0 days is none");
	result = how(&command->request, &findings, &made, err);
	if (result == 0)
		result = tell_made(command, &made, &findings, type, err);
	report_warn(&findings);
	return result;
}

static int run_init(struct command *command, struct error *err)
{
	/* Whoever says where the passphrase comes from wants one. */
	command->request.encrypt |= command->passphrase.source != PASSPHRASE_TERMINAL;
	return make(command, "keys-init", authority_init, err);
}

static int run_renew(struct command *command, struct error *err)
{
	if (command->request.algorithm_given && !command->request.new_key) {
		err_fail(err, ERR_USAGE,
			 "--algorithm is for new keys, and this renewal keeps the "
			 "key");
		return err_mend(err, "add --new-key, or leave it out");
	}
	return make(command, "keys-renew", authority_renew, err);
}

/* ---- show, check --------------------------------------------------------------------------- */

static int run_show(struct command *command, struct error *err)
{
	return keys_show(command->operands, command->operand_count, command->now, command->json,
			 err);
}

static int run_check(struct command *command, struct error *err)
{
	unsigned int days = command->given & BIT(OPTION_DAYS) ? command->request.days : 30;

	return keys_check(command->operands, command->operand_count, command->now, days,
			  command->json, err);
}

/* ---- the verb -------------------------------------------------------------------------------- */

static const struct action actions[] = {
	{ "init", run_init, 1, 1,
	  BIT(OPTION_NAME) | BIT(OPTION_ALGORITHM) | BIT(OPTION_DAYS) | BIT(OPTION_CA_DAYS) |
		  BIT(OPTION_ENCRYPT) | BIT_PASSPHRASE },
	{ "renew", run_renew, 1, 1,
	  BIT(OPTION_ALGORITHM) | BIT(OPTION_DAYS) | BIT(OPTION_NEW_KEY) | BIT_PASSPHRASE },
	{ "show", run_show, 1, -1, BIT(OPTION_AS_OF) },
	{ "check", run_check, 1, -1, BIT(OPTION_DAYS) | BIT(OPTION_AS_OF) },
};

static const struct action *find_action(const char *name, struct error *err)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	err_fail(err, ERR_USAGE, "'muenbuild keys' does not know '%s'", name);
	err_mend(err, "say init DIR, renew DIR, show FILE|DIR... or check CERT...");
	return NULL;
}

static int run_keys(int argc, char **argv, struct error *err)
{
	cleanup_with(command_free) struct command command = { .now = when_now() };
	struct options options = OPTIONS(argc, argv, &verb_keys);
	const struct action *action;
	const char *value;
	int id;

	command.request.name = "muenbuild";
	command.request.algorithm = KEY_RSA3072;
	command.request.passphrase = &command.passphrase;
	while ((id = options_next(&options, &value, err)) > 0)
		if (take_option(&command, id, value, err) < 0)
			return -1;
	if (id < 0 || options_expect(&options, 1, -1, err) < 0)
		return -1;
	action = find_action(options.operands[0], err);
	if (!action)
		return -1;
	command.operands = options.operands + 1;
	command.operand_count = options.count - 1;
	if (check_options(action, &command, err) < 0)
		return -1;
	return action->run(&command, err);
}

const struct verb verb_keys = {
	.name = "keys",
	.run = run_keys,
	.summary = "make, renew, show and check keys and certificates",
	.operands = "init DIR | renew DIR | show FILE|DIR... | check CERT|DIR...",
	.options = specs,
	.details = "init   makes a private CA and a code-signing certificate that iPXE accepts, "
		   "and tells what to\n       embed where. Nothing is replaced.\n"
		   "renew  replaces the signing certificate; CA and iPXE stay as they are.\n"
		   "show   tells what certificates and keys are, and what iPXE thinks of them.\n"
		   "check  prints what ends when; exit status 1 when something is due.\n",
};
