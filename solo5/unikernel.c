#include "solo5/unikernel.h"

#include "solo5/internal.h"

#include <string.h>

static int read_notes(struct unikernel *unikernel, struct error *err)
{
	struct note abi, manifest;
	uint32_t words[2];

	if (note_find(&unikernel->elf, &note_abi, &abi, err) < 0 ||
	    note_find(&unikernel->elf, &note_manifest, &manifest, err) < 0)
		return -1;
	if (!abi.payload || !manifest.payload)
		return describe_fail(&unikernel->elf, abi.payload, manifest.payload, err);
	memcpy(words, abi.payload, sizeof(words));
	unikernel->target = words[0];
	unikernel->abi_version = words[1];
	return manifest_parse(unikernel, &manifest, err);
}

int unikernel_parse(struct unikernel *unikernel, const unsigned char *bytes, size_t size,
		    struct error *err)
{
	*unikernel = (struct unikernel){ 0 };
	if (elf_parse(&unikernel->elf, bytes, size, err) < 0)
		return -1;
	if (read_notes(unikernel, err) < 0) {
		unikernel_free(unikernel);
		return -1;
	}
	if (unikernel->target == SOLO5_MUEN)
		sinfo_find(unikernel);
	return 0;
}

void unikernel_free(struct unikernel *unikernel)
{
	elf_free(&unikernel->elf);
	*unikernel = (struct unikernel){ 0 };
}

const char *solo5_target_name(uint32_t target)
{
	static const char *const names[] = {
		[SOLO5_HVT] = "hvt",   [SOLO5_SPT] = "spt",	  [SOLO5_VIRTIO] = "virtio",
		[SOLO5_MUEN] = "muen", [SOLO5_GENODE] = "genode", [SOLO5_XEN] = "xen",
	};

	if (target < SOLO5_HVT || target > SOLO5_XEN)
		return "unknown";
	return names[target];
}

const char *solo5_device_type_name(uint32_t type)
{
	switch (type) {
	case SOLO5_NET_BASIC:
		return "NET_BASIC";
	case SOLO5_BLOCK_BASIC:
		return "BLOCK_BASIC";
	default:
		return "unknown";
	}
}

unsigned muen_abi_sinfo_revisions(uint32_t abi_version)
{
	switch (abi_version) {
	case 2: /* Solo5 0.6 and 0.7 */
		return 1u << 3;
	case 3: /* Solo5 0.8 to 0.10.0 have 3, 0.10.1 to 0.12.0 have 4 */
		return 1u << 3 | 1u << 4;
	case 4: /* Solo5 0.12.1 */
		return 1u << 5;
	default:
		return 0;
	}
}
