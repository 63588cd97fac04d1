#include "cli/keys_report.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cli/report.h"
#include "cli/signing_options.h"
#include "sign/keys/authority.h"
#include "sign/preflight.h"
#include "sign/when.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* As much as certificates_read() takes. */
enum { FILE_LIMIT = 16 * 1024 * 1024 };

struct key_file {
	char *path;
	struct key_facts facts;
};

/* What was found in the files and folders that the command names. */
struct inventory {
	struct certificates certificates;
	struct key_file *keys;
	size_t key_count;
};

static void inventory_free(struct inventory *inventory)
{
	certificates_free(&inventory->certificates);
	for (size_t i = 0; i < inventory->key_count; i++) {
		free(inventory->keys[i].path);
		free(inventory->keys[i].facts.kind);
	}
	free(inventory->keys);
}

/* ---- finding ----------------------------------------------------------------------------- */

static int add_key(struct inventory *inventory, const char *path, struct error *err)
{
	struct key_file *key;

	array_grow(inventory->keys, inventory->key_count);
	key = &inventory->keys[inventory->key_count++];
	*key = (struct key_file){ .path = xstrdup(path) };
	return key_examine(path, &key->facts, err);
}

static bool has_text(const struct bytes *bytes, const char *text)
{
	return memmem(bytes->data, bytes->size, text, strlen(text));
}

static int add_file(struct inventory *inventory, const char *path, bool keys_too, struct error *err)
{
	cleanup_bytes struct bytes bytes = { 0 };
	bool key, certificate;

	if (file_read(path, FILE_LIMIT, 0, &bytes, err) < 0)
		return -1;
	key = keys_too && has_text(&bytes, "PRIVATE KEY-----");
	certificate = has_text(&bytes, "-----BEGIN CERTIFICATE-----");
	if (key && add_key(inventory, path, err) < 0)
		return -1;
	return key && !certificate ? 0 : certificates_read(path, &inventory->certificates, err);
}

/* The files that 'keys init' makes, as far as they are there. */
static int add_folder(struct inventory *inventory, const char *folder, bool keys_too,
		      struct error *err)
{
	static const char *const names[] = { SIGNER_CERTIFICATE, AUTHORITY_CERTIFICATE, SIGNER_KEY,
					     AUTHORITY_KEY };
	size_t count = keys_too ? 4 : 2, found = 0;

	for (size_t i = 0; i < count; i++) {
		cleanup_free char *path = xasprintf("%s/%s", folder, names[i]);

		if (access(path, F_OK) < 0)
			continue;
		found++;
		if (add_file(inventory, path, keys_too, err) < 0)
			return -1;
	}
	if (found)
		return 0;
	err_fail(err, ERR_NO_INPUT,
		 "%s: is a folder without " SIGNER_CERTIFICATE " or " AUTHORITY_CERTIFICATE,
		 folder);
	return err_mend(err, "name the certificates themselves, or a folder that 'muenbuild keys "
			     "init' has made");
}

