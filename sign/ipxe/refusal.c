#include "sign/ipxe/refusal.h"

#include <stdarg.h>
#include <stdio.h>

int refuse(struct refusal *refusal, uint32_t code, const char *rule, const char *format, ...)
{
	va_list args;

	*refusal = (struct refusal){ .code = code, .rule = rule };
	va_start(args, format);
	vsnprintf(refusal->reason, sizeof(refusal->reason), format, args);
	va_end(args);
	return -1;
}

int refuse_mend(struct refusal *refusal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->mend, sizeof(refusal->mend), format, args);
	va_end(args);
	return -1;
}

int refuse_about(struct refusal *refusal, const char *subject)
{
	snprintf(refusal->certificate, sizeof(refusal->certificate), "%s", subject);
	return -1;
}

int refuse_unjudged(struct refusal *refusal, const struct error *err)
{
	refuse(refusal, 0, "cannot-judge", "%s", err->message);
	return refuse_mend(refusal, "%s",
			   *err->mend ? err->mend : "check the OpenSSL of this machine");
}
