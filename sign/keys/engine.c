/* The one file that uses what OpenSSL 3.0 deprecates: see the header for why. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sign/keys/engine.h"

#include <openssl/opensslconf.h>

#ifndef OPENSSL_NO_ENGINE

#include <openssl/engine.h>

void *engine_open(const char *module)
{
	ENGINE *engine = ENGINE_by_id("pkcs11");

	if (!engine)
		return NULL;
	/* It would write to stderr what the error queue tells as well. */
	ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 1);
	if ((module && !ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module, 0)) ||
	    !ENGINE_init(engine)) {
		ENGINE_free(engine);
		return NULL;
	}
	return engine;
}

EVP_PKEY *engine_key(void *engine, const char *uri, UI_METHOD *method, void *data)
{
	return ENGINE_load_private_key(engine, uri, method, data);
}

void engine_close(void *engine)
{
	ENGINE_finish(engine);
	ENGINE_free(engine);
}

#else

void *engine_open(const char *module)
{
	(void)module;
	return NULL;
}

EVP_PKEY *engine_key(void *engine, const char *uri, UI_METHOD *method, void *data)
{
	(void)engine, (void)uri, (void)method, (void)data;
	return NULL;
}

void engine_close(void *engine)
{
	(void)engine;
}

#endif
