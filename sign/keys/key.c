#include "sign/keys/key.h"

#include "base/alloc.h"
#include "sign/keys/certificate.h"
#include "sign/ossl.h"
#include "sign/keys/token.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <string.h>

/* Larger than any key; smaller than what would be a mistake to read. */
enum { KEY_FILE_LIMIT = 1024 * 1024 };

/* What OpenSSL's passphrase callback needs, and what it has to tell. */
struct asking {
	struct passphrase *passphrase;
	const char *name;
	struct findings *findings;
	struct error *err;
	bool asked;
	bool failed; /* err is set: no passphrase could be had */
};

struct key {
	EVP_PKEY *pkey;
	struct token *token; /* NULL for a key from a file; owns pkey otherwise */
	/* A token may ask for its PIN again whenever it signs: this lives as long as it does. */
	struct asking asking;
	struct token_uri uri;
	struct passphrase from_uri;
};

static int ask_passphrase(char *buffer, int size, int writing, void *data)
{
	struct asking *asking = data;
	const char *text;
	size_t length;

	asking->asked = true;
	text = passphrase_get(asking->passphrase, asking->name, writing, asking->findings,
			      asking->err);
	if (!text) {
		asking->failed = true;
		return -1;
	}
	length = strlen(text);
	if (length > (size_t)size) {
		err_fail(asking->err, ERR_USAGE, "%s: the passphrase is longer than %d bytes",
			 asking->name, size);
		asking->failed = true;
		return -1;
	}
	memcpy(buffer, text, length);
	return (int)length;
}

/* ---- PEM files --------------------------------------------------------------- */

/* Says why OpenSSL found no private key in the file. */
static int explain_bad_pem(const char *path, const struct bytes *pem, bool asked, struct error *err)
{
	/* file_read() put a NUL behind the contents. */
	const char *text = (const char *)pem->data, *begin = strstr(text, "-----BEGIN ");
	const char *label = begin ? begin + strlen("-----BEGIN ") : NULL;
	size_t length = label ? strcspn(label, "-\n") : 0;
	bool private_key = label && memmem(label, length, "PRIVATE KEY", 11);

	ERR_clear_error();
	if (private_key && asked) {
		err_fail(err, ERR_REFUSED,
			 "%s: the passphrase does not open this private key (or it is damaged)",
			 path);
		return err_mend(err, "check which passphrase it was encrypted with");
	}
	if (private_key) {
		err_fail(err, ERR_INPUT, "%s: this private key is damaged or cut off", path);
		return err_mend(err, "'openssl pkey -in %s -noout' must succeed", path);
	}
	if (begin) {
		err_fail(err, ERR_INPUT, "%s: holds a '%.*s', a private key was expected", path,
			 length > 40 ? 40 : (int)length, label);
		return err_mend(err, "name the file that begins with BEGIN PRIVATE KEY or "
				     "BEGIN ENCRYPTED PRIVATE KEY");
	}
	err_fail(err, ERR_INPUT, "%s: is not a private key in PEM form", path);
	return err_mend(err, "convert it: openssl pkey -inform DER -in %s -out key.pem", path);
}

static EVP_PKEY *load_pem(const char *path, struct asking *asking, struct error *err)
{
	cleanup_secret struct bytes pem = { 0 };
	cleanup_bio BIO *bio = NULL;
	EVP_PKEY *pkey;

	if (file_read(path, KEY_FILE_LIMIT, 0, &pem, err) < 0)
		return NULL;
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	if (!bio) {
		ossl_fail(err, ERR_INTERNAL, "%s: cannot be read from memory", path);
		return NULL;
	}
	pkey = PEM_read_bio_PrivateKey(bio, NULL, ask_passphrase, asking);
	if (!pkey && !asking->failed)
		explain_bad_pem(path, &pem, asking->asked, err);
	/* A key that did not open is no less exposed; what is no key may be open to all. */
	if (pkey || asking->asked)
		warn_if_exposed(path, "the private key", asking->findings);
	ERR_clear_error();
	return pkey;
}

/* ---- tokens ----------------------------------------------------------------------- */

static int open_token(struct key *key, const char *name, struct error *err)
{
	struct asking *asking = &key->asking;

	if (token_uri_parse(name, &key->uri, err) < 0)
		return -1;
	/* What the command line says explicitly wins. */
	if (key->uri.pin_file && asking->passphrase->source == PASSPHRASE_TERMINAL) {
		key->from_uri =
			(struct passphrase){ .source = PASSPHRASE_FILE, .name = key->uri.pin_file };
		asking->passphrase = &key->from_uri;
	}
	asking->name = key->uri.object;
	key->token = token_open(&key->uri, ask_passphrase, asking, &asking->failed, err);
	key->pkey = key->token ? token_key(key->token) : NULL;
	return key->pkey ? 0 : -1;
}

/* ---- loading --------------------------------------------------------------------- */

struct key *key_load(const char *name, struct passphrase *passphrase, struct findings *findings,
		     struct error *err)
{
	cleanup_key struct key *key = xcalloc(1, sizeof(*key));

	key->asking = (struct asking){
		.passphrase = passphrase, .name = name, .findings = findings, .err = err
	};
	if (token_is_uri(name))
		return open_token(key, name, err) < 0 ? NULL : steal(key);
	key->pkey = load_pem(name, &key->asking, err);
	return key->pkey ? steal(key) : NULL;
}

void key_free(struct key *key)
{
	if (key->token)
		token_close(key->token);
	else
		EVP_PKEY_free(key->pkey);
	token_uri_free(&key->uri);
	passphrase_free(&key->from_uri);
	free(key);
}

EVP_PKEY *key_pkey(const struct key *key)
{
	return key->pkey;
}

