/* What the hvt parts of the hostile guest make their hypercalls with. */
#include "tests/guests/hostile-hvt.h"
#include "tests/guests/lib/manifest.h"
#include "tests/guests/lib/platform.h"

uint8_t hostile_good_buffer[GOOD_SIZE];
static const uint8_t read_only_buffer[GOOD_SIZE];

uint64_t hostile_address(enum place place, uint64_t length)
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
	case APIC:
		return 0xfee00000;
	case ONE_TIB:
		return 1ull << 40;
	case RING:
		return (uintptr_t)hvt_ring();
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
