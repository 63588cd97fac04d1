/* The versions of iPXE whose rules are known. */
#ifndef SIGN_IPXE_VERSION_H
#define SIGN_IPXE_VERSION_H

#include "base/error.h"

enum ipxe_version {
	IPXE_1_21_1, /* RSA PKCS#1 v1.5 only */
	IPXE_2_0_0,  /* December 2025: ECDSA with P-256 and P-384 */
	IPXE_MASTER, /* 2026: RSASSA-PSS, salt as long as the digest */
	IPXE_VERSIONS,
};

/* The version's name as users write it: "1.21.1", "2.0.0", "master". */
const char *ipxe_version_name(enum ipxe_version version);

/* Reads a version: "1.21.1", "v2.0.0", "2.0.0+" and "master" (the same), a release between or
 * after the known ones stands for the newest known one that is not newer. Fails with ERR_USAGE,
 * also for releases older than 1.21, whose rules are not known. */
int ipxe_version_parse(const char *text, enum ipxe_version *version, struct error *err);

#endif
