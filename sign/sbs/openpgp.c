#include "sign/sbs/openpgp.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <gpgme.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_BITS = 4096 }; /* what makes a signature of the length that the loader takes */

DEFINE_CLEANUP(gpgme_ctx_t, gpgme_release)
DEFINE_CLEANUP(gpgme_data_t, gpgme_data_release)
DEFINE_CLEANUP(gpgme_key_t, gpgme_key_unref)
#define cleanup_session cleanup_with(gpgme_releasep)
#define cleanup_data cleanup_with(gpgme_data_releasep)
#define cleanup_key cleanup_with(gpgme_key_unrefp)

/* ---- names --------------------------------------------------------------- */

int openpgp_fingerprint(const char *text, char out[static OPENPGP_FINGERPRINT_MAX + 1],
			struct error *err)
{
	const char *at = text[0] == '0' && tolower((unsigned char)text[1]) == 'x' ? text + 2 : text;
	size_t length = 0;

	for (; *at && length <= OPENPGP_FINGERPRINT_MAX; at++) {
		if (*at == ' ')
			continue;
		if (!isxdigit((unsigned char)*at))
			break;
		if (length < OPENPGP_FINGERPRINT_MAX)
			out[length] = (char)toupper((unsigned char)*at);
		length++;
	}
	if (!*at && (length == 40 || length == OPENPGP_FINGERPRINT_MAX)) {
		out[length] = '\0';
		return 0;
	}
	err_fail(err, ERR_USAGE,
		 "'%s' is not a key's fingerprint: 40 hexadecimal digits expected (names and short "
		 "ids can be forged)",
		 text);
	return err_mend(err, "'gpg --list-secret-keys' shows it");
}

static void copy_printable(char *out, size_t size, const char *text)
{
	if (text)
		text_printable(text, strlen(text), out, size);
	else
		out[0] = '\0';
}

static const char *shown_homedir(const struct openpgp_keys *keys)
{
	return keys->homedir ? keys->homedir : gpgme_get_dirinfo("homedir");
}

/* ---- a session with GnuPG ------------------------------------------------ */

static int fail_gnupg(const char *doing, gpgme_error_t code, struct error *err)
{
	char reason[128];

	gpgme_strerror_r(code, reason, sizeof(reason));
	switch (gpgme_err_code(code)) {
	case GPG_ERR_INV_ENGINE:
	case GPG_ERR_NO_ENGINE:
		err_fail(err, ERR_MISSING, "%s: GnuPG is not there", doing);
		return err_mend(err, "install it: apt install gnupg");
	case GPG_ERR_BAD_PASSPHRASE:
	case GPG_ERR_CANCELED:
	case GPG_ERR_FULLY_CANCELED:
	case GPG_ERR_NO_PIN_ENTRY:
		err_fail(err, ERR_REFUSED, "%s: the key's passphrase was not given: %s", doing,
			 reason);
		return err_mend(err,
				"run it where gpg-agent can ask (export GPG_TTY=$(tty)), or unlock "
				"the key first: gpg --detach-sign of any file");
	case GPG_ERR_UNUSABLE_SECKEY:
		err_fail(err, ERR_REFUSED, "%s: GnuPG cannot use the secret key: %s", doing,
			 reason);
		return err_mend(err, "see 'gpg --list-secret-keys': it may be expired or revoked");
	default:
		err_fail(err, ERR_MISSING, "%s: GnuPG failed: %s", doing, reason);
		return err_mend(err, "try the same with gpg alone: it says more");
	}
}

/* gpg would make a missing home folder, and then find no keys in it. */
static int check_homedir(const struct openpgp_keys *keys, struct error *err)
{
	struct stat status;

	if (!keys->homedir)
		return 0;
	if (stat(keys->homedir, &status) < 0)
		return err_fail_errno(err, ERR_NO_INPUT, errno, "%s: cannot use as GnuPG's home",
				      keys->homedir);
	if (!S_ISDIR(status.st_mode))
		return err_fail(err, ERR_NO_INPUT, "%s: is not a folder, GnuPG's home was expected",
				keys->homedir);
	return 0;
}

