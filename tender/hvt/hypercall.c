#include "tender/hvt/hypercall.h"

#include "tender/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

const char *hypercall_name(enum hvt_hypercall number)
{
	static const char *const names[HVT_HYPERCALLS] = {
		[0] = "unknown",
		[HVT_WALLTIME] = "walltime",
		[HVT_PUTS] = "puts",
		[HVT_POLL] = "poll",
		[HVT_BLOCK_WRITE] = "block_write",
		[HVT_BLOCK_READ] = "block_read",
		[HVT_NET_WRITE] = "net_write",
		[HVT_NET_READ] = "net_read",
		[HVT_HALT] = "halt",
	};

	return names[number];
}

/* ---- arguments ------------------------------------------------------------------- */

static enum hypercall_outcome invalid_access(const struct hvt *hvt, enum hvt_hypercall call,
					     uint64_t address, uint64_t length,
					     enum guest_access access, struct error *err)
{
	const struct guest_region *region = guest_memory_region(hvt->memory, address);

	err_fail(err, ERR_INPUT,
		 "Invalid guest access: gpa=0x%" PRIx64 ", sz=%" PRIu64
		 ": hypercall %s %s there, where %s%s%s",
		 address, length, hypercall_name(call), access == GUEST_READ ? "reads" : "writes",
		 region ? "the guest's " : "no memory", region ? region->name : "",
		 region ? access == GUEST_WRITE && !region->writable
				  ? " must not be written"
				  : " ends or must not be written"
			: " is");
	return HYPERCALL_FAULT;
}

#define READ_ARGUMENTS(hvt, call, address, arguments, err)                                         \
	do {                                                                                       \
		if (guest_memory_read((hvt)->memory, (address), (arguments),                       \
				      sizeof(*(arguments))) < 0)                                   \
			return invalid_access((hvt), (call), (address), sizeof(*(arguments)),      \
					      GUEST_READ, (err));                                  \
	} while (0)

/* Answers go into the guest's own struct, so a struct in memory that the guest itself could
 * not write is refused as well. */
#define WRITE_ANSWER(hvt, call, address, arguments, field, err)                                    \
	do {                                                                                       \
		uint64_t answer_ = (address) + offsetof(__typeof__(*(arguments)), field);          \
		if (guest_memory_write((hvt)->memory, answer_, &(arguments)->field,                \
				       sizeof((arguments)->field)) < 0)                            \
			return invalid_access((hvt), (call), answer_, sizeof((arguments)->field),  \
					      GUEST_WRITE, (err));                                 \
	} while (0)

/* ---- the calls --------------------------------------------------------------------- */

static enum hypercall_outcome call_walltime(struct hvt *hvt, uint64_t address, struct error *err)
{
	struct hvt_walltime arguments = { .nsecs = clock_nanoseconds(CLOCK_REALTIME) };

	WRITE_ANSWER(hvt, HVT_WALLTIME, address, &arguments, nsecs, err);
	return HYPERCALL_DONE;
}

static enum hypercall_outcome call_puts(struct hvt *hvt, uint64_t address, struct error *err)
{
	struct hvt_puts arguments;
	const void *data;

	READ_ARGUMENTS(hvt, HVT_PUTS, address, &arguments, err);
	data = guest_memory_at(hvt->memory, arguments.data, arguments.length, GUEST_READ);
	if (!data)
		return invalid_access(hvt, HVT_PUTS, arguments.data, arguments.length, GUEST_READ,
				      err);
	console_write(hvt->console, data, arguments.length);
	return HYPERCALL_DONE;
}

static enum hypercall_outcome call_poll(struct hvt *hvt, uint64_t address, struct error *err)
{
	struct hvt_poll arguments;
	struct timespec timeout;

	READ_ARGUMENTS(hvt, HVT_POLL, address, &arguments, err);
	arguments.ready_set = 0;
	arguments.result = 0;
	/* A place that cannot be written is found before the wait, not behind it. */
	WRITE_ANSWER(hvt, HVT_POLL, address, &arguments, ready_set, err);
	timeout.tv_sec = (time_t)(arguments.timeout_nsecs / NSEC_PER_SEC);
	timeout.tv_nsec = (long)(arguments.timeout_nsecs % NSEC_PER_SEC);
	arguments.result = devices_wait(hvt->devices, &timeout, &arguments.ready_set);
	WRITE_ANSWER(hvt, HVT_POLL, address, &arguments, ready_set, err);
	WRITE_ANSWER(hvt, HVT_POLL, address, &arguments, result, err);
	return HYPERCALL_DONE;
}

static enum hvt_result result_of(enum block_result result)
{
	switch (result) {
	case BLOCK_DONE:
		return HVT_OK;
	case BLOCK_INVALID:
		return HVT_EINVAL;
	case BLOCK_FAILED:
	default:
		return HVT_EUNSPEC;
	}
}

static enum hypercall_outcome call_block(struct hvt *hvt, uint64_t address, enum hvt_hypercall call,
					 struct error *err)
{
	enum guest_access access = call == HVT_BLOCK_READ ? GUEST_WRITE : GUEST_READ;
	struct hvt_block_io arguments;
	struct block *block;
	void *data;

