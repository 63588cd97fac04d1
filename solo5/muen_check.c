/* What would go wrong with a unikernel on Muen: what it is, its devices, and what it expects
 * of Muen's subject info. The image itself is judged in muen_image.c. */
#include "solo5/internal.h"

#include <stdio.h>
#include <string.h>

#define MEND_MUEN "build it for Muen: mirage configure -t muen, then make"

/* Muen's names have at most 63 characters; a device NAME becomes the channels "NAME|in" and
 * "NAME|out". */
#define MUEN_NAME_MAX 63
#define DEVICE_NAME_MAX (MUEN_NAME_MAX - (sizeof("|out") - 1))

/* Manifest entries from this type on are no devices (MFT_RESERVED_FIRST of Solo5). */
#define RESERVED_TYPES 0x40000000u

#define ABI_FIRST 2
#define ABI_LAST 4

static void check_target(const struct unikernel *unikernel, struct findings *findings)
{
	char machine[24];

	if (unikernel->elf.machine != EM_X86_64)
		findings_add(findings, FINDING_ERROR, "build it on or for an x86-64 machine",
			     "it is for %s, Muen runs x86-64 code only",
			     elf_machine_name(unikernel->elf.machine, machine));
	if (unikernel->elf.type != ET_EXEC)
		findings_add(findings, FINDING_ERROR,
			     "link it as a static executable with fixed addresses "
			     "(-static, no -pie), as Solo5's toolchain does",
			     "its ELF type is %u%s, %u (executable) was expected: nothing on Muen "
			     "would relocate it",
			     unikernel->elf.type,
			     unikernel->elf.type == ET_DYN ? " (position independent)" : "",
			     ET_EXEC);
	if (unikernel->target == SOLO5_MUEN)
		return;
	if (!strcmp(solo5_target_name(unikernel->target), "unknown"))
		findings_add(findings, FINDING_ERROR, MEND_MUEN,
			     "it is built for Solo5 target %u, which is unknown; target %d (muen) "
			     "was expected",
			     unikernel->target, SOLO5_MUEN);
	else
		findings_add(findings, FINDING_ERROR, MEND_MUEN,
			     "it is built for Solo5's target %s, Muen runs only unikernels for "
			     "the target muen",
			     solo5_target_name(unikernel->target));
}

static void check_abi(const struct unikernel *unikernel, struct findings *findings)
{
	if (unikernel->target != SOLO5_MUEN ||
	    (unikernel->abi_version >= ABI_FIRST && unikernel->abi_version <= ABI_LAST))
		return;
	findings_add(findings, FINDING_ERROR,
		     "build it with a Solo5 release from 0.6 to 0.12, or use a newer release of "
		     "this program",
		     "its muen ABI has version %u, versions %d to %d are known",
		     unikernel->abi_version, ABI_FIRST, ABI_LAST);
}

/* The revisions in a bit set as people write them: "03 or 04". */
static void revisions_text(unsigned revisions, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned n = SINFO_REVISION_MIN; n <= SINFO_REVISION_MAX && used < size; n++)
		if (revisions & 1u << n)
			used += (size_t)snprintf(text + used, size - used, "%s%02u",
						 used ? " or " : "", n);
}

static void check_sinfo(const struct unikernel *unikernel, struct findings *findings)
{
	unsigned expected = muen_abi_sinfo_revisions(unikernel->abi_version);
	char text[64];

	if (unikernel->target != SOLO5_MUEN)
		return;
	if (!unikernel->sinfo_revision) {
		findings_add(
			findings, FINDING_WARNING,
			"make sure that it is linked with Solo5's muen bindings, and try it on "
			"the Muen release that it is meant for",
			"its code holds no magic of Muen's subject info (revisions %02d to "
			"%02d), so it cannot be told which Muen releases it can run on",
			SINFO_REVISION_MIN, SINFO_REVISION_MAX);
		return;
	}
	if (unikernel->sinfo_ambiguous)
		findings_add(findings, FINDING_WARNING,
			     "remove what was built before and build it again, so that all of it "
			     "comes from one Solo5 release",
			     "its code holds the magic of several revisions of Muen's subject "
			     "info, most often %02u: parts of it may find no devices and no clock",
			     unikernel->sinfo_revision);
	if (!expected || expected & 1u << unikernel->sinfo_revision)
		return;
	revisions_text(expected, text, sizeof(text));
	findings_add(findings, FINDING_WARNING,
		     "remove what was built before and build it again, so that all of it comes "
		     "from one Solo5 release",
		     "it expects subject info revision %02u, but bindings with muen ABI version "
		     "%u were released with revision %s",
		     unikernel->sinfo_revision, unikernel->abi_version, text);
}

static void check_device(const struct solo5_device *device, struct findings *findings)
{
	if (device->type == SOLO5_BLOCK_BASIC)
		findings_add(findings, FINDING_ERROR,
			     "configure the unikernel without block devices, for instance with its "
			     "data compiled in or fetched over the network",
			     "device '%s' is a block device, Solo5 has no block devices on Muen",
			     device->name);
	else if (device->type >= RESERVED_TYPES)
		findings_add(findings, FINDING_WARNING,
			     "build it with a Solo5 release from 0.6 to 0.12",
			     "manifest entry %u ('%s') has the reserved type %#x and is left out",
			     device->handle, device->name, device->type);
	else if (device->type != SOLO5_NET_BASIC)
		findings_add(findings, FINDING_ERROR,
			     "build it with a Solo5 release from 0.6 to 0.12, or use a newer "
			     "release of this program",
			     "device '%s' has the unknown type %u, Muen serves only network "
			     "devices (type %d)",
			     device->name, device->type, SOLO5_NET_BASIC);
	if (strlen(device->name) > DEVICE_NAME_MAX)
		findings_add(findings, FINDING_ERROR,
			     "give the device a shorter name in the unikernel's configuration",
			     "the name of device '%s' has %zu characters, at most %zu fit: Muen's "
			     "channel \"NAME|out\" has at most %d",
			     device->name, strlen(device->name), DEVICE_NAME_MAX, MUEN_NAME_MAX);
}

void unikernel_check_muen(const struct unikernel *unikernel, struct findings *findings)
{
	check_target(unikernel, findings);
	check_abi(unikernel, findings);
	check_sinfo(unikernel, findings);
	for (size_t i = 0; i < unikernel->device_count; i++)
		check_device(&unikernel->devices[i], findings);
	check_muen_image(unikernel, findings);
}