static int session_open(const struct openpgp_keys *keys, gpgme_ctx_t *session, struct error *err)
{
	gpgme_error_t code;

	if (check_homedir(keys, err) < 0)
		return -1;
	if (!gpgme_check_version(GPGME_VERSION)) {
		err_fail(err, ERR_MISSING, "gpgme is older than the %s that this was built with",
			 GPGME_VERSION);
		return err_mend(err, "install the libgpgme of the build");
	}
	code = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
	if (!code)
		code = gpgme_new(session);
	if (!code)
		code = gpgme_ctx_set_engine_info(*session, GPGME_PROTOCOL_OpenPGP, NULL,
						 keys->homedir);
	if (code)
		return fail_gnupg("OpenPGP", code, err);
	gpgme_set_armor(*session, 0);
	gpgme_set_textmode(*session, 0);
	gpgme_set_offline(*session, 1);
	return 0;
}

static int data_of_bytes(gpgme_data_t *data, const void *bytes, size_t size, struct error *err)
{
	gpgme_error_t code = gpgme_data_new_from_mem(data, bytes, size, 0);

	return code ? fail_gnupg("OpenPGP", code, err) : 0;
}

/* ---- signing ------------------------------------------------------------- */

static int fail_no_secret_key(const struct openpgp_keys *keys, struct error *err)
{
	err_fail(err, ERR_NO_INPUT, "there is no secret key %s in GnuPG's home %s",
		 keys->fingerprint, shown_homedir(keys));
	return err_mend(err,
			"'gpg --list-secret-keys' shows what is there; --homedir names another");
}

/* Says before the signature is made what would be wrong with it: what keys there are is a better
 * explanation than the length that comes out. */
static int check_key(const struct openpgp_keys *keys, gpgme_key_t key, struct error *err)
{
	char found[128] = "none that can sign now";

	for (gpgme_subkey_t sub = key->subkeys; sub; sub = sub->next) {
		if (!sub->can_sign || sub->revoked || sub->expired || sub->disabled || sub->invalid)
			continue;
		if (sub->pubkey_algo == GPGME_PK_RSA && sub->length == KEY_BITS)
			return 0;
		snprintf(found, sizeof(found), "%s %u", gpgme_pubkey_algo_name(sub->pubkey_algo),
			 sub->length);
	}
	if (key->revoked || key->expired || key->disabled)
		return err_fail(err, ERR_REFUSED, "key %s is %s", keys->fingerprint,
				key->revoked   ? "revoked"
				: key->expired ? "expired"
					       : "disabled");
	err_fail(err, ERR_INPUT, "key %s: Muen's loader takes RSA 4096 only, found: %s",
		 keys->fingerprint, found);
	return err_mend(err, "make one: gpg --quick-generate-key NAME rsa4096 sign");
}

static int use_key(gpgme_ctx_t session, const struct openpgp_keys *keys,
		   struct openpgp_signer *signer, struct error *err)
{
	cleanup_key gpgme_key_t key = NULL;
	gpgme_error_t code = gpgme_get_key(session, keys->fingerprint, &key, 1);

	if (gpgme_err_code(code) == GPG_ERR_EOF)
		return fail_no_secret_key(keys, err);
	if (!code)
		code = gpgme_signers_add(session, key);
	if (code)
		return fail_gnupg("OpenPGP key", code, err);
	copy_printable(signer->primary, sizeof(signer->primary), key->subkeys->fpr);
	copy_printable(signer->user_id, sizeof(signer->user_id), key->uids ? key->uids->uid : NULL);
	return check_key(keys, key, err);
}

static int check_result(gpgme_ctx_t session, struct openpgp_signer *signer, struct error *err)
{
	gpgme_sign_result_t result = gpgme_op_sign_result(session);
	gpgme_new_signature_t made = result ? result->signatures : NULL;

	if (!made || made->next)
		return err_fail(err, ERR_REFUSED,
				"GnuPG made %s, one signature was expected; see default-key and "
				"local-user in gpg.conf",
				made ? "several signatures" : "no signature");
	copy_printable(signer->fingerprint, sizeof(signer->fingerprint), made->fpr);
	copy_printable(signer->digest, sizeof(signer->digest),
		       gpgme_hash_algo_name(made->hash_algo));
	if (made->pubkey_algo != GPGME_PK_RSA) {
		err_fail(err, ERR_INPUT, "GnuPG signed with the %s subkey %s; the loader takes RSA",
			 gpgme_pubkey_algo_name(made->pubkey_algo), signer->fingerprint);
		return err_mend(err, "use a key that has no other signing subkey");
	}
	if (made->hash_algo == GPGME_MD_SHA512)
		return 0;
	err_fail(err, ERR_INPUT, "GnuPG signed with the digest %s; Muen's loader has SHA512",
		 signer->digest);
	return err_mend(err, "put 'digest-algo SHA512' into gpg.conf in GnuPG's home");
}

