/* What a Solo5 unikernel says about itself: the notes that the Solo5 bindings put into
 * every binary, and what its code expects of Muen.
 *
 * Sources: Solo5's notes "ABI1" (target and version) and "MFT1" (the manifest of devices);
 * Muen's subject info, whose magic is a constant in the code of the muen bindings.
 */
#ifndef SOLO5_UNIKERNEL_H
#define SOLO5_UNIKERNEL_H

#include "base/findings.h"
#include "solo5/elf.h"

enum solo5_target {
	SOLO5_HVT = 1,
	SOLO5_SPT = 2,
	SOLO5_VIRTIO = 3,
	SOLO5_MUEN = 4,
	SOLO5_GENODE = 5,
	SOLO5_XEN = 6,
};

enum solo5_device_type {
	SOLO5_BLOCK_BASIC = 1,
	SOLO5_NET_BASIC = 2,
};

#define SOLO5_NAME_MAX 67    /* characters of a device name, [A-Za-z0-9]+ */
#define SOLO5_DEVICES_MAX 63 /* manifest entries without the reserved first one */

struct solo5_device {
	char name[SOLO5_NAME_MAX + 1];
	uint32_t type;	 /* enum solo5_device_type, or a number that Solo5 may define later */
	unsigned handle; /* index in the manifest: the first device is 1 */
};

/* Revisions of Muen's subject info (sinfo) that Solo5 bindings know. */
#define SINFO_REVISION_MIN 2
#define SINFO_REVISION_MAX 5

struct unikernel {
	struct elf elf;
	uint32_t target;      /* enum solo5_target, or a number that is none of them */
	uint32_t abi_version; /* per target; muen: 2, 3 or 4 */
	struct solo5_device devices[SOLO5_DEVICES_MAX];
	size_t device_count;
	unsigned sinfo_revision; /* 2..5; 0 if the code holds no such constant */
	bool sinfo_ambiguous;	 /* the code holds constants of several revisions;
				  * sinfo_revision is then the most frequent one */
};

/* Reads the ELF file and its notes. `bytes` is borrowed and must outlive `unikernel`.
 * Fails with ERR_INPUT, saying what the file is if it is no Solo5 unikernel (a host program, a
 * kernel, a compressed file, notes stripped or damaged). Does not judge whether the
 * unikernel can run on Muen: see unikernel_check_muen(). Release with unikernel_free(). */
int unikernel_parse(struct unikernel *unikernel, const unsigned char *bytes, size_t size,
		    struct error *err);
void unikernel_free(struct unikernel *unikernel);

#define cleanup_unikernel cleanup_with(unikernel_free)

/* "hvt", "spt", "virtio", "muen", "genode", "xen", or "unknown". */
const char *solo5_target_name(uint32_t target);

/* "NET_BASIC", "BLOCK_BASIC", or "unknown". */
const char *solo5_device_type_name(uint32_t type);

/* The subject-info revisions that bindings of this muen ABI version were released with,
 * as a bit set (bit n = revision n); 0 for a version that is not known. */
unsigned muen_abi_sinfo_revisions(uint32_t abi_version);

/* Adds everything that would go wrong with the unikernel on Muen: wrong target or ABI, a
 * subject-info revision that does not fit the ABI, block devices, W+X, unaligned or
 * overlapping segments, a bad entry point, addresses that Muen uses itself, sizes no subject can
 * have, device names too long for Muen. FINDING_ERROR means that it cannot work. Independent of RAM
 * and channel sizes, which gencspec checks. */
void unikernel_check_muen(const struct unikernel *unikernel, struct findings *findings);

#endif
