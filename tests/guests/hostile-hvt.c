/* Hypercalls with arguments that lie. The flavour "bare" has no devices. */
#include "tests/guests/hostile-hvt.h"
#include "tests/guests/lib/manifest.h"
#include "tests/guests/lib/platform.h"

#ifdef HOSTILE_BARE
SOLO5_MANIFEST();
#else
SOLO5_MANIFEST(NET_BASIC("service"), BLOCK_BASIC("storage"));
#endif

#define TRAP_COOKIE 512 /* bytes that the tender may read at HALT's cookie */

/* A length that the hypercall would use honestly. */
#define NATURAL UINT64_MAX - 255

enum place {
	GOOD,	    /* a buffer of our own */
	END_EXACT,  /* ends where memory ends: the only honest one of these */
	ACROSS_END, /* half of it is behind the end */
	AT_END,
	BEYOND, /* 1 GiB behind the end */
	TOP32,	/* the last eight bytes below 4 GiB */
	TOP64,	/* the last 16 bytes that an address can name */
	ZERO,
	PAGE_TABLES,
	BOOT_INFO,
	TEXT,
	RODATA, /* all zero */
};

uint8_t hostile_good_buffer[GOOD_SIZE];
static const uint8_t read_only_buffer[GOOD_SIZE];

static uint64_t address_of(enum place place, uint64_t length)
{
	uint64_t end = guest_memory_size();

	switch (place) {
	case GOOD:
		return (uintptr_t)hostile_good_buffer;
	case END_EXACT:
		return end - length;
	case ACROSS_END:
		return end - length / 2;
	case AT_END:
		return end;
	case BEYOND:
		return end + (1ull << 30);
	case TOP32:
		return 0xfffffff8;
	case TOP64:
		return UINT64_MAX - 15;
	case ZERO:
		return 0;
	case PAGE_TABLES:
		return 0x2000;
	case BOOT_INFO:
		return entry_registers.rdi;
	case TEXT:
		return (uintptr_t)_stext;
	case RODATA:
		return (uintptr_t)read_only_buffer;
	}
	return 0;
}

/* The first device of that kind, as the bindings would find it; 1 if there is none. */
static solo5_handle_t honest_handle(unsigned number)
{
	solo5_handle_t handle = number == HVT_BLOCK_READ || number == HVT_BLOCK_WRITE
					? manifest_find("storage", MANIFEST_BLOCK_BASIC)
					: manifest_find("service", MANIFEST_NET_BASIC);

	return handle ? handle : 1;
}

static uint64_t natural_length(unsigned number)
{
	return number == HVT_HALT ? TRAP_COOKIE : number == HVT_NET_READ ? 1514 : 512;
}

/* The hypercall's structure, honest but for the data's address and length. */
union hypercall hostile_fill(unsigned number, uint64_t data, uint64_t length)
{
	union hypercall call = { .block = { .handle = 0 } };

	if (number == HVT_PUTS)
		call.puts = (struct hvt_puts){ .data = data, .length = length };
	else if (number == HVT_BLOCK_READ || number == HVT_BLOCK_WRITE)
		call.block = (struct hvt_block){ .handle = honest_handle(number),
						 .data = data,
						 .length = length };
	else if (number == HVT_NET_READ || number == HVT_NET_WRITE)
		call.net = (struct hvt_net){ .handle = honest_handle(number),
					     .data = data,
					     .length = length };
	else if (number == HVT_HALT)
		call.halt = (struct hvt_halt){ .cookie = data, .status = 7 };
	return call;
}

static int32_t result_of(unsigned number, const union hypercall *call)
{
	if (number == HVT_BLOCK_READ || number == HVT_BLOCK_WRITE)
		return call->block.result;
	if (number == HVT_NET_READ || number == HVT_NET_WRITE)
		return call->net.result;
	return number == HVT_POLL ? call->poll.result : 0;
}