static int take_data(gpgme_data_t data, struct buffer *buffer, struct error *err)
{
	char chunk[1024];
	ssize_t count;

	if (gpgme_data_seek(data, 0, SEEK_SET) < 0)
		return err_fail_errno(err, ERR_INTERNAL, errno, "OpenPGP signature");
	while ((count = gpgme_data_read(data, chunk, sizeof(chunk))) > 0)
		buffer_add(buffer, chunk, (size_t)count);
	if (count < 0)
		return err_fail_errno(err, ERR_INTERNAL, errno, "OpenPGP signature");
	return 0;
}

int openpgp_check_key(const struct openpgp_keys *keys, struct error *err)
{
	cleanup_session gpgme_ctx_t session = NULL;
	struct openpgp_signer signer;

	if (session_open(keys, &session, err) < 0)
		return -1;
	return use_key(session, keys, &signer, err);
}

int openpgp_sign(const struct openpgp_keys *keys, const void *bytes, size_t size,
		 struct buffer *signature, struct openpgp_signer *signer, struct error *err)
{
	cleanup_session gpgme_ctx_t session = NULL;
	cleanup_data gpgme_data_t plain = NULL;
	cleanup_data gpgme_data_t signed_data = NULL;
	gpgme_error_t code;

	*signer = (struct openpgp_signer){ 0 };
	if (session_open(keys, &session, err) < 0 || use_key(session, keys, signer, err) < 0 ||
	    data_of_bytes(&plain, bytes, size, err) < 0)
		return -1;
	code = gpgme_data_new(&signed_data);
	if (!code)
		code = gpgme_op_sign(session, plain, signed_data, GPGME_SIG_MODE_DETACH);
	if (code)
		return fail_gnupg("OpenPGP signature", code, err);
	if (check_result(session, signer, err) < 0)
		return -1;
	return take_data(signed_data, signature, err);
}

int openpgp_export(const struct openpgp_keys *keys, struct buffer *key, struct error *err)
{
	cleanup_session gpgme_ctx_t session = NULL;
	cleanup_data gpgme_data_t data = NULL;
	gpgme_error_t code;
	size_t before = key->length;

	if (session_open(keys, &session, err) < 0)
		return -1;
	code = gpgme_data_new(&data);
	if (!code)
		code = gpgme_op_export(session, keys->fingerprint, GPGME_EXPORT_MODE_MINIMAL, data);
	if (code)
		return fail_gnupg("OpenPGP key", code, err);
	if (take_data(data, key, err) < 0)
		return -1;
	if (key->length > before)
		return 0;
	err_fail(err, ERR_NO_INPUT, "there is no key %s in GnuPG's home %s", keys->fingerprint,
		 shown_homedir(keys));
	return err_mend(err, "'gpg --list-secret-keys' shows those that are there");
}

/* ---- verifying ----------------------------------------------------------- */

static int fail_status(const struct openpgp_keys *keys, gpgme_error_t status, const char *fpr,
		       struct error *err)
{
	char reason[128];

	switch (gpgme_err_code(status)) {
	case GPG_ERR_BAD_SIGNATURE:
		err_fail(err, ERR_REFUSED, "the signature by %s is not one of this header", fpr);
		return err_mend(err, "header or signature were changed: copy the file again");
	case GPG_ERR_NO_PUBKEY:
		err_fail(err, ERR_REFUSED, "the key %s that signed is not in GnuPG's home %s", fpr,
			 shown_homedir(keys));
		return err_mend(err, "import the key that you trust: gpg --import KEY.asc");
	case GPG_ERR_CERT_REVOKED:
		err_fail(err, ERR_REFUSED, "the key %s that signed is revoked", fpr);
		return err_mend(err, "sign again with another key");
	default:
		gpgme_strerror_r(status, reason, sizeof(reason));
		return err_fail(err, ERR_REFUSED, "the signature by %s: GnuPG: %s", fpr, reason);
	}
}

