#include "cli/signing_options.h"

#include "cli/report.h"
#include "sign/when.h"

#include <limits.h>
#include <string.h>

bool passphrase_option_is(int id)
{
	return id >= OPTION_PASSPHRASE_FILE && id <= OPTION_PASSPHRASE_ENV;
}

int passphrase_option(int id, const char *value, struct passphrase *passphrase, struct error *err)
{
	unsigned long long fd;

	if (passphrase->source != PASSPHRASE_TERMINAL)
		return err_fail(err, ERR_USAGE,
				"two sources for the passphrase are given, one was expected");
	if (id == OPTION_PASSPHRASE_FD) {
		if (option_number("passphrase-fd", value, 0, INT_MAX, &fd, err) < 0)
			return -1;
		passphrase->source = PASSPHRASE_FD;
		passphrase->fd = (int)fd;
		return 0;
	}
	passphrase->source = id == OPTION_PASSPHRASE_FILE ? PASSPHRASE_FILE : PASSPHRASE_ENV;
	passphrase->name = value;
	return 0;
}

json_t *certificate_report(const struct certificate *certificate)
{
	char begin[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE];

	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "file",
			 report_any_text(certificate->origin), "subject", certificate->subject,
			 "issuer", certificate->issuer, "serial", certificate->serial, "key",
			 certificate->key, "usage", certificate->usage, "fingerprint",
			 certificate->fingerprint, "not_before",
			 when_text(certificate->not_before, begin), "not_after",
			 when_text(certificate->not_after, end));
}
