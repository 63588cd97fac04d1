/* Hypercalls with arguments that lie. The flavour "bare" has no devices. */
#include "tests/guests/hostile-hvt.h"
#include "tests/guests/lib/manifest.h"

#ifdef HOSTILE_BARE
SOLO5_MANIFEST();
#else
SOLO5_MANIFEST(NET_BASIC("service"), BLOCK_BASIC("storage"));
#endif

#define TRAP_COOKIE 512 /* bytes that the tender may read at HALT's cookie */

/* A length that the hypercall would use honestly. */
#define NATURAL (UINT64_MAX - 255)

static uint64_t natural_length(unsigned number)
{
	return number == HVT_NET_READ ? 1514 : 512;
}

static uint64_t structure_size(unsigned number)
{
	static const uint8_t sizes[] = {
		[HVT_WALLTIME] = sizeof(struct hvt_walltime),
		[HVT_PUTS] = sizeof(struct hvt_puts),
		[HVT_POLL] = sizeof(struct hvt_poll),
		[HVT_BLOCK_WRITE] = sizeof(struct hvt_block),
		[HVT_BLOCK_READ] = sizeof(struct hvt_block),
		[HVT_NET_WRITE] = sizeof(struct hvt_net),
		[HVT_NET_READ] = sizeof(struct hvt_net),
		[HVT_HALT] = sizeof(struct hvt_halt),
	};

	return sizes[number];
}

/* a: where the buffer is, b: its length */
static void attempt_buffer(const struct hostile_group *group, const struct hostile_case *what)
{
	uint64_t natural = natural_length(group->number);
	uint64_t length = what->b == NATURAL ? natural : what->b;
	union hypercall call =
		hostile_fill(group->number, hostile_address((enum place)what->a, natural), length);

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

/* a: where the trap frame is that HALT points to */
static void attempt_cookie(const struct hostile_group *group, const struct hostile_case *what)
{
	union hypercall call =
		hostile_fill(group->number, hostile_address((enum place)what->a, TRAP_COOKIE), 0);

	hostile_call(group->number, &call);
}

/* a: where the hypercall's structure is */
static void attempt_structure(const struct hostile_group *group, const struct hostile_case *what)
{
	union hypercall call = hostile_fill(group->number, (uintptr_t)hostile_good_buffer, 16);
	uint64_t size = structure_size(group->number);
	uint64_t place = hostile_address((enum place)what->a, size);

	if (what->a == END_EXACT)
		memcpy((void *)place, &call, size);
	hvt_hypercall(group->number, place);
}

static const struct hostile_case places[] = {
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
#define STRUCTURE(title, number) HOSTILE_GROUP(title, places, attempt_structure, number)

static const struct hostile_group groups[] = {
	BUFFER("puts", HVT_PUTS),
	BUFFER("block-write", HVT_BLOCK_WRITE),
	BUFFER("block-read", HVT_BLOCK_READ),
	BUFFER("net-write", HVT_NET_WRITE),
	BUFFER("net-read", HVT_NET_READ),
	HOSTILE_GROUP("halt-cookie", places, attempt_cookie, HVT_HALT),
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