static void add_findings(const gpgme_signature_t found, struct findings *findings)
{
	gpgme_err_code_t status = gpgme_err_code(found->status);

	if (status == GPG_ERR_KEY_EXPIRED || status == GPG_ERR_SIG_EXPIRED)
		findings_add(findings, FINDING_WARNING, "sign again with a key that is valid",
			     "the %s %s has expired; Muen's loader does not look at that",
			     status == GPG_ERR_KEY_EXPIRED ? "key" : "signature by", found->fpr);
	if (found->pubkey_algo != GPGME_PK_RSA || found->hash_algo != GPGME_MD_SHA512)
		findings_add(findings, FINDING_WARNING, "sign again with an RSA key and SHA-512",
			     "the signature is %s with %s; Muen's loader has RSA with SHA512",
			     gpgme_pubkey_algo_name(found->pubkey_algo),
			     gpgme_hash_algo_name(found->hash_algo));
}

static void describe_signer(gpgme_ctx_t session, const gpgme_signature_t found,
			    struct openpgp_signer *signer)
{
	cleanup_key gpgme_key_t key = NULL;

	copy_printable(signer->fingerprint, sizeof(signer->fingerprint), found->fpr);
	copy_printable(signer->primary, sizeof(signer->primary), found->fpr);
	copy_printable(signer->digest, sizeof(signer->digest),
		       gpgme_hash_algo_name(found->hash_algo));
	if (gpgme_get_key(session, found->fpr, &key, 0))
		return; /* a signature that is good although the key cannot be shown */
	copy_printable(signer->primary, sizeof(signer->primary), key->subkeys->fpr);
	copy_printable(signer->user_id, sizeof(signer->user_id), key->uids ? key->uids->uid : NULL);
}

static int check_signer(const struct openpgp_keys *keys, const struct openpgp_signer *signer,
			struct error *err)
{
	if (!keys->fingerprint || !strcmp(keys->fingerprint, signer->fingerprint) ||
	    !strcmp(keys->fingerprint, signer->primary))
		return 0;
	err_fail(err, ERR_REFUSED, "signed by %s (%s), expected was %s", signer->fingerprint,
		 signer->user_id, keys->fingerprint);
	return err_mend(err, "ask who signed it, or name that key if you trust it");
}

static int judge(gpgme_ctx_t session, const struct openpgp_keys *keys,
		 struct openpgp_signer *signer, struct findings *findings, struct error *err)
{
	gpgme_verify_result_t result = gpgme_op_verify_result(session);
	gpgme_signature_t found = result ? result->signatures : NULL;
	gpgme_err_code_t status;

	if (!found || !found->fpr)
		return err_fail(err, ERR_REFUSED, "there is no OpenPGP signature in it");
	if (found->next)
		return err_fail(err, ERR_REFUSED, "there are several signatures, one was expected");
	status = gpgme_err_code(found->status);
	if (status != GPG_ERR_NO_ERROR && status != GPG_ERR_KEY_EXPIRED &&
	    status != GPG_ERR_SIG_EXPIRED)
		return fail_status(keys, found->status, found->fpr, err);
	describe_signer(session, found, signer);
	add_findings(found, findings);
	return check_signer(keys, signer, err);
}

int openpgp_verify(const struct openpgp_keys *keys, const void *bytes, size_t size,
		   const void *signature, size_t signature_size, struct openpgp_signer *signer,
		   struct findings *findings, struct error *err)
{
	cleanup_session gpgme_ctx_t session = NULL;
	cleanup_data gpgme_data_t plain = NULL;
	cleanup_data gpgme_data_t detached = NULL;
	gpgme_error_t code;

	*signer = (struct openpgp_signer){ 0 };
	if (session_open(keys, &session, err) < 0 || data_of_bytes(&plain, bytes, size, err) < 0 ||
	    data_of_bytes(&detached, signature, signature_size, err) < 0)
		return -1;
	code = gpgme_op_verify(session, detached, plain, NULL);
	if (gpgme_err_code(code) == GPG_ERR_NO_DATA || gpgme_err_code(code) == GPG_ERR_BAD_DATA)
		return err_fail(err, ERR_REFUSED, "there is no OpenPGP signature in it");
	if (code)
		return fail_gnupg("OpenPGP signature", code, err);
	return judge(session, keys, signer, findings, err);
}
