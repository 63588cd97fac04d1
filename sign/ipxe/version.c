#include "sign/ipxe/version.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const version_names[IPXE_VERSIONS] = {
	[IPXE_1_21_1] = "1.21.1",
	[IPXE_2_0_0] = "2.0.0",
	[IPXE_MASTER] = "master",
};

const char *ipxe_version_name(enum ipxe_version version)
{
	return version_names[version];
}

/* Reads a number and the '.' behind it, if any. Returns 0 or -1. */
static int read_component(const char **text, unsigned long *number)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -1;
	*number = strtoul(*text, &end, 10);
	*text = *end == '.' ? end + 1 : end;
	return 0;
}

int ipxe_version_parse(const char *text, enum ipxe_version *version, struct error *err)
{
	const char *rest = text[0] == 'v' ? text + 1 : text;
	unsigned long major, minor = 0, patch = 0;
	bool readable;

	if (!strcmp(text, "master") || !strcmp(rest, "2.0.0+")) {
		*version = IPXE_MASTER;
		return 0;
	}
	readable = !read_component(&rest, &major) && (!*rest || !read_component(&rest, &minor)) &&
		   (!*rest || !read_component(&rest, &patch)) && !*rest;
	if (!readable || major < 1 || (major == 1 && minor < 21)) {
		err_fail(err, ERR_USAGE,
			 readable ? "iPXE %s: the rules of releases before 1.21 are not known"
				  : "'%s' is not a version of iPXE",
			 text);
		return err_mend(err, "give 1.21.1, 2.0.0 or master (2.0.0+)");
	}
	*version = major >= 2 ? IPXE_2_0_0 : IPXE_1_21_1;
	return 0;
}
