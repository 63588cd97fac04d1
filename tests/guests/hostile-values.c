/* Hypercalls with handles, offsets, numbers and ports that are not honest. */
#include "tests/guests/hostile-hvt.h"
#include "tests/guests/lib/platform.h"

/* a: the handle */
static void attempt_handle(const struct hostile_group *group, const struct hostile_case *what)
{
	union hypercall call = hostile_fill(group->number, (uintptr_t)hostile_good_buffer, 512);

	if (group->number == HVT_BLOCK_READ || group->number == HVT_BLOCK_WRITE)
		call.block.handle = what->a;
	else
		call.net.handle = what->a;
	hostile_call(group->number, &call);
}

static const struct hostile_case handles[] = {
	{ "0", 0, 0 },
	{ "1", 1, 0 },
	{ "2", 2, 0 },
	{ "3", 3, 0 },
	{ "63", 63, 0 },
	{ "64", 64, 0 },
	{ "4g-and-1", (1ull << 32) + 1, 0 },
	{ "4g-and-2", (1ull << 32) + 2, 0 },
	{ "2-63", 1ull << 63, 0 },
	{ "max", UINT64_MAX, 0 },
};

/* a: the offset, counted from the capacity; b: the length */
static void attempt_offset(const struct hostile_group *group, const struct hostile_case *what)
{
	union hypercall call = hostile_fill(group->number, (uintptr_t)hostile_good_buffer, what->b);
	uint64_t handle = call.block.handle;

	if (handle < guest_manifest()->entries)
		call.block.offset = guest_manifest()->entry[handle].u.block.capacity + what->a;
	hostile_call(group->number, &call);
}

static const struct hostile_case offsets[] = {
	{ "last-block", (uint64_t)-512, 512 },
	{ "across-capacity", (uint64_t)-512, 1024 },
	{ "at-capacity", 0, 512 },
	{ "at-capacity-empty", 0, 0 },
	{ "unaligned", (uint64_t)-511, 16 },
	{ "far", 1ull << 62, 512 },
	{ "sum-wraps", (uint64_t)-512, (uint64_t)-1024 },
};

enum port_access { OUT8, OUT16, OUT32, OUT_STRING, IN8, IN16, IN32, IN_STRING };

/* a: the port, b: how it is accessed */
static void attempt_port(const struct hostile_group *group, const struct hostile_case *what)
{
	uint32_t value = (uint32_t)(uintptr_t)hostile_good_buffer;
	uint16_t port = (uint16_t)what->a;
	void *string = hostile_good_buffer;
	uint64_t count = 8;

	(void)group;
	switch ((enum port_access)what->b) {
	case OUT8:
		__asm__ __volatile__("outb %b0, %1" : : "a"(value), "d"(port) : "memory");
		break;
	case OUT16:
		__asm__ __volatile__("outw %w0, %1" : : "a"(value), "d"(port) : "memory");
		break;
	case OUT32:
		cpu_out32(port, value);
		break;
	case OUT_STRING:
		__asm__ __volatile__("rep outsl"
				     : "+S"(string), "+c"(count)
				     : "d"(port)
				     : "memory");
		break;
	case IN8:
		__asm__ __volatile__("inb %1, %b0" : "+a"(value) : "d"(port) : "memory");
		break;
	case IN16:
		__asm__ __volatile__("inw %1, %w0" : "+a"(value) : "d"(port) : "memory");
		break;
	case IN32:
		__asm__ __volatile__("inl %1, %0" : "+a"(value) : "d"(port) : "memory");
		break;
	case IN_STRING:
		__asm__ __volatile__("rep insl" : "+D"(string), "+c"(count) : "d"(port) : "memory");
		break;
	}
	print("hostile: value 0x%x\n", value);
}

static const struct hostile_case ports[] = {
	{ "number-0", HVT_PORT, OUT32 },
	{ "number-9", HVT_PORT + 9, OUT32 },
	{ "number-255", HVT_PORT + 255, OUT32 },
	{ "below", HVT_PORT - 1, OUT32 },
	{ "port-0", 0, OUT32 },
	{ "port-max", 0xffff, OUT32 },
	{ "serial", 0x3f8, OUT8 },
	{ "pci", 0xcf8, OUT32 },
	{ "reset", 0xcf9, OUT8 },
	{ "kick", HVT_KICK_PORT, OUT32 },
	{ "kick-8", HVT_KICK_PORT, OUT8 },
	{ "out-8", HVT_PORT + HVT_WALLTIME, OUT8 },
	{ "out-16", HVT_PORT + HVT_WALLTIME, OUT16 },
	{ "out-string", HVT_PORT + HVT_PUTS, OUT_STRING },
	{ "in-8", HVT_PORT + HVT_WALLTIME, IN8 },
	{ "in-16", HVT_PORT + HVT_WALLTIME, IN16 },
	{ "in-32", HVT_PORT + HVT_WALLTIME, IN32 },
	{ "in-string", HVT_PORT + HVT_WALLTIME, IN_STRING },
};

/* a: the timeout */
static void attempt_poll(const struct hostile_group *group, const struct hostile_case *what)
{
	union hypercall call = { .poll = { .timeout = what->a } };

	hostile_call(group->number, &call);
	print("hostile: ready 0x%lx\n", call.poll.ready);
}

/* The last three last for ever unless a frame comes. */
static const struct hostile_case timeouts[] = {
	{ "0", 0, 0 },
	{ "1", 1, 0 },
	{ "2-62", 1ull << 62, 0 },
	{ "2-63", 1ull << 63, 0 },
	{ "max", UINT64_MAX, 0 },
};

/* a: the status */
static void attempt_halt(const struct hostile_group *group, const struct hostile_case *what)
{
	union hypercall call = { .halt = { .status = (int32_t)what->a } };

	hvt_call(group->number, &call);
}

static const struct hostile_case statuses[] = {
	{ "status-256", 256, 0 },
	{ "status-minus-1", (uint64_t)-1, 0 },
	{ "status-min", 0x80000000, 0 },
};

#define HANDLE(title, number) HOSTILE_GROUP(title, handles, attempt_handle, number)
#define OFFSET(title, number) HOSTILE_GROUP(title, offsets, attempt_offset, number)

static const struct hostile_group groups[] = {
	HANDLE("block-write-handle", HVT_BLOCK_WRITE),
	HANDLE("block-read-handle", HVT_BLOCK_READ),
	HANDLE("net-write-handle", HVT_NET_WRITE),
	HANDLE("net-read-handle", HVT_NET_READ),
	OFFSET("block-write-offset", HVT_BLOCK_WRITE),
	OFFSET("block-read-offset", HVT_BLOCK_READ),
	HOSTILE_GROUP("port", ports, attempt_port, 0),
	HOSTILE_GROUP("poll", timeouts, attempt_poll, HVT_POLL),
	HOSTILE_GROUP("halt", statuses, attempt_halt, HVT_HALT),
};

const struct hostile_part hostile_values = HOSTILE_PART(groups);
