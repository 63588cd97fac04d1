#include "sign/keys/token.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/text.h"
#include "sign/keys/engine.h"
#include "sign/ossl.h"

#include <dlfcn.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <string.h>

DEFINE_CLEANUP(OSSL_STORE_CTX *, OSSL_STORE_close)
DEFINE_CLEANUP(OSSL_STORE_INFO *, OSSL_STORE_INFO_free)

static const char scheme[] = "pkcs11:";

struct token {
	/* The provider's own library context: in the common one it would offer its digests too,
	 * and a gigabyte would be hashed by the token. */
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *providers[2];
	void *engine;
	UI_METHOD *method; /* asks for the PIN: when the key is found, and perhaps at every use */
	EVP_PKEY *pkey;
};

bool token_is_uri(const char *name)
{
	return !strncmp(name, scheme, strlen(scheme));
}

/* ---- the URI ----------------------------------------------------------------------- */

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
		high = text_hex_digit(text[i + 1]);
		low = text_hex_digit(text[i + 2]);
		if (high < 0 || low < 0 || high + low == 0)
			return NULL;
		decoded[used++] = (char)(high << 4 | low);
		i += 2;
	}
	return steal(decoded);
}

/* The value of the attribute, still encoded; NULL if `part` is another one. */
static const char *attribute(const char *part, size_t length, const char *name)
{
	size_t size = strlen(name);

	return length > size && !strncmp(part, name, size) && part[size] == '=' ? part + size + 1
										: NULL;
}

static int decode_into(char **field, const char *value, const char *end, struct error *err)
{
	char *decoded = percent_decode(value, (size_t)(end - value));

	if (!decoded)
		return err_fail(err, ERR_USAGE,
				"the PKCS#11 URI has a '%%' that is not followed "
				"by two hexadecimal digits");
	free(*field);
	*field = decoded;
	return 0;
}

/* RFC 7512, 2.4: a URI or a file name; what else some modules take (programs) is not offered. */
static int take_pin_source(struct token_uri *uri, const char *value, const char *end,
			   struct error *err)
{
	char *name;

	if (decode_into(&uri->pin_file, value, end, err) < 0)
		return -1;
	name = uri->pin_file;
	if (!strncmp(name, "file:", 5))
		name += !strncmp(name, "file:///", 8) ? 7 : 5;
	if (name[0] != '/') {
		err_fail(err, ERR_USAGE, "the PKCS#11 URI's pin-source '%s' is not a file", name);
		return err_mend(err, "write pin-source=file:/path, or use --passphrase-file");
	}
	memmove(uri->pin_file, name, strlen(name) + 1);
	return 0;
}

/* Takes the attributes that are for this program; *taken is false for any other. */
static int take_attribute(struct token_uri *uri, const char *part, size_t length, bool *taken,
			  struct error *err)
{
	const char *value;

	*taken = true;
	if (attribute(part, length, "pin-value")) {
		err_fail(err, ERR_USAGE,
			 "the PKCS#11 URI has a pin-value: every user of this "
			 "machine can read a command line");
		return err_mend(err, "leave it out and use --passphrase-file, --passphrase-fd or "
				     "--passphrase-env, or be asked");
	}
	value = attribute(part, length, "module-path");
	if (value)
		return decode_into(&uri->module, value, part + length, err);
	value = attribute(part, length, "pin-source");
	if (value)
		return take_pin_source(uri, value, part + length, err);
	*taken = false;
	return 0;
}

int token_uri_parse(const char *text, struct token_uri *uri, struct error *err)
{
	cleanup_buffer struct buffer object = { 0 };
	const char *part = text + strlen(scheme);
	bool query = false, first = true, taken;

	*uri = (struct token_uri){ 0 };
	buffer_add_text(&object, scheme);
	for (;;) {
		size_t length = strcspn(part, query ? "&" : ";?");

		if (take_attribute(uri, part, length, &taken, err) < 0)
			return -1;
		if (!taken && length) {
			if (!first)
				buffer_add_text(&object, query ? "&" : ";");
			buffer_add(&object, part, length);
			first = false;
		}
		if (!part[length])
			break;
		if (part[length] == '?') {
			query = true;
			/* Whatever is left of the query follows a '?' of its own. */
			buffer_add_text(&object, "?");
			first = true;
		}
		part += length + 1;
	}
	if (object.data[object.length - 1] == '?')
		object.data[--object.length] = '\0';
	uri->object = xstrdup(object.data);
	return 0;
}

void token_uri_free(struct token_uri *uri)
{
	free(uri->object);
	free(uri->module);
	free(uri->pin_file);
	*uri = (struct token_uri){ 0 };
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

/* The engine would write this to stderr by itself, and then look for keys in no token at all. */
static int check_module(const char *module, struct error *err)
{
	void *handle;
	bool usable;

	if (!module)
		return 0;
	handle = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		err_fail(err, ERR_MISSING, "cannot load the PKCS#11 module: %s", dlerror());
		return err_mend(err, "give the path of the token's module in PKCS11_MODULE_PATH or "
				     "?module-path=; SoftHSM's is /usr/lib/softhsm/libsofthsm2.so, "
				     "of the package softhsm2");
	}
	usable = dlsym(handle, "C_GetFunctionList") != NULL;
	dlclose(handle);
	if (usable)
		return 0;
	err_fail(err, ERR_INPUT,
		 "%s: is a library, but not a PKCS#11 module: it has no "
		 "C_GetFunctionList",
		 module);
	return err_mend(err, "give the path of the token's module in PKCS11_MODULE_PATH or "
			     "?module-path=");
}

static int open_library(struct token *token, const char *module, struct error *err)
{
	if (check_module(module ? module : getenv("PKCS11_MODULE_PATH"), err) < 0)
		return -1;
	/* What the provider of OpenSSL's PKCS#11 project reads; the engine is told directly. */
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
		 "OpenSSL can reach no PKCS#11 token here: it has neither a "
		 "provider nor an engine named pkcs11");
	return err_mend(err, "install the package libengine-pkcs11-openssl (or pkcs11-provider)");
}

struct token *token_open(const struct token_uri *uri, pem_password_cb *ask, void *ask_data,
			 const bool *ask_failed, struct error *err)
{
	struct token *token = xcalloc(1, sizeof(*token));

	token->method = UI_UTIL_wrap_read_pem_callback(ask, 0);
	if (!token->method) {
		ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot prepare the asking of a PIN");
	} else if (open_library(token, uri->module, err) == 0) {
		token->pkey =
			token->engine
				? engine_key(token->engine, uri->object, token->method, ask_data)
				: provider_key(token, uri->object, token->method, ask_data);
		if (!token->pkey && !*ask_failed)
			fail_no_key(uri->object, err);
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
	UI_destroy_method(token->method);
	free(token);
}
