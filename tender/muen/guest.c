/* A guest of Solo5's muen target, in the world of a Muen subject: channels, a clock that is read,
 * and no way to call anybody. */
#include "base/alloc.h"
#include "base/file.h"
#include "tender/muen/clock.h"
#include "tender/muen/fault.h"
#include "tender/muen/idle.h"
#include "tender/muen/load.h"
#include "tender/muen/log.h"
#include "tender/muen/net.h"
#include "tender/muen/world.h"
#include "tender/say.h"
#include "tender/symbols.h"

#include <inttypes.h>
#include <string.h>

/* A guest that computes looks at no clock for a while: so often its frames and its output are
 * fetched all the same, ns. */
#define HEARTBEAT 5000000ull

/* At most so often the networks are asked for frames while the guest does not wait, ns: asking
 * costs a system call per device, a look at the clock should not. */
#define FEED_INTERVAL 20000ull

/* So often the wall clock is compared with the host's, which may have been set, ns and us. */
#define BASE_INTERVAL NSEC_PER_SEC
#define BASE_TOLERANCE 1000

/* A guest that did nothing but look at its clock for so long, ns, is not reading frames. */
#define STUCK NSEC_PER_SEC

#define STACK_WORDS 16 /* that are searched for return addresses */

struct muen_guest {
	struct guest guest; /* first: see muen_of() */
	struct subject_world *world;
	struct bytes binary; /* until it is loaded */
	struct muen_image image;
	struct schedule_info *schedule; /* what the guest was told last */
	struct time_info *time;
	struct muen_log log;
	struct muen_net net;
	struct muen_idle idle;
	uint64_t yield_start, yield_end; /* solo5_yield(), if the unikernel has symbols */
	bool yields;			 /* it has been seen there */
	bool progress;			 /* since the last look */
	uint64_t fed, based;		 /* when that was done last */
	sigset_t waiting;		 /* blocked in waits */
	uint64_t looks, sleeps, slept;	 /* for the report; slept in ns */
};

static struct muen_guest *muen_of(struct guest *guest)
{
	return (struct muen_guest *)guest;
}

static const struct muen_guest *const_muen_of(const struct guest *guest)
{
	return (const struct muen_guest *)guest;
}

/* ---- before the run ------------------------------------------------------------------ */

static int check(struct guest *guest, struct error *err)
{
	const struct guest_setup *setup = &guest->setup;
	struct muen_guest *self = muen_of(guest);

	if (setup->options->block_count) {
		err_fail(err, ERR_USAGE, "--block %s: Solo5 has no block devices on Muen",
			 setup->options->blocks[0].name);
		return err_mend(err, "leave it out");
	}
	self->world = muen_world_new(setup->unikernel, setup->options, &self->binary, err);
	if (!self->world)
		return -1;
	muen_net_new(&self->net, setup->unikernel, self->world);
	return 0;
}

static bool provides(const struct guest *guest, const struct solo5_device *device)
{
	const struct muen_device *found = muen_net_device(&const_muen_of(guest)->net, device->name);

	return found && found->shared;
}

static int attach_net(struct guest *guest, unsigned handle, struct net *net, struct error *err)
{
	(void)handle;
	if (!muen_mac_is_possible(net->mac)) {
		err_fail(err, ERR_USAGE,
			 "--net-mac %s=%02x:%02x:%02x:%02x:%02x:%02x: on Muen Solo5 makes the "
			 "address itself, one that is locally administered and of one station",
			 net->name, net->mac[0], net->mac[1], net->mac[2], net->mac[3], net->mac[4],
			 net->mac[5]);
		return err_mend(err, "let it begin with x2, x6, xa or xe, as 02:00:00:00:00:01");
	}
	muen_net_attach(&muen_of(guest)->net, net);
	return 0;
}

static int load(struct guest *guest, struct error *err)
{
	struct muen_guest *self = muen_of(guest);
	const struct subject_world *world = self->world;
	struct muen_image *image = &self->image;
	const struct world_region *log = world_region_of(world, WORLD_DEBUG_LOG);

	if (muen_load(image, world, &self->binary, guest->vm->tsc_hz, err) < 0 ||
	    muen_net_open(&self->net, world, image, err) < 0 || muen_map(image, guest->vm, err) < 0)
		return -1;
	bytes_free(&self->binary);
	self->schedule = (void *)(image->ram.host + MUEN_SCHEDULE_PHYSICAL);
	self->time = (void *)muen_host(image, world, world_region_of(world, WORLD_TIME_INFO));
	muen_log_open(&self->log, muen_host(image, world, log), log->size);
	symbol_range(&guest->setup.unikernel->elf, "solo5_yield", &self->yield_start,
		     &self->yield_end);
	muen_entry_state(world, image, &guest->entry);
	guest->memory = &image->memory;
	return 0;
}

