/* A network ring that lies. The tender reads it at any time, so each case leaves it the time to. */
#include "tests/guests/hostile-hvt.h"
#include "tests/guests/lib/platform.h"

#define MILLISECOND 1000000ull
#define ROUNDS 2000

enum lie {
	TAIL_JUMP,	/* entry_tail += b */
	OPERATION,	/* an entry with operation b */
	HANDLE,		/* an entry with handle b */
	DATA,		/* an entry with data at place b */
	LENGTH,		/* an entry with length b */
	COMMIT_HEAD,	/* commit_head += b */
	TENDER_MEMBERS, /* writes into what belongs to the tender */
	KICKS,		/* b kicks without an entry */
	READ_FLOOD,	/* b reads whose commits are never taken */
	CHANGING,	/* entries whose members change while the tender looks at them */
	CHANGING_TAIL,	/* the tail goes to and fro */
};

static void submit(volatile struct hvt_ring *ring, struct hvt_ring_entry entry)
{
	uint32_t tail = ring->entry_tail;
	volatile struct hvt_ring_entry *slot = &ring->entries[tail % HVT_RING_SLOTS];

	slot->operation = entry.operation;
	slot->handle = entry.handle;
	slot->data = entry.data;
	slot->length = entry.length;
	slot->id = tail;
	cpu_barrier();
	ring->entry_tail = tail + 1;
	cpu_out32(HVT_KICK_PORT, 0);
}

static struct hvt_ring_entry honest(enum hvt_ring_operation operation)
{
	return (struct hvt_ring_entry){
		.operation = operation,
		.handle = (uint32_t)manifest_find("service", MANIFEST_NET_BASIC),
		.data = (uintptr_t)hostile_good_buffer,
		.length = 1514,
	};
}

/* One read and one write, each with one wrong member. */
static void submit_spoilt(volatile struct hvt_ring *ring, const struct hostile_case *what)
{
	for (unsigned operation = HVT_RING_WRITE; operation <= HVT_RING_READ; operation++) {
		struct hvt_ring_entry entry = honest((enum hvt_ring_operation)operation);

		if (what->a == OPERATION)
			entry.operation = (uint32_t)what->b;
		else if (what->a == HANDLE)
			entry.handle = (uint32_t)what->b;
		else if (what->a == DATA)
			entry.data = hostile_address((enum place)what->b, entry.length);
		else
			entry.length = (uint32_t)what->b;
		submit(ring, entry);
	}
}

static void change_entries(volatile struct hvt_ring *ring)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		volatile struct hvt_ring_entry *slot =
			&ring->entries[ring->entry_tail % HVT_RING_SLOTS];

		submit(ring, honest(i % 2 ? HVT_RING_WRITE : HVT_RING_READ));
		slot->data = guest_memory_size() - 8;
		slot->length = UINT32_MAX;
		slot->handle = UINT32_MAX;
	}
}

static void change_tail(volatile struct hvt_ring *ring)
{
	uint32_t tail = ring->entry_tail;

	for (unsigned i = 0; i < ROUNDS; i++) {
		ring->entry_tail = i % 2 ? tail : tail + 0x80000000u;
		cpu_out32(HVT_KICK_PORT, 0);
	}
	ring->entry_tail = tail;
}

static void write_tender_members(volatile struct hvt_ring *ring)
{
	ring->entry_head += 500;
	ring->commit_tail -= 500;
	ring->needs_kick = 0;
	memset((void *)(uintptr_t)ring->commits, 0xff, sizeof(ring->commits));
}

static void lie(volatile struct hvt_ring *ring, const struct hostile_case *what)
{
	switch ((enum lie)what->a) {
	case TAIL_JUMP:
		ring->entry_tail += (uint32_t)what->b;
		cpu_out32(HVT_KICK_PORT, 0);
		break;
	case OPERATION:
	case HANDLE:
	case DATA:
	case LENGTH:
		submit_spoilt(ring, what);
		break;
	case COMMIT_HEAD:
		ring->commit_head += (uint32_t)what->b;
		submit(ring, honest(HVT_RING_READ));
		break;
	case TENDER_MEMBERS:
		write_tender_members(ring);
		submit(ring, honest(HVT_RING_READ));
		break;
	case KICKS:
		for (uint64_t i = 0; i < what->b; i++)
			cpu_out32(HVT_KICK_PORT, 0);
		break;
	case READ_FLOOD:
		for (uint64_t i = 0; i < what->b; i++)
			submit(ring, honest(HVT_RING_READ));
		break;
	case CHANGING:
		change_entries(ring);
		break;
	case CHANGING_TAIL:
		change_tail(ring);
		break;
	}
}

static void attempt(const struct hostile_group *group, const struct hostile_case *what)
{
	volatile struct hvt_ring *ring = hvt_ring();

	(void)group;
	if (!ring) {
		print("hostile: no ring is offered\n");
		return;
	}
	lie(ring, what);
	for (unsigned i = 0; i < 5; i++)
		solo5_yield(solo5_clock_monotonic() + 10 * MILLISECOND, NULL);
	print("hostile: entries %u to %u, commits %u to %u\n", ring->entry_head, ring->entry_tail,
	      ring->commit_head, ring->commit_tail);
}

static const struct hostile_case cases[] = {
	{ "tail-1024", TAIL_JUMP, 1024 },
	{ "tail-1025", TAIL_JUMP, 1025 },
	{ "tail-2-31", TAIL_JUMP, 1u << 31 },
	{ "tail-back", TAIL_JUMP, UINT32_MAX },
	{ "operation-0", OPERATION, 0 },
	{ "operation-max", OPERATION, UINT32_MAX },
	{ "handle-0", HANDLE, 0 },
	{ "handle-max", HANDLE, UINT32_MAX },
	{ "data-across-end", DATA, ACROSS_END },
	{ "data-beyond", DATA, BEYOND },
	{ "data-wraps", DATA, TOP64 },
	{ "data-at-end", DATA, AT_END },
	{ "data-text", DATA, TEXT },
	{ "data-rodata", DATA, RODATA },
	{ "data-page-tables", DATA, PAGE_TABLES },
	{ "data-ring", DATA, RING },
	{ "length-max", LENGTH, UINT32_MAX },
	{ "length-0", LENGTH, 0 },
	{ "length-65536", LENGTH, 65536 },
	{ "commit-head-ahead", COMMIT_HEAD, 5000 },
	{ "commit-head-back", COMMIT_HEAD, UINT32_MAX },
	{ "tender-members", TENDER_MEMBERS, 0 },
	{ "kicks", KICKS, ROUNDS },
	{ "read-flood", READ_FLOOD, 3 * HVT_RING_SLOTS },
	{ "changing-entries", CHANGING, 0 },
	{ "changing-tail", CHANGING_TAIL, 0 },
};

static const struct hostile_group groups[] = { HOSTILE_GROUP("ring", cases, attempt, 0) };

const struct hostile_part hostile_ring = HOSTILE_PART(groups);