/* Ends the reading of an encrypted key: what is asked for here is whether it is. */
static int note_encrypted(char *buffer, int size, int writing, void *data)
{
	bool *encrypted = data;

	(void)buffer, (void)size, (void)writing;
	*encrypted = true;
	return -1;
}

int key_examine(const char *path, struct key_facts *facts, struct error *err)
{
	cleanup_secret struct bytes pem = { 0 };
	cleanup_pkey EVP_PKEY *pkey = NULL;
	cleanup_bio BIO *bio = NULL;

	*facts = (struct key_facts){ 0 };
	if (file_read(path, KEY_FILE_LIMIT, 0, &pem, err) < 0)
		return -1;
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	if (!bio)
		return ossl_fail(err, ERR_INTERNAL, "%s: cannot be read from memory", path);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, note_encrypted, &facts->encrypted);
	if (!pkey && !facts->encrypted)
		return explain_bad_pem(path, &pem, false, err);
	ERR_clear_error();
	facts->kind = pkey ? pkey_describe(pkey) : xstrdup("");
	return 0;
}

/* ---- signing ----------------------------------------------------------------------- */

static EVP_PKEY_CTX *signing_context(const struct key *key, enum digest_algorithm algorithm,
				     struct error *err)
{
	OSSL_LIB_CTX *library = key->token ? token_library(key->token) : NULL;
	cleanup_pkey_ctx EVP_PKEY_CTX *context =
		EVP_PKEY_CTX_new_from_pkey(library, key->pkey, NULL);
	const EVP_MD *method = EVP_get_digestbyname(digest_name(algorithm));
	bool rsa = EVP_PKEY_is_a(key->pkey, "RSA");

	if (!context || EVP_PKEY_sign_init(context) <= 0 ||
	    (rsa && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) <= 0) ||
	    EVP_PKEY_CTX_set_signature_md(context, method) <= 0) {
		ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot sign a %s digest with this key",
			  digest_name(algorithm));
		return NULL;
	}
	return steal(context);
}

int key_sign(struct key *key, const struct digest *digest, struct bytes *signature,
	     struct error *err)
{
	cleanup_pkey_ctx EVP_PKEY_CTX *context = signing_context(key, digest->algorithm, err);
	size_t size = 0;

	*signature = (struct bytes){ 0 };
	if (!context)
		return -1;
	key->asking.err = err;
	key->asking.failed = false;
	if (EVP_PKEY_sign(context, NULL, &size, digest->bytes, digest->size) <= 0)
		return ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot tell a signature's size");
	signature->data = xcalloc(1, size + 1);
	if (EVP_PKEY_sign(context, signature->data, &size, digest->bytes, digest->size) <= 0) {
		bytes_free(signature);
		if (key->asking.failed)
			return -1;
		return ossl_fail(err, key->token ? ERR_REFUSED : ERR_INTERNAL,
				 key->token ? "the token did not sign" : "OpenSSL did not sign");
	}
	signature->size = size;
	return 0;
}

/* ---- new keys ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *kind;
	unsigned int bits; /* RSA */
	const char *curve; /* EC */
} algorithms[KEY_ALGORITHMS] = {
	[KEY_RSA2048] = { "rsa2048", "RSA 2048", 2048, NULL },
	[KEY_RSA3072] = { "rsa3072", "RSA 3072", 3072, NULL },
	[KEY_RSA4096] = { "rsa4096", "RSA 4096", 4096, NULL },
	[KEY_P256] = { "p256", "EC P-256", 0, "P-256" },
	[KEY_P384] = { "p384", "EC P-384", 0, "P-384" },
};

const char *key_algorithm_name(enum key_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

int key_algorithm_parse(const char *name, enum key_algorithm *algorithm, struct error *err)
{
	for (int i = 0; i < KEY_ALGORITHMS; i++) {
		if (!strcmp(algorithms[i].name, name)) {
			*algorithm = (enum key_algorithm)i;
			return 0;
		}
	}
	err_fail(err, ERR_USAGE, "'%s' is not a key algorithm that is offered", name);
	return err_mend(err, "use rsa3072 (accepted by every iPXE), rsa2048, rsa4096, or, for iPXE "
			     "2.0.0 and later only, p256 or p384");
}

enum key_algorithm key_algorithm_like(const char *kind)
{
	for (int i = 0; i < KEY_ALGORITHMS; i++)
		if (!strcmp(algorithms[i].kind, kind))
			return (enum key_algorithm)i;
	return KEY_RSA3072;
}

EVP_PKEY *key_generate(enum key_algorithm algorithm, struct error *err)
{
	EVP_PKEY *pkey;

	if (algorithms[algorithm].curve)
		pkey = EVP_EC_gen(algorithms[algorithm].curve);
	else
		pkey = EVP_RSA_gen(algorithms[algorithm].bits);
	if (!pkey)
		ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot make a key of the kind %s",
			  algorithms[algorithm].name);
	return pkey;
}

int key_to_pem(EVP_PKEY *pkey, const char *passphrase, struct bytes *pem, struct error *err)
{
	cleanup_bio BIO *bio = BIO_new(BIO_s_secmem());
	const EVP_CIPHER *cipher = passphrase ? EVP_aes_256_cbc() : NULL;
	int length = passphrase ? (int)strlen(passphrase) : 0;
	char *data;
	long size;

	*pem = (struct bytes){ 0 };
	if (!bio ||
	    !PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, passphrase, length, NULL, NULL))
		return ossl_fail(err, ERR_INTERNAL, "OpenSSL cannot write the private key");
	size = BIO_get_mem_data(bio, &data);
	pem->size = (size_t)size;
	pem->data = xcalloc(1, pem->size + 1);
	memcpy(pem->data, data, pem->size);
	return 0;
}
