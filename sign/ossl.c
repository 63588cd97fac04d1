#include "sign/ossl.h"

#include "base/alloc.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>

int ossl_fail(struct error *err, enum error_kind kind, const char *format, ...)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;
	cleanup_free char *what = NULL;
	va_list args;

	va_start(args, format);
	what = xvasprintf(format, args);
	va_end(args);
	ERR_clear_error();
	if (reason)
		return err_fail(err, kind, "%s: %s (OpenSSL)", what, reason);
	return err_fail(err, kind, "%s", what);
}

void bytes_wipe(struct bytes *bytes)
{
	if (bytes->data)
		OPENSSL_cleanse(bytes->data, bytes->size);
	bytes_free(bytes);
}
