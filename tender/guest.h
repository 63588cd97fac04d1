/* A unikernel of one Solo5 target as the tender runs it: the small interface behind which
 * stands what is particular to the target.
 *
 * Life: guest_new() judges the unikernel, the devices are attached, guest_load() lays out its
 * memory in a machine, guest_start() comes last before the filter of system calls, then
 * guest_serve() takes every exit until the guest has ended. Everything else in the tender is the
 * same for all targets.
 *
 * A target adds its constructor, a table of operations, and its line in guest.c.
 */
#ifndef TENDER_GUEST_H
#define TENDER_GUEST_H

#include "solo5/unikernel.h"
#include "tender/console.h"
#include "tender/devices.h"
#include "tender/filter.h"
#include "tender/guest_memory.h"
#include "tender/json.h"
#include "tender/options.h"
#include "tender/vm/vm.h"

/* What a target works with; all of it outlives the guest. */
struct guest_setup {
	const struct unikernel *unikernel;
	const struct options_hvt *options;
	struct devices *devices;
	struct console *console;
	struct stop *stop;
};

enum guest_verdict {
	GUEST_GOES_ON,
	GUEST_HALTED,	/* it ended itself: see exit_status and trapped */
	GUEST_FAULT,	/* it did what it may not; the error says what */
	GUEST_NOT_ASKED /* the exit is none of the target's interface */
};

/* The exception that a guest died of, as far as its own handler told of it. */
struct guest_trap {
	uint64_t rip, rsp, rflags, cr2, error_code;
	uint16_t cs, ss; /* 0: not told */
};

struct guest {
	const struct guest_operations *operations;
	struct guest_setup setup;
	struct vm *vm;			   /* from guest_load() on */
	const struct guest_memory *memory; /* by the addresses that the guest's code uses */
	struct vm_registers entry;	   /* the state that its CPU starts in */

	/* After GUEST_HALTED: */
	int exit_status; /* as a process would have it: 0..255 */
	bool trapped;
	struct guest_trap trap;
};

struct guest_operations {
	const char *target; /* "hvt" */
	int (*check)(struct guest *guest, struct error *err);
	bool (*provides)(const struct guest *guest, const struct solo5_device *device);
	int (*attach_net)(struct guest *guest, unsigned handle, struct net *net, struct error *err);
	void (*attach_block)(struct guest *guest, unsigned handle, const struct block *block);
	int (*load)(struct guest *guest, struct error *err);
	int (*start)(struct guest *guest, struct error *err);
	void (*allow)(const struct guest *guest, struct filter *filter);
	enum guest_verdict (*serve)(struct guest *guest, const struct vm_exit *exit,
				    struct error *err);
	void (*finish)(struct guest *guest);
	const struct guest_region *(*region_at)(const struct guest *guest, uint64_t physical);
	bool (*explain_trap)(const struct guest *guest, char *text, size_t size);
	void (*explain_address)(const struct guest *guest, uint64_t address, char *text,
				size_t size);
	void (*report)(const struct guest *guest, struct json *json);
	void (*report_net)(const struct guest *guest, const struct net *net, struct json *json);
	void (*free)(struct guest *guest);
};

/* A guest of the unikernel's target. Fails with ERR_INPUT if no target of ours can run it, with
 * ERR_USAGE if the options do not fit the target, and with what reading a file of --world says. */
struct guest *guest_new(const struct guest_setup *setup, struct error *err);
void guest_free(struct guest *guest);

/* Whether the device is there without an option that attaches it. */
static inline bool guest_provides(const struct guest *guest, const struct solo5_device *device)
{
	return guest->operations->provides && guest->operations->provides(guest, device);
}

/* Tells the guest of a device that was opened; the guest may settle the network device's MAC
 * address. Fails with ERR_USAGE if the device cannot be as it was asked for. */
static inline int guest_attach_net(struct guest *guest, unsigned handle, struct net *net,
				   struct error *err)
{
	return guest->operations->attach_net(guest, handle, net, err);
}

static inline void guest_attach_block(struct guest *guest, unsigned handle,
				      const struct block *block)
{
	if (guest->operations->attach_block)
		guest->operations->attach_block(guest, handle, block);
}

/* Makes the guest's memory, maps it into the machine, and fills in `memory` and `entry`. All
 * devices are attached by now. Fails with ERR_INPUT (the unikernel), ERR_USAGE (how much memory)
 * or ERR_MISSING (the host has no more). */
int guest_load(struct guest *guest, struct vm *vm, struct error *err);

/* Starts what runs beside the guest: threads, timers. */
static inline int guest_start(struct guest *guest, struct error *err)
{
	return guest->operations->start ? guest->operations->start(guest, err) : 0;
}

/* Permits the system calls that the target needs beyond those of machine and devices. */
static inline void guest_allow(const struct guest *guest, struct filter *filter)
{
	if (guest->operations->allow)
		guest->operations->allow(guest, filter);
}

/* Takes an exit of the machine, VM_EXIT_INTERRUPTED included. */
static inline enum guest_verdict guest_serve(struct guest *guest, const struct vm_exit *exit,
					     struct error *err)
{
	return guest->operations->serve(guest, exit, err);
}

/* The guest runs no more: hands on what it left behind. */
static inline void guest_finish(struct guest *guest)
{
	if (guest->operations->finish)
		guest->operations->finish(guest);
}

/* The region that a guest-physical address belongs to, or NULL. */
static inline const struct guest_region *guest_region_at(const struct guest *guest,
							 uint64_t physical)
{
	return guest->operations->region_at(guest, physical);
}

/* Writes a sentence on what the trap came of; false if there is nothing to say. */
static inline bool guest_explain_trap(const struct guest *guest, char *text, size_t size)
{
	return guest->trapped && guest->operations->explain_trap &&
	       guest->operations->explain_trap(guest, text, size);
}

/* The same for a guest that told nothing, from CR2, which an access that failed has left in its
 * CPU; false if there was none. */
static inline bool guest_explain_cr2(const struct guest *guest, uint64_t cr2, char *text,
				     size_t size)
{
	if (!cr2 || !guest->operations->explain_address)
		return false;
	guest->operations->explain_address(guest, cr2, text, size);
	return true;
}

/* Adds the members to the report that are of interest for one target alone: null where they are
 * for another one. `guest` may be NULL. */
void guest_report(const struct guest *guest, struct json *json);

/* Adds the target's members to the report of a network device. */
static inline void guest_report_net(const struct guest *guest, const struct net *net,
				    struct json *json)
{
	if (guest->operations->report_net)
		guest->operations->report_net(guest, net, json);
}

/* ---- targets ------------------------------------------------------------------------- */

/* Allocate a guest with its operations; guest.c alone calls these. */
struct guest *hvt_guest_new(void);
struct guest *muen_guest_new(void);

#endif
