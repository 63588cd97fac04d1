/* A guest of Solo5's hvt target: hypercalls, and a ring for the network. */
#include "base/alloc.h"
#include "tender/guest.h"
#include "tender/hvt/load.h"
#include "tender/hvt/hypercall.h"
#include "tender/hvt/ring.h"

#include <string.h>
#include <sys/syscall.h>

struct hvt_guest {
	struct guest guest; /* first: see hvt_of() */
	struct hvt_manifest manifest;
	struct hvt_image image;
	struct hvt hvt;
	struct ring ring;
};

static struct hvt_guest *hvt_of(struct guest *guest)
{
	return (struct hvt_guest *)guest;
}

static const struct hvt_guest *const_hvt_of(const struct guest *guest)
{
	return (const struct hvt_guest *)guest;
}

/* ---- before the run ------------------------------------------------------------------ */

static int check(struct guest *guest, struct error *err)
{
	const struct guest_setup *setup = &guest->setup;
	const char *line = setup->options->command_line;

	if (setup->options->world)
		return err_fail(err, ERR_USAGE,
				"--world: is for unikernels for Muen, this one is for hvt");
	if (hvt_check(setup->unikernel, err) < 0)
		return -1;
	hvt_manifest_from(setup->unikernel, &hvt_of(guest)->manifest);
	if (strlen(line) > HVT_COMMAND_LINE_MAX)
		return err_fail(err, ERR_USAGE,
				"Guest command line too long: %zu characters, at most %d",
				strlen(line), HVT_COMMAND_LINE_MAX);
	return 0;
}

static int attach_net(struct guest *guest, unsigned handle, struct net *net, struct error *err)
{
	struct hvt_manifest_entry *entry = &hvt_of(guest)->manifest.entry[handle];

	(void)err;
	memcpy(entry->net.mac, net->mac, sizeof(entry->net.mac));
	entry->net.mtu = net->mtu;
	entry->attached = 1;
	return 0;
}

static void attach_block(struct guest *guest, unsigned handle, const struct block *block)
{
	struct hvt_manifest_entry *entry = &hvt_of(guest)->manifest.entry[handle];

	entry->block.capacity = block->capacity;
	entry->block.block_size = block->block_size;
	entry->attached = 1;
}

static bool wants_ring(const struct options_hvt *options)
{
	if (!options->net_count || options->ring == RING_OFF)
		return false;
	return options->ring == RING_ON || ring_pays();
}

static int load(struct guest *guest, struct error *err)
{
	const struct options_hvt *options = guest->setup.options;
	struct hvt_guest *self = hvt_of(guest);
	struct hvt_image *image = &self->image;
	struct hvt_setup setup = {
		.tsc_hz = guest->vm->tsc_hz,
		.command_line = options->command_line,
		.manifest = &self->manifest,
	};
	struct error no_bell;

	/* Where the machine cannot ring a bell, the guest makes hypercalls instead. */
	setup.ring = wants_ring(options) && ring_new(&self->ring, guest->vm, &no_bell) == 0;
	if (hvt_memory_size(options->memory, setup.ring, &setup.memory_size, err) < 0 ||
	    hvt_load(image, guest->setup.unikernel, &setup, err) < 0 ||
	    vm_map(guest->vm, 0, image->ram.host, image->ram.size, err) < 0)
		return -1;
	hvt_entry_state(image, &guest->entry);
	guest->memory = &image->memory;
	self->hvt.memory = &image->memory;
	self->hvt.console = guest->setup.console;
	self->hvt.devices = guest->setup.devices;
	return 0;
}

static int start(struct guest *guest, struct error *err)
{
	struct hvt_guest *self = hvt_of(guest);

	return self->image.ring ? ring_start(&self->ring, self->image.ring, &self->hvt, err) : 0;
}

static void allow(const struct guest *guest, struct filter *filter)
{
	const struct ring *ring = &const_hvt_of(guest)->ring;

	if (ring->running)
		filter_allow_fd(filter, __NR_read, ring->kick_fd);
}

/* ---- the run -------------------------------------------------------------------------- */

/* The guest's own handlers have run since the trap: only what they saved tells of it. */
static void take_trap(struct guest *guest)
{
	struct hvt_trap_frame frame;

	memcpy(&frame, hvt_of(guest)->hvt.cookie, sizeof(frame));
	guest->trapped = true;
	guest->trap = (struct guest_trap){
		.rip = frame.rip,
		.rsp = frame.rsp,
		.rflags = frame.rflags,
		.cr2 = frame.cr2,
		.error_code = frame.error_code,
		.cs = (uint16_t)frame.cs,
		.ss = (uint16_t)frame.ss,
	};
}

static enum guest_verdict serve(struct guest *guest, const struct vm_exit *exit, struct error *err)
{
	struct hvt *hvt = &hvt_of(guest)->hvt;

	if (exit->kind == VM_EXIT_INTERRUPTED)
		return GUEST_GOES_ON;
	if (exit->kind != VM_EXIT_PORT)
		return GUEST_NOT_ASKED;
	switch (hvt_hypercall(hvt, exit, err)) {
	case HYPERCALL_DONE:
		return GUEST_GOES_ON;
	case HYPERCALL_HALT:
		guest->exit_status = hvt->exit_status & 0xff;
		if (hvt->has_cookie)
			take_trap(guest);
		return GUEST_HALTED;
	case HYPERCALL_FAULT:
	default:
		return GUEST_FAULT;
	}
}

static void finish(struct guest *guest)
{
	ring_stop(&hvt_of(guest)->ring);
}

static const struct guest_region *region_at(const struct guest *guest, uint64_t physical)
{
	return guest_memory_region(guest->memory, physical);
}

/* ---- afterwards ------------------------------------------------------------------------ */

static void report(const struct guest *guest, struct json *json)
{
	const struct hvt_guest *self = const_hvt_of(guest);
	const struct ring *ring = &self->ring;

	json_begin(json, "hypercalls", '{');
	for (int i = HVT_WALLTIME; i < HVT_HYPERCALLS; i++)
		json_put_number(json, hypercall_name((enum hvt_hypercall)i), self->hvt.calls[i]);
	json_end(json, '}');
	if (!ring->running) {
		json_put_null(json, "ring");
		return;
	}
	json_begin(json, "ring", '{');
	json_put_number(json, "writes", ring->counters.writes);
	json_put_number(json, "reads", ring->counters.reads);
	json_put_number(json, "refused", ring->counters.refused);
	json_put_number(json, "sleeps", ring->counters.sleeps);
	json_end(json, '}');
}

static void hvt_guest_free(struct guest *guest)
{
	hvt_image_free(&hvt_of(guest)->image);
	free(guest);
}

static const struct guest_operations operations = {
	.target = "hvt",
	.check = check,
	.attach_net = attach_net,
	.attach_block = attach_block,
	.load = load,
	.start = start,
	.allow = allow,
	.serve = serve,
	.finish = finish,
	.region_at = region_at,
	.report = report,
	.free = hvt_guest_free,
};

struct guest *hvt_guest_new(void)
{
	struct hvt_guest *self = xcalloc(1, sizeof(*self));

	self->guest.operations = &operations;
	return &self->guest;
}
