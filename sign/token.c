#include "sign/token.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "sign/engine.h"
#include "sign/ossl.h"

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <string.h>

DEFINE_CLEANUP(OSSL_STORE_CTX *, OSSL_STORE_close)
DEFINE_CLEANUP(OSSL_STORE_INFO *, OSSL_STORE_INFO_free)
DEFINE_CLEANUP(UI_METHOD *, UI_destroy_method)

static const char scheme[] = "pkcs11:";

struct token {
	/* The provider's own library context: in the common one it would offer its digests too,
	 * and a gigabyte would be hashed by the token. */
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *providers[2];
	void *engine;
	EVP_PKEY *pkey;
};

bool token_is_uri(const char *name)
{
	return !strncmp(name, scheme, strlen(scheme));
}

/* ---- the URI ----------------------------------------------------------------------- */

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit ? strchr(digits, digit | 0x20) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Decodes %XX; NULL if a '%' is not followed by two hexadecimal digits or encodes NUL. */
static char *percent_decode(const char *text, size_t length)
{
	cleanup_free char *decoded = xcalloc(1, length + 1);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int high, low;

		if (text[i] != '%') {
			decoded[used++] = text[i];
			continue;
		}
		if (length - i < 3)
			return NULL;
		high = hex_digit(text[i + 1]);
		low = hex_digit(text[i + 2]);
		if (high < 0 || low < 0 || high + low == 0)
			return NULL;
		decoded[used++] = (char)(high << 4 | low);
		i += 2;
	}
	return steal(decoded);
}

static bool is_attribute(const char *part, size_t length, const char *name)
{
	size_t size = strlen(name);

	return length > size && !strncmp(part, name, size) && part[size] == '=';
}

/* Takes module-path out of the URI, which engines do not know, into *module. */
static int read_uri(const char *uri, struct buffer *rest, char **module, struct error *err)
{
	const char *part = uri + strlen(scheme);
	char separator = '\0';

	buffer_add_text(rest, scheme);
	for (;;) {
		size_t length = strcspn(part, ";?&");

		if (is_attribute(part, length, "pin-value")) {
			err_fail(err, ERR_USAGE,
				 "the PKCS#11 URI has a pin-value: every user of this machine can "
				 "read a command line");
			return err_mend(err, "leave it out and use --passphrase-file, "
					     "--passphrase-fd or --passphrase-env, or be asked");
		}
		if (is_attribute(part, length, "module-path")) {
			const char *value = part + strlen("module-path=");

			free(*module);
			*module = percent_decode(value, length - (size_t)(value - part));
			if (!*module)
				return err_fail(err, ERR_USAGE,
						"the PKCS#11 URI has a bad %%XX in module-path");
			/* A later attribute takes over the '?' that introduced this one. */
			separator = separator == '?' ? '?' : '\0';
		} else {
			if (separator)
				buffer_add(rest, &separator, 1);
			buffer_add(rest, part, length);
			separator = '\0';
		}
		if (!part[length])
			return 0;
		if (separator != '?')
			separator = part[length];
		part += length + 1;
	}
}

/* ---- provider ---------------------------------------------------------------------- */

/* Returns whether there is a provider. */
static bool provider_open(struct token *token)
{
	token->library = OSSL_LIB_CTX_new();
	if (!token->library)
		return false;
	token->providers[0] = OSSL_PROVIDER_load(token->library, "default");
	token->providers[1] = OSSL_PROVIDER_load(token->library, "pkcs11");
	return token->providers[0] && token->providers[1];
}

static void provider_close(struct token *token)
{
	for (size_t i = 2; i-- > 0;)
		if (token->providers[i])
			OSSL_PROVIDER_unload(token->providers[i]);
	OSSL_LIB_CTX_free(token->library);
	token->library = NULL;
	token->providers[0] = token->providers[1] = NULL;
}

static EVP_PKEY *provider_key(struct token *token, const char *uri, UI_METHOD *method, void *data)
{
	cleanup_with(OSSL_STORE_closep) OSSL_STORE_CTX *store =
		OSSL_STORE_open_ex(uri, token->library, NULL, method, data, NULL, NULL, NULL);

	while (store && !OSSL_STORE_eof(store)) {
		cleanup_with(OSSL_STORE_INFO_freep) OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			return OSSL_STORE_INFO_get1_PKEY(info);
		if (!info && OSSL_STORE_error(store))
			return NULL;
	}
	return NULL;
}

/* ---- both ----------------------------------------------------------------------------- */

/* Whether any reason in the error queue speaks of the PIN; PKCS#11 names all of these so. */
static bool queue_is_about_pin(char *reason, size_t size)
{
	unsigned long code;
	bool found = false;

	snprintf(reason, size, "no such object");
	while ((code = ERR_get_error())) {
		const char *text = ERR_reason_error_string(code);

		if (text && strcasestr(text, "pin")) {
			snprintf(reason, size, "%s", text);
			found = true;
		}
	}
	return found;
}

static int fail_no_key(const char *uri, struct error *err)
{
	char reason[128];

	if (queue_is_about_pin(reason, sizeof(reason))) {
		err_fail(err, ERR_REFUSED, "%s: the token refused the PIN: %s", uri, reason);
		return err_mend(err, "check the PIN; most tokens lock after a few wrong ones");
	}
	err_fail(err, ERR_NO_INPUT, "%s: no private key was found there", uri);
	return err_mend(err, "'pkcs11-tool --module MODULE --login --list-objects' lists what the "
			     "token has; PKCS11_MODULE_PATH or ?module-path= names the module");
}

static int open_library(struct token *token, const char *module, struct error *err)
{
	if (module)
		setenv("PKCS11_PROVIDER_MODULE", module, 1);
	if (provider_open(token))
		return 0;
	provider_close(token);
	token->engine = engine_open(module);
	ERR_clear_error();
	if (token->engine)
		return 0;
	err_fail(err, ERR_MISSING,
		 "OpenSSL can reach no PKCS#11 token here: it has neither a provider nor an "
		 "engine named pkcs11%s%s",
		 module ? " that loads " : "", module ? module : "");
	return err_mend(err, "install the package libengine-pkcs11-openssl (or pkcs11-provider)%s",
			module ? ", and check the path of the module" : "");
}

struct token *token_open(const char *uri, pem_password_cb *ask, void *ask_data,
			 const bool *ask_failed, struct error *err)
{
	cleanup_buffer struct buffer plain = { 0 };
	cleanup_free char *module = NULL;
	cleanup_with(UI_destroy_methodp) UI_METHOD *method = NULL;
	struct token *token;

	if (read_uri(uri, &plain, &module, err) < 0)
		return NULL;
	token = xcalloc(1, sizeof(*token));
	method = UI_UTIL_wrap_read_pem_callback(ask, 0);
	if (!method) {
		ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot prepare the asking of a PIN");
	} else if (open_library(token, module, err) == 0) {
		token->pkey = token->engine
				      ? engine_key(token->engine, plain.data, method, ask_data)
				      : provider_key(token, plain.data, method, ask_data);
		if (!token->pkey && !*ask_failed)
			fail_no_key(uri, err);
		ERR_clear_error();
	}
	if (!token->pkey) {
		token_close(token);
		return NULL;
	}
	return token;
}

EVP_PKEY *token_key(const struct token *token)
{
	return token->pkey;
}

OSSL_LIB_CTX *token_library(const struct token *token)
{
	return token->library;
}

void token_close(struct token *token)
{
	EVP_PKEY_free(token->pkey);
	if (token->engine)
		engine_close(token->engine);
	provider_close(token);
	free(token);
}