void hostile_call(unsigned number, union hypercall *call)
{
	hvt_call(number, call);
	print("hostile: result %d\n", result_of(number, call));
}

/* a: where the buffer is, b: its length */
static void attempt_buffer(const struct hostile_group *group, const struct hostile_case *what)
{
	uint64_t natural = natural_length(group->number);
	uint64_t length = what->b == NATURAL ? natural : what->b;
	union hypercall call =
		hostile_fill(group->number, address_of((enum place)what->a, natural), length);

	hostile_call(group->number, &call);
}

static const struct hostile_case buffers[] = {
	{ "end-exact", END_EXACT, NATURAL },
	{ "across-end", ACROSS_END, NATURAL },
	{ "at-end", AT_END, NATURAL },
	{ "at-end-one-byte", AT_END, 1 },
	{ "at-end-empty", AT_END, 0 },
	{ "beyond", BEYOND, NATURAL },
	{ "wraps", TOP64, NATURAL },
	{ "empty", GOOD, 0 },
	{ "length-4g", GOOD, 1ull << 32 },
	{ "length-4g-and-some", GOOD, (1ull << 32) + 512 },
	{ "length-2-63", GOOD, 1ull << 63 },
	{ "length-max", GOOD, UINT64_MAX },
	{ "length-wraps-to-low", TOP64, 0x2000 },
	{ "zero-page", ZERO, NATURAL },
	{ "page-tables", PAGE_TABLES, NATURAL },
	{ "boot-info", BOOT_INFO, NATURAL },
	{ "text", TEXT, NATURAL },
	{ "rodata", RODATA, NATURAL },
};

/* a: where the hypercall's structure is */
static void attempt_structure(const struct hostile_group *group, const struct hostile_case *what)
{
	union hypercall call = hostile_fill(group->number, (uintptr_t)hostile_good_buffer, 16);
	uint64_t place = address_of((enum place)what->a, sizeof(call));

	if (what->a == END_EXACT || what->a == GOOD)
		memcpy((void *)place, &call, sizeof(call));
	hvt_hypercall(group->number, place);
}

static const struct hostile_case structures[] = {
	{ "end-exact", END_EXACT, 0 },
	{ "across-end", ACROSS_END, 0 },
	{ "at-end", AT_END, 0 },
	{ "beyond", BEYOND, 0 },
	{ "top", TOP32, 0 },
	{ "zero-page", ZERO, 0 },
	{ "page-tables", PAGE_TABLES, 0 },
	{ "boot-info", BOOT_INFO, 0 },
	{ "text", TEXT, 0 },
	{ "rodata", RODATA, 0 },
};

#define BUFFER(title, number) HOSTILE_GROUP(title, buffers, attempt_buffer, number)
#define STRUCTURE(title, number) HOSTILE_GROUP(title, structures, attempt_structure, number)

static const struct hostile_group groups[] = {
	BUFFER("puts", HVT_PUTS),
	BUFFER("block-write", HVT_BLOCK_WRITE),
	BUFFER("block-read", HVT_BLOCK_READ),
	BUFFER("net-write", HVT_NET_WRITE),
	BUFFER("net-read", HVT_NET_READ),
	BUFFER("halt-cookie", HVT_HALT),
	STRUCTURE("walltime-structure", HVT_WALLTIME),
	STRUCTURE("puts-structure", HVT_PUTS),
	STRUCTURE("poll-structure", HVT_POLL),
	STRUCTURE("block-write-structure", HVT_BLOCK_WRITE),
	STRUCTURE("block-read-structure", HVT_BLOCK_READ),
	STRUCTURE("net-write-structure", HVT_NET_WRITE),
	STRUCTURE("net-read-structure", HVT_NET_READ),
	STRUCTURE("halt-structure", HVT_HALT),
};

static const struct hostile_part pointers = HOSTILE_PART(groups);

const struct hostile_part *const hostile_parts[] = {
	&pointers, &hostile_values, &hostile_ring, &hostile_paging, &hostile_cpu, NULL,
};