	READ_ARGUMENTS(hvt, call, address, &arguments, err);
	block = devices_block(hvt->devices, arguments.handle);
	arguments.result = HVT_EINVAL;
	if (block) {
		data = guest_memory_at(hvt->memory, arguments.data, arguments.length, access);
		if (!data)
			return invalid_access(hvt, call, arguments.data, arguments.length, access,
					      err);
		arguments.result = result_of(
			call == HVT_BLOCK_READ
				? block_read(block, arguments.offset, data, arguments.length)
				: block_write(block, arguments.offset, data, arguments.length));
	}
	WRITE_ANSWER(hvt, call, address, &arguments, result, err);
	return HYPERCALL_DONE;
}

static enum hypercall_outcome call_net_write(struct hvt *hvt, uint64_t address, struct error *err)
{
	struct hvt_net_io arguments;
	struct net *net;
	const void *data;

	READ_ARGUMENTS(hvt, HVT_NET_WRITE, address, &arguments, err);
	net = devices_net(hvt->devices, arguments.handle);
	arguments.result = HVT_EINVAL;
	if (net) {
		data = guest_memory_at(hvt->memory, arguments.data, arguments.length, GUEST_READ);
		if (!data)
			return invalid_access(hvt, HVT_NET_WRITE, arguments.data, arguments.length,
					      GUEST_READ, err);
		net_write(net, data, arguments.length);
		arguments.result = HVT_OK; /* a frame that is lost is a matter of networks */
	}
	WRITE_ANSWER(hvt, HVT_NET_WRITE, address, &arguments, result, err);
	return HYPERCALL_DONE;
}

static enum hypercall_outcome call_net_read(struct hvt *hvt, uint64_t address, struct error *err)
{
	struct hvt_net_io arguments;
	struct net *net;
	size_t length;
	void *data;

	READ_ARGUMENTS(hvt, HVT_NET_READ, address, &arguments, err);
	net = devices_net(hvt->devices, arguments.handle);
	arguments.result = HVT_EINVAL;
	if (net) {
		data = guest_memory_at(hvt->memory, arguments.data, arguments.length, GUEST_WRITE);
		if (!data)
			return invalid_access(hvt, HVT_NET_READ, arguments.data, arguments.length,
					      GUEST_WRITE, err);
		arguments.result = HVT_AGAIN;
		if (net_read(net, data, arguments.length, &length)) {
			arguments.result = HVT_OK;
			arguments.length = length;
			WRITE_ANSWER(hvt, HVT_NET_READ, address, &arguments, length, err);
		}
	}
	WRITE_ANSWER(hvt, HVT_NET_READ, address, &arguments, result, err);
	return HYPERCALL_DONE;
}

static enum hypercall_outcome call_halt(struct hvt *hvt, uint64_t address, struct error *err)
{
	struct hvt_halt arguments;

	READ_ARGUMENTS(hvt, HVT_HALT, address, &arguments, err);
	if (arguments.cookie) {
		if (guest_memory_read(hvt->memory, arguments.cookie, hvt->cookie,
				      sizeof(hvt->cookie)) < 0)
			return invalid_access(hvt, HVT_HALT, arguments.cookie, sizeof(hvt->cookie),
					      GUEST_READ, err);
		hvt->has_cookie = true;
	}
	hvt->exit_status = arguments.exit_status;
	return HYPERCALL_HALT;
}

/* ---- dispatch ------------------------------------------------------------------------ */

static enum hypercall_outcome dispatch(struct hvt *hvt, enum hvt_hypercall call, uint64_t address,
				       struct error *err)
{
	switch (call) {
	case HVT_WALLTIME:
		return call_walltime(hvt, address, err);
	case HVT_PUTS:
		return call_puts(hvt, address, err);
	case HVT_POLL:
		return call_poll(hvt, address, err);
	case HVT_BLOCK_WRITE:
	case HVT_BLOCK_READ:
		return call_block(hvt, address, call, err);
	case HVT_NET_WRITE:
		return call_net_write(hvt, address, err);
	case HVT_NET_READ:
		return call_net_read(hvt, address, err);
	case HVT_HALT:
		return call_halt(hvt, address, err);
	case HVT_HYPERCALLS:
	default:
		err_fail(err, ERR_INPUT, "Invalid guest hypercall: num=%u", (unsigned)call);
		return HYPERCALL_FAULT;
	}
}

enum hypercall_outcome hvt_hypercall(struct hvt *hvt, const struct vm_exit *access,
				     struct error *err)
{
	uint32_t address;

	if (!access->write || access->size != sizeof(address) || access->count != 1 ||
	    access->address < HVT_PORT || access->address >= HVT_PORT + HVT_HYPERCALLS) {
		err_fail(err, ERR_INPUT,
			 "Invalid guest port access: port=0x%" PRIx64 " (%s, %u bytes, %" PRIu32
			 " times); hypercalls are 32-bit OUTs to 0x%x to 0x%x",
			 access->address, access->write ? "OUT" : "IN", access->size, access->count,
			 HVT_PORT + 1, HVT_PORT + HVT_HYPERCALLS - 1);
		return HYPERCALL_FAULT;
	}
	memcpy(&address, access->data, sizeof(address));
	hvt->calls[access->address - HVT_PORT]++;
	return dispatch(hvt, (enum hvt_hypercall)(access->address - HVT_PORT), address, err);
}