static int start(struct guest *guest, struct error *err)
{
	struct muen_guest *self = muen_of(guest);

	/* It need not be brought back from where it is not. */
	sigemptyset(&self->waiting);
	sigaddset(&self->waiting, STOP_HEARTBEAT);
	guest->setup.devices->waiting = &self->waiting;
	return stop_heartbeat(guest->setup.stop, HEARTBEAT, err);
}

static void allow(const struct guest *guest, struct filter *filter)
{
	muen_net_allow(&const_muen_of(guest)->net, filter);
}

/* ---- what the guest does ---------------------------------------------------------------- */

/* Fetches what the guest has written. */
static void drain(struct muen_guest *self)
{
	self->progress |= muen_log_drain(&self->log, self->guest.setup.console);
	self->progress |= muen_net_drain(&self->net);
}

static bool feed(struct muen_guest *self, uint64_t now)
{
	const bool stuck = now > self->idle.since + STUCK;

	self->fed = now;
	return muen_net_feed(&self->net, self->guest.setup.devices, now, stuck);
}

static bool is_in_yield(const struct muen_guest *self, uint64_t address)
{
	return address >= self->yield_start && address < self->yield_end;
}

/* Who called: from the words on the stack that point into the code. */
static void find_callers(struct muen_guest *self, struct muen_look *look)
{
	const struct world_region *text = world_region_at(self->world, look->rip);
	bool yields = is_in_yield(self, look->rip);
	uint64_t words[STACK_WORDS];

	if (text && guest_memory_read(&self->image.memory, look->rsp, words, sizeof(words)) == 0) {
		for (size_t i = 0; i < STACK_WORDS; i++) {
			if (words[i] - text->address >= text->size)
				continue;
			look->callers = (look->callers ^ words[i]) * 0x100000001b3ull; /* FNV */
			yields |= is_in_yield(self, words[i]);
		}
	}
	self->yields |= yields;
	/* Code that was inlined is not found by its symbol. */
	look->in_yield = yields ? YIELD_YES : self->yields ? YIELD_NO : YIELD_UNKNOWN;
}

static void look(struct muen_guest *self, uint64_t now)
{
	static const enum vm_gpr preserved[MUEN_IDLE_PRESERVED] = { VM_RBX, VM_RBP, VM_R12,
								    VM_R13, VM_R14, VM_R15 };
	struct muen_look look = { .time = now };
	uint64_t gpr[VM_GPRS];
	struct error ignored;

	self->looks++;
	if (vm_get_general(self->guest.vm, gpr, &look.rip, &ignored) < 0) {
		muen_idle_forget(&self->idle);
		return;
	}
	look.rsp = gpr[VM_RSP];
	for (size_t i = 0; i < MUEN_IDLE_PRESERVED; i++)
		look.preserved[i] = gpr[preserved[i]];
	find_callers(self, &look);
	muen_idle_look(&self->idle, &look, self->progress);
	self->progress = false;
	if (muen_idle_has_read(&self->idle))
		muen_net_all_read(&self->net, look.in_yield == YIELD_YES,
				  muen_idle_wait_begins(&self->idle));
}

/* Lets a guest that waits sleep, until a frame comes or it may be time for something else. */
static void let_sleep(struct muen_guest *self)
{
	const uint64_t most = muen_idle_sleep(&self->idle);
	const struct timespec timeout = { (time_t)(most / NSEC_PER_SEC),
					  (long)(most % NSEC_PER_SEC) };
	uint64_t before, after;

	if (!most)
		return;
	before = clock_monotonic();
	muen_net_wait(&self->net, self->guest.setup.devices, &timeout);
	after = clock_monotonic();
	/* A beat of the meantime is of no use; all else is looked at before the guest goes on. */
	vm_forget_interrupts(self->guest.vm);
	feed(self, after);
	muen_idle_slept(&self->idle, after - before);
	self->sleeps++;
	self->slept += after - before;
}

/* The guest reads the beginning of the scheduling info. */
static void at_look(struct muen_guest *self)
{
	uint64_t now = clock_monotonic();
	bool fed = false;

	look(self, now);
	if (muen_idle_waits(&self->idle) || now - self->fed >= FEED_INTERVAL)
		fed = feed(self, now);
	if (!fed)
		let_sleep(self);
}

static void correct_base(struct muen_guest *self, uint64_t now)
{
	uint64_t base;

	if (now - self->based < BASE_INTERVAL)
		return;
	self->based = now;
	base = muen_time_base();
	if (base - self->time->base + BASE_TOLERANCE > 2 * BASE_TOLERANCE)
		__atomic_store_n(&self->time->base, base, __ATOMIC_RELEASE);
}

/* Solo5 reads the end of the frame for nothing but MAC addresses. */
static void tell_end(struct muen_guest *self)
{
	struct muen_mac_clock clock = {
		.start = self->schedule->start,
		.end = self->schedule->start + MUEN_FRAME_US * MUEN_TICKS_PER_US,
		.base = self->time->base,
	};

	muen_net_acquire(&self->net, self->world->name, &clock);
	self->schedule->end = clock.end;
}

