/* Looks at what lies below and beside the image: the zero page, the boot info, the pages that
 * belong to the environment. Each access says how it went; with the name of one as its argument
 * that access alone is made, and its fault ends the guest. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

enum expectation { FAULTS, WORKS, EITHER };

struct probe {
	const char *name;
	uintptr_t address; /* 0 with `boot_info`: the boot info's */
	bool boot_info;
	bool write;
	enum expectation expectation;
};

#ifdef GUEST_HVT
static const struct probe probes[] = {
	{ "read-zero-page", 0x0, false, false, FAULTS },
	{ "write-zero-page", 0x0, false, true, FAULTS },
	{ "read-gdt", 0x1000, false, false, FAULTS },
	{ "write-gdt", 0x1000, false, true, FAULTS },
	{ "write-pml4", 0x2000, false, true, FAULTS },
	{ "write-page-table", 0x8000, false, true, FAULTS },
	{ "read-unused", 0xf000, false, false, FAULTS },
	{ "read-boot-info", 0, true, false, WORKS },
	{ "write-boot-info", 0, true, true, FAULTS },
	{ "read-below-image", 0xff000, false, false, EITHER },
	{ "write-below-image", 0xff000, false, true, FAULTS },
};
#else
static const struct probe probes[] = {
	{ "read-zero-page", 0x0, false, false, FAULTS },
	{ "write-zero-page", 0x0, false, true, FAULTS },
	{ "read-boot-info", 0, true, false, WORKS },
	{ "write-boot-info", 0, true, true, FAULTS },
	{ "read-below-image", 0x1ff000, false, false, EITHER },
	{ "write-below-image", 0x1ff000, false, true, FAULTS },
	{ "read-sinfo", 0xe00000000, false, false, WORKS },
	{ "write-sinfo", 0xe00000000, false, true, FAULTS },
	{ "read-schedule", 0xe00008000, false, false, WORKS },
	{ "write-schedule", 0xe00008000, false, true, FAULTS },
};
#endif

#define PROBES (sizeof(probes) / sizeof(probes[0]))

static uintptr_t address_of(const struct probe *probe)
{
	return probe->boot_info ? entry_registers.rdi : probe->address;
}

static bool try_safely(const struct probe *probe)
{
	uintptr_t address = address_of(probe);
	int vector = probe->write ? probe_write(address, 0) : probe_read(address);
	bool good = probe->expectation == EITHER || (probe->expectation == FAULTS) == (vector >= 0);

	print("lowmem: %s at 0x%lx: %s%s\n", probe->name, address, trap_name(vector),
	      good ? "" : " (UNEXPECTED)");
	return good;
}

static int try_fatally(const struct probe *probe)
{
	volatile uint8_t *place = (volatile uint8_t *)address_of(probe);

	print("lowmem: trying %s\n", probe->name);
	__asm__("" : "+r"(place)); /* the compiler takes address 0 for undefined behaviour */
	if (probe->write)
		*place = 0;
	else
		(void)*place;
	print("lowmem: %s went through\n", probe->name);
	return 3;
}

int solo5_app_main(const struct solo5_start_info *info)
{
	unsigned failures = 0;

	for (size_t i = 0; i < PROBES; i++)
		if (!strcmp(info->cmdline, probes[i].name))
			return try_fatally(&probes[i]);
	if (*info->cmdline) {
		print("lowmem: '%s' is none of:", info->cmdline);
		for (size_t i = 0; i < PROBES; i++)
			print(" %s", probes[i].name);
		print("\n");
		return 2;
	}
	for (size_t i = 0; i < PROBES; i++)
		failures += !try_safely(&probes[i]);
	print(failures ? "FAILURE\n" : "SUCCESS\n");
	return failures ? SOLO5_EXIT_FAILURE : SOLO5_EXIT_SUCCESS;
}
