/* Any bytes are read as a certificate, or refused with a whole refusal; what was read can be told
 * to people. */
#include "sign/ipxe/certificate.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void tell(const struct ipxe_certificate *certificate)
{
	struct certificate_description description = { 0 };
	struct error err = { 0 };

	if (certificate_describe(certificate, &description, &err) < 0)
		abort();
	if (!*description.subject || !*description.issuer || !*description.key ||
	    strlen(description.fingerprint) != 64)
		abort();
	free(description.subject);
	free(description.issuer);
	free(description.serial);
	free(description.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int version = IPXE_1_21_1; version <= IPXE_MASTER; version++) {
		struct refusal refusal = { 0 };
		struct ipxe_certificate *certificate = certificate_read(
			(struct der){ data, size }, (enum ipxe_version)version, "it", &refusal);

		if (certificate)
			tell(certificate);
		else if (!refusal.code || !refusal.rule || !*refusal.reason || !*refusal.mend)
			abort();
		certificate_free(certificate);
	}
	return 0;
}