static int take_inventory(struct inventory *inventory, char *const *paths, int count, bool keys_too,
			  struct error *err)
{
	for (int i = 0; i < count; i++) {
		struct stat status;
		bool folder = stat(paths[i], &status) == 0 && S_ISDIR(status.st_mode);

		if ((folder ? add_folder : add_file)(inventory, paths[i], keys_too, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- show ---------------------------------------------------------------------------------- */

void print_certificate(const struct certificate *certificate)
{
	char begin[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE];

	printf("%s\n  subject   %s\n  issuer    %s%s\n  serial    %s\n  key       %s\n"
	       "  usage     %s\n  valid     %s to %s\n  SHA-256   %s\n",
	       certificate->origin, certificate->subject, certificate->issuer,
	       certificate->self_signed ? " (self-signed)" : "", certificate->serial,
	       certificate->key, *certificate->usage ? certificate->usage : "(any)",
	       when_text(certificate->not_before, begin), when_text(certificate->not_after, end),
	       certificate->fingerprint);
}

/* What iPXE thinks of a signer: as text, owned by the caller; NULL for CAs, of which it thinks
 * nothing by themselves. */
static char *verdict_on(const struct inventory *inventory, const struct certificate *certificate,
			int64_t now, json_t *report, struct error *err)
{
	cleanup_certificate_chain struct certificate_chain chain = { 0 };
	cleanup_judgement struct judgement judgement = { 0 };
	struct preflight preflight = {
		.chain = &chain, .digest = DIGEST_SHA256, .ipxe = IPXE_2_0_0, .now = now
	};
	char until[WHEN_TEXT_SIZE], code[16];

	if (certificate_chain_build(certificate, &inventory->certificates, &chain, err) < 0)
		return NULL;
	if (!chain.complete) {
		json_object_set_new(report, "verdict", json_string("unknown"));
		return xasprintf("not known without the certificate of %s",
				 chain.list[chain.count - 1]->issuer);
	}
	if (preflight_judge(&preflight, now, &judgement, err) < 0)
		return NULL;
	json_object_set_new(report, "verdict",
			    json_string(judgement.accepted ? "accepted" : "rejected"));
	if (judgement.accepted)
		return xasprintf("accepts what this signs, until %s",
				 when_text(judgement.valid_until, until));
	snprintf(code, sizeof(code), "%08x", judgement.code);
	json_object_set_new(report, "code", json_string(code));
	json_object_set_new(report, "reason", json_string(judgement.reason));
	return xasprintf("refuses what this signs: %s (https://ipxe.org/%s)", judgement.reason,
			 code);
}

static int show_certificate(const struct inventory *inventory,
			    const struct certificate *certificate, int64_t now, bool json,
			    json_t *list, struct error *err)
{
	json_t *report = certificate_report(certificate);
	cleanup_free char *verdict = NULL;
	bool judged = !certificate->authority;

	json_array_append_new(list, report);
	if (judged) {
		verdict = verdict_on(inventory, certificate, now, report, err);
		if (!verdict)
			return -1;
	}
	if (json)
		return 0;
	print_certificate(certificate);
	if (judged)
		printf("  iPXE      %s\n", verdict);
	return 0;
}

static void show_key(const struct key_file *key, bool json, json_t *list)
{
	struct stat status;
	bool open = stat(key->path, &status) == 0 && (status.st_mode & 077);

	json_array_append_new(list,
			      json_pack("{s:o, s:s, s:b, s:b}", "file", report_any_text(key->path),
					"key", key->facts.kind, "encrypted", key->facts.encrypted,
					"open_to_others", open));
	if (!json)
		printf("%s\n  private key, %s%s%s\n", key->path,
		       key->facts.encrypted ? "encrypted" : key->facts.kind,
		       key->facts.encrypted ? "" : ", not encrypted",
		       open ? ", open to others than its owner" : "");
}

int keys_show(char *const *paths, int count, int64_t now, bool json, struct error *err)
{
	cleanup_with(inventory_free) struct inventory inventory = { 0 };
	json_t *report, *certificates = json_array(), *keys = json_array();
	int result = take_inventory(&inventory, paths, count, true, err);

	for (size_t i = 0; result == 0 && i < inventory.certificates.count; i++)
		result = show_certificate(&inventory, &inventory.certificates.list[i], now, json,
					  certificates, err);
	for (size_t i = 0; result == 0 && i < inventory.key_count; i++)
		show_key(&inventory.keys[i], json, keys);
	report = report_new("keys-show");
	json_object_set_new(report, "certificates", certificates);
	json_object_set_new(report, "keys", keys);
	if (result == 0 && json)
		return report_print(report, err);
	json_decref(report);
	return result;
}

/* ---- check ----------------------------------------------------------------------------------- */

static int by_end(const void *left, const void *right)
{
	const struct certificate *const *one = left, *const *other = right;

	if ((*one)->not_after != (*other)->not_after)
		return (*one)->not_after < (*other)->not_after ? -1 : 1;
	return strcmp((*one)->origin, (*other)->origin);
}

static bool is_due(const struct certificate *certificate, int64_t now, unsigned int days)
{
	return certificate->not_after - now <= (int64_t)days * SECONDS_PER_DAY;
}

static const char *status_of(const struct certificate *certificate, int64_t now, unsigned int days)
{
	if (certificate->not_after < now)
		return "ended";
	if (is_due(certificate, now, days))
		return "due";
	return certificate->not_before > now ? "not yet valid" : "ok";
}

static void print_table(const struct certificate *const *list, size_t count, int64_t now,
			unsigned int days)
{
	int file = (int)strlen("FILE");
	char end[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < count; i++)
		if ((int)strlen(list[i]->origin) > file)
			file = (int)strlen(list[i]->origin);
	printf("%-20s  %9s  %-13s  %-*s  SUBJECT\n", "ENDS", "DAYS LEFT", "STATUS", file, "FILE");
	for (size_t i = 0; i < count; i++)
		printf("%-20s  %9lld  %-13s  %-*s  %s\n", when_text(list[i]->not_after, end),
		       (long long)when_days(now, list[i]->not_after), status_of(list[i], now, days),
		       file, list[i]->origin, list[i]->subject);
}

static int print_check(const struct certificate *const *list, size_t count, int64_t now,
		       unsigned int days, bool due, struct error *err)
{
	json_t *report = report_new("keys-check"), *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *entry = certificate_report(list[i]);

		json_object_set_new(entry, "days_left",
				    json_integer(when_days(now, list[i]->not_after)));
		json_object_set_new(entry, "status", json_string(status_of(list[i], now, days)));
		json_array_append_new(array, entry);
	}
	json_object_set_new(report, "days", json_integer(days));
	json_object_set_new(report, "due", json_boolean(due));
	json_object_set_new(report, "certificates", array);
	return report_print(report, err);
}

int keys_check(char *const *paths, int count, int64_t now, unsigned int days, bool json,
	       struct error *err)
{
	cleanup_with(inventory_free) struct inventory inventory = { 0 };
	cleanup_free const struct certificate **list = NULL;
	bool due = false;
	size_t found;

	if (take_inventory(&inventory, paths, count, false, err) < 0)
		return -1;
	found = inventory.certificates.count;
	list = xcalloc(found, sizeof(*list));
	for (size_t i = 0; i < found; i++) {
		list[i] = &inventory.certificates.list[i];
		due = due || is_due(list[i], now, days);
	}
	qsort(list, found, sizeof(*list), by_end);
	if (!json)
		print_table(list, found, now, days);
	else if (print_check(list, found, now, days, due, err) < 0)
		return -1;
	return due ? 1 : 0;
}
