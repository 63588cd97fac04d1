/* One access that breaks W^X, chosen by the argument. What the environment does about it is what
 * is tested: the guest says what it tries, and ends with status 3 if that went through. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/manifest.h"

SOLO5_MANIFEST();

#define RETURN_OPCODE 0xc3
#define STATUS_WENT_THROUGH 3

static const unsigned char code_in_rodata[16] = { RETURN_OPCODE };
static unsigned char code_in_data[16] = { RETURN_OPCODE };
static unsigned char code_in_bss[16];

enum access { READ, WRITE, EXECUTE };

static void try_access(enum access access, volatile unsigned char *place)
{
	print("wx: at 0x%lx\n", (uintptr_t)place);
	if (access == READ)
		(void)*place;
	else if (access == WRITE)
		*place = RETURN_OPCODE;
	else
		((void (*)(void))(uintptr_t)place)();
}

int solo5_app_main(const struct solo5_start_info *info)
{
	unsigned char code_on_stack[16] = { RETURN_OPCODE };
	unsigned char *heap = (unsigned char *)info->heap_start;
	const struct {
		const char *name;
		enum access access;
		const volatile unsigned char *place;
	} probes[] = {
		{ "read-text", READ, _stext },
		{ "write-text", WRITE, _stext },
		{ "write-rodata", WRITE, code_in_rodata },
		{ "execute-rodata", EXECUTE, code_in_rodata },
		{ "execute-data", EXECUTE, code_in_data },
		{ "execute-bss", EXECUTE, code_in_bss },
		{ "execute-heap", EXECUTE, heap },
		{ "execute-stack", EXECUTE, code_on_stack },
	};

	*heap = RETURN_OPCODE;
	code_in_bss[0] = RETURN_OPCODE;
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (strcmp(info->cmdline, probes[i].name))
			continue;
		print("wx: trying %s\n", probes[i].name);
		try_access(probes[i].access, (volatile unsigned char *)(uintptr_t)probes[i].place);
		print("wx: %s went through\n", probes[i].name);
		return STATUS_WENT_THROUGH;
	}
	print("wx: '%s' is none of:", info->cmdline);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		print(" %s", probes[i].name);
	print("\n");
	return 2;
}