static void read_schedule(struct muen_guest *self, const struct vm_exit *exit)
{
	const uint64_t offset = exit->address - MUEN_SCHEDULE_PHYSICAL;
	uint64_t now;

	if (offset == offsetof(struct schedule_info, start))
		at_look(self);
	now = clock_monotonic();
	correct_base(self, now);
	if (offset < offsetof(struct schedule_info, end))
		self->schedule->start = muen_ticks(now);
	else if (offset == offsetof(struct schedule_info, end))
		tell_end(self);
	memcpy(exit->data, (const unsigned char *)self->schedule + offset, exit->size);
}

static bool is_schedule(const struct vm_exit *exit)
{
	return exit->kind == VM_EXIT_MMIO && !exit->write &&
	       exit->address - MUEN_SCHEDULE_PHYSICAL <= MUEN_PAGE - exit->size;
}

/* HLT is the end of Solo5's; another one says nothing. */
static enum guest_verdict halt(struct muen_guest *self)
{
	const struct muen_end *end = &self->log.end;

	if (!end->ending.halted)
		return GUEST_NOT_ASKED;
	self->guest.exit_status = end->ending.status;
	self->guest.trapped = end->trapped && end->ending.status == 255;
	self->guest.trap = end->trap;
	return GUEST_HALTED;
}

static enum guest_verdict serve(struct guest *guest, const struct vm_exit *exit, struct error *err)
{
	struct muen_guest *self = muen_of(guest);

	drain(self);
	if (is_schedule(exit)) {
		read_schedule(self, exit);
		return GUEST_GOES_ON;
	}
	switch (exit->kind) {
	case VM_EXIT_INTERRUPTED:
		feed(self, clock_monotonic());
		return GUEST_GOES_ON;
	case VM_EXIT_HALT:
		return halt(self);
	case VM_EXIT_PORT:
		err_fail(err, ERR_INPUT,
			 "the guest accessed the port 0x%" PRIx64 " (%s): a Muen subject has none",
			 exit->address, exit->write ? "OUT" : "IN");
		return GUEST_FAULT;
	default:
		return GUEST_NOT_ASKED;
	}
}

static void finish(struct guest *guest)
{
	drain(muen_of(guest));
}

static const struct guest_region *region_at(const struct guest *guest, uint64_t physical)
{
	const struct muen_guest *self = const_muen_of(guest);

	for (size_t i = 0; i < self->world->count; i++) {
		const struct world_region *region = &self->world->regions[i];

		if (physical - self->image.physical[i] < region->size)
			return guest_memory_region(&self->image.memory, region->address);
	}
	return NULL;
}

/* ---- afterwards ------------------------------------------------------------------------ */

static bool explain_trap(const struct guest *guest, char *text, size_t size)
{
	const struct muen_guest *self = const_muen_of(guest);

	if (!self->log.end.page_fault)
		return false;
	muen_explain_fault(self->world, &guest->trap, text, size);
	return true;
}

static void explain_address(const struct guest *guest, uint64_t address, char *text, size_t size)
{
	muen_explain_address(const_muen_of(guest)->world, address, text, size);
}

static void report(const struct guest *guest, struct json *json)
{
	const struct muen_guest *self = const_muen_of(guest);

	json_begin(json, "subject", '{');
	json_put_text(json, "name", self->world->name);
	json_put_number(json, "sinfo_revision", self->world->sinfo_revision);
	json_put_number(json, "clock_reads", self->looks);
	json_put_number(json, "sleeps", self->sleeps);
	json_put_number(json, "slept_microseconds", self->slept / 1000);
	json_put_number(json, "log_records", self->log.records);
	json_put_number(json, "log_overrun", self->log.channel.lost);
	json_end(json, '}');
}

static void report_net(const struct guest *guest, const struct net *net, struct json *json)
{
	const struct muen_device *device = muen_net_device(&const_muen_of(guest)->net, net->name);

	json_begin(json, "channels", '{');
	json_put_number(json, "out_epochs", device->out.epochs);
	json_put_number(json, "out_overrun", device->out.lost);
	json_put_number(json, "out_malformed", device->malformed);
	json_put_number(json, "in_restarts", device->restarts);
	json_end(json, '}');
}

static void muen_guest_free(struct guest *guest)
{
	struct muen_guest *self = muen_of(guest);

	muen_image_free(&self->image);
	bytes_free(&self->binary);
	if (self->world)
		world_free(self->world);
	free(self);
}

static const struct guest_operations operations = {
	.target = "muen",
	.check = check,
	.provides = provides,
	.attach_net = attach_net,
	.load = load,
	.start = start,
	.allow = allow,
	.serve = serve,
	.finish = finish,
	.region_at = region_at,
	.explain_trap = explain_trap,
	.explain_address = explain_address,
	.report = report,
	.report_net = report_net,
	.free = muen_guest_free,
};

struct guest *muen_guest_new(void)
{
	struct muen_guest *self = xcalloc(1, sizeof(*self));

	self->guest.operations = &operations;
	return &self->guest;
}
