/* Network devices of hvt: by hypercall, or through the ring if the tender offers it. */
#include "tests/guests/lib/guest.h"
#include "tests/guests/lib/hvt.h"
#include "tests/guests/lib/platform.h"

static uint64_t acquired;

bool net_overrun_is_fatal;

void print_net_channel(solo5_handle_t handle, const char *name)
{
	(void)handle;
	(void)name;
}

#if GUEST_HVT_RING

/* A frame stays here until the tender has read it: it may do so after the call has returned. */
static uint8_t write_buffers[HVT_RING_SLOTS][HVT_RING_WRITE_MAX];

static void submit(volatile struct hvt_ring *ring, enum hvt_ring_operation operation,
		   solo5_handle_t handle, uintptr_t data, size_t length)
{
	uint32_t tail = ring->entry_tail;
	volatile struct hvt_ring_entry *entry = &ring->entries[tail % HVT_RING_SLOTS];

	entry->operation = operation;
	entry->handle = (uint32_t)handle;
	entry->data = data;
	entry->length = (uint32_t)length;
	entry->id = tail;
	cpu_barrier();
	ring->entry_tail = tail + 1;
	/* needs_kick must not be read before the tail is visible. */
	__asm__ __volatile__("mfence" ::: "memory");
	if (ring->needs_kick)
		cpu_out32(HVT_KICK_PORT, 0);
}

static void ring_write(volatile struct hvt_ring *ring, solo5_handle_t handle, const uint8_t *frame,
		       size_t size)
{
	uint32_t tail = ring->entry_tail;
	uint8_t *buffer = write_buffers[tail % HVT_RING_SLOTS];

	while (tail - ring->entry_head >= HVT_RING_SLOTS - 1)
		cpu_pause();
	memcpy(buffer, frame, size);
	submit(ring, HVT_RING_WRITE, handle, (uintptr_t)buffer, size);
}

static solo5_result_t ring_read(volatile struct hvt_ring *ring, solo5_handle_t handle,
				uint8_t *frame, size_t size, size_t *read_size)
{
	uint32_t head = ring->commit_head;
	volatile struct hvt_ring_commit *commit = &ring->commits[head % HVT_RING_SLOTS];
	solo5_result_t result;

	while (ring->entry_tail - ring->entry_head >= HVT_RING_SLOTS - 1)
		cpu_pause();
	submit(ring, HVT_RING_READ, handle, (uintptr_t)frame, size);
	while (ring->commit_tail == head)
		cpu_pause();
	cpu_barrier();
	result = (solo5_result_t)commit->result;
	if (result == SOLO5_R_OK)
		*read_size = commit->length;
	cpu_barrier();
	ring->commit_head = head + 1;
	return result;
}

#endif

static bool is_acquired(solo5_handle_t handle)
{
	return handle < MANIFEST_ENTRIES_MAX && acquired & (1ull << handle);
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
				 struct solo5_net_info *info)
{
	solo5_handle_t found = manifest_find(name, MANIFEST_NET_BASIC);
	const struct manifest_entry *entry = &guest_manifest()->entry[found];

	if (!found)
		return SOLO5_R_EINVAL;
	guest_assert(entry->attached);
	acquired |= 1ull << found;
	*handle = found;
	memcpy(info->mac_address, entry->u.net.mac, sizeof(info->mac_address));
	info->mtu = entry->u.net.mtu;
	log_print(LOG_INFO, "Solo5: Net: %s: %s\n", name, hvt_ring() ? "ring" : "hypercalls");
	return SOLO5_R_OK;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *frame, size_t size)
{
	struct hvt_net net = { .handle = handle, .data = (uintptr_t)frame, .length = size };

	if (!is_acquired(handle))
		return SOLO5_R_EINVAL;
#if GUEST_HVT_RING
	if (hvt_ring() && size <= HVT_RING_WRITE_MAX) {
		ring_write(hvt_ring(), handle, frame, size);
		return SOLO5_R_OK;
	}
#endif
	hvt_call(HVT_NET_WRITE, &net);
	return (solo5_result_t)net.result;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *frame, size_t size, size_t *read_size)
{
	struct hvt_net net = { .handle = handle, .data = (uintptr_t)frame, .length = size };

	if (!is_acquired(handle))
		return SOLO5_R_EINVAL;
#if GUEST_HVT_RING
	if (hvt_ring())
		return ring_read(hvt_ring(), handle, frame, size, read_size);
#endif
	hvt_call(HVT_NET_READ, &net);
	if (net.result == SOLO5_R_OK)
		*read_size = net.length;
	return (solo5_result_t)net.result;
}
