/* The checked form of a struct ipxe_script, for those who write text from it. Internal to
 * ipxe_script.c, ipxe_plan.c and ipxe_build.c. */
#ifndef SIGN_IPXE_PLAN_H
#define SIGN_IPXE_PLAN_H

#include "base/cleanup.h"
#include "sign/ipxe/script.h"

#include <stdint.h>

/* Addresses are numbers in the machine's byte order; 0: none. */
struct ipxe_plan {
	const struct ipxe_script *script;
	uint32_t address;
	uint32_t netmask;
	uint32_t gateway;
	uint32_t dns;
	char *prefix;	 /* what stands before a file's name: "http://h/" or "" */
	bool secure_url; /* https */
};

/* Checks every part of the script. Fails with ERR_USAGE. */
int ipxe_plan_make(const struct ipxe_script *script, struct ipxe_plan *plan,
		   struct findings *findings, struct error *err);
void ipxe_plan_free(struct ipxe_plan *plan);

#define cleanup_plan cleanup_with(ipxe_plan_free)

#endif
