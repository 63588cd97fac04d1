#include "policy/subjects.h"

#include <string.h>

#define VMX_EXIT "vmx_exit"
#define VMCALL "vmcall"

#define EXIT_REASON_HLT 12 /* Intel SDM, appendix C */

/* Addresses and vectors that the code of Muen's sm and Linux port has built in. */
#define MONITOR_STATE_ADDRESS 0x1e0000ull
#define LINUX_STATUS_ADDRESS 0x2000000ull
#define INITRAMFS_ADDRESS 0x70000000ull
#define LOADER_ADDRESS 0x100000000ull
#define VMCALL_WORK 29
#define VMCALL_TIMER 31
#define VECTOR_SERIAL 52
#define VECTOR_TIMER 236
#define VECTOR_WORK 246
#define TARGET_RESET 63

static struct event_end source(const char *group, int id, const char *logical, const char *physical)
{
	return (struct event_end){
		.group = group, .id = id, .logical = logical, .physical = physical, .vector = -1
	};
}

static struct event_end target(const char *logical, const char *physical)
{
	return source(NULL, -1, logical, physical);
}

static struct event_end injecting(struct event_end end, int vector)
{
	end.action = "inject_interrupt";
	end.vector = vector;
	return end;
}

/* What has no monitor of its own takes the system down when it exits unexpectedly. */
static void panic_on_exit(struct subject *subject)
{
	struct event_end end = source(VMX_EXIT, -1, NULL, EVENT_PANIC);

	end.all_others = true;
	end.action = "system_panic";
	subject_add_source(subject, end);
}

static void trap_on_exit(struct subject *subject, const char *event)
{
	struct event_end end = source(VMX_EXIT, -1, NULL, event);

	end.all_others = true;
	subject_add_source(subject, end);
}

/* ---- resources that several subjects have -------------------------------- */

static const char *add_log(struct system *system, const char *subject, const char *unikernel)
{
	const char *name = system_text(system, "log_%s", subject);

	system_add_channel(system, name, system->log_channel_size, true, unikernel);
	return name;
}

static const char *add_life_page(struct system *system, const char *subject, const char *suffix,
				 uint8_t pattern, const char *unikernel)
{
	struct memory *page = system_add_memory(system);

	page->name = system_text(system, "%s|%s", subject, suffix);
	page->size = MUEN_PAGE;
	page->content = REGION_FILL;
	page->pattern = pattern;
	page->changes = true;
	page->subject = unikernel;
	return page->name;
}

/* The control page (all ones: run without waiting for a command) and the status page. */
static void map_life_pages(struct system *system, struct subject *subject)
{
	subject_map(subject, "control",
		    add_life_page(system, subject->name, "ctl", 0xff, subject->unikernel));
	subject_map(subject, "status",
		    add_life_page(system, subject->name, "sts", 0x00, subject->unikernel));
}

/* A monitor (component sm) for the subject `watched`, with its trap and resume events. */
static struct subject *add_monitor(struct system *system, const char *name, const char *watched,
				   const char *unikernel)
{
	const char *trap = system_text(system, "%s_trap", watched);
	const char *resume = system_text(system, "%s_resume", watched);
	struct subject *monitor = system_add_subject(system, name, "sm");

	monitor->unikernel = unikernel;
	system_add_event(system, trap, "switch", unikernel);
	system_add_event(system, resume, "switch", unikernel);
	panic_on_exit(monitor);
	subject_add_monitored(monitor, (struct monitored){ "state", watched, "monitor_state",
							   MONITOR_STATE_ADDRESS });
	subject_add_monitored(monitor, (struct monitored){ "loader", name, "reload", 0 });
	subject_map(monitor, "time_info", CHANNEL_CLOCK);
	subject_map(monitor, "debuglog", add_log(system, name, unikernel));
	subject_map(monitor, "resume_subject", resume);
	subject_map(monitor, "handle_subject_trap", trap);
	map_life_pages(system, monitor);
	return monitor;
}

/* ---- the subjects -------------------------------------------------------- */

void add_time_server(struct system *system)
{
	struct subject *time = system_add_subject(system, SUBJECT_TIME, "time");
	struct event_end sleep = source(VMX_EXIT, EXIT_REASON_HLT, "sleep", "sleep");
	struct resource_map *clock;

	time->sleeps = true;
	sleep.action = "subject_sleep";
	panic_on_exit(time);
	subject_add_source(time, sleep);
	subject_map(time, "time_export1", CHANNEL_CLOCK);
	subject_map(time, "debuglog", add_log(system, SUBJECT_TIME, NULL));
	clock = subject_map_device(time, "cmos_rtc", "cmos_rtc");
	clock->part_logical = clock->part_physical = "ports";
	map_life_pages(system, time);
}

/* A restart: the unikernel's exit is an event to itself. */
static void add_restart(struct system *system, struct subject *subject)
{
	const char *reset = system_text(system, "%s_reset", subject->name);
	struct event_end end = target("solo5_exit", reset);

	end.action = "reset";
	system_add_event(system, reset, "self", subject->name);
	subject_add_source(subject, source(VMCALL, 0, "solo5_exit", reset));
	subject_add_target(subject, end);
	subject_add_monitored(subject, (struct monitored){ "loader", subject->name, "reload", 0 });
	map_life_pages(system, subject);
}

void add_unikernel(struct system *system, const struct component *component)
{
	const char *name = component->name;
	struct subject *subject;

	add_monitor(system, system_text(system, "%s_mon", name), name, name);
	subject = system_add_subject(system, name, name);
	subject->unikernel = name;
	if (*component->bootparams)
		subject->bootparams = component->bootparams;
	trap_on_exit(subject, system_text(system, "%s_trap", name));
	subject_add_target(subject,
			   target("resume_after_trap", system_text(system, "%s_resume", name)));
	subject_map(subject, "time_info", CHANNEL_CLOCK);
	subject_map(subject, "debuglog", add_log(system, name, name));
	if (component->resettable)
		add_restart(system, subject);
}

static void add_linux_memory(struct system *system, const struct recipe *recipe)
{
	struct memory *memory = system_add_memory(system);

	memory->name = SUBJECT_LINUX "|ram"; /* sizes: Muen's component linux */
	memory->size = 0x12000000;
	memory = system_add_memory(system);
	memory->name = SUBJECT_LINUX "|lowmem";
	memory->size = 0x80000;
	memory = system_add_memory(system);
	memory->name = "initramfs";
	memory->size = recipe->network.initramfs_size;
	memory->type = "subject_initrd";
	memory->content = REGION_FILE;
	memory->file = recipe->network.initramfs;
}

static void add_linux_monitor(struct system *system, const struct recipe *recipe)
{
	struct subject *monitor = add_monitor(system, SUBJECT_LINUX_MONITOR, SUBJECT_LINUX, NULL);

	system_add_event(system, "nic_linux_irq4", "async", NULL);
	subject_add_source(monitor, source(VMCALL, 0, "serial_irq4", "nic_linux_irq4"));
	if (!recipe->network.loader)
		return;
	system_add_event(system, "nic_linux_reset", "switch", NULL);
	system_add_event(system, "nic_linux_load", "switch", NULL);
	system_add_event(system, "nic_linux_start", "switch", NULL);
	subject_add_memory(monitor, (struct memory_mapping){ "status_linux", SUBJECT_LINUX "|sts",
							     LINUX_STATUS_ADDRESS });
	subject_add_source(monitor, source(VMCALL, 1, "reset_linux", "nic_linux_reset"));
	subject_add_source(monitor, source(VMCALL, 2, "load_linux", "nic_linux_load"));
	subject_add_target(monitor, target("resume_after_load", "nic_linux_start"));
}

static void add_linux_loader(struct system *system)
{
	struct subject *loader = system_add_subject(system, SUBJECT_LINUX_LOADER, "sl");

	panic_on_exit(loader);
	subject_add_monitored(loader,
			      (struct monitored){ "loader", SUBJECT_LINUX,
						  "monitor_loader_nic_linux", LOADER_ADDRESS });
	subject_map(loader, "start", "nic_linux_start");
	subject_map(loader, "handle_reset", "nic_linux_load");
	/* The pages are the loaded subject's: the loader runs its life cycle. */
	subject_map(loader, "control", add_life_page(system, SUBJECT_LINUX, "ctl", 0xff, NULL));
	subject_map(loader, "status", add_life_page(system, SUBJECT_LINUX, "sts", 0x00, NULL));
}

static void add_linux_events(struct system *system, struct subject *driver, bool loader)
{
	struct event_end reset = target("reset", "nic_linux_reset");

	system_add_event(system, "nic_linux_work", "self", NULL);
	system_add_event(system, "nic_linux_timer", "self", NULL);
	trap_on_exit(driver, "nic_linux_trap");
	subject_add_source(driver, source(VMCALL, VMCALL_WORK, "work", "nic_linux_work"));
	subject_add_source(driver, source(VMCALL, VMCALL_TIMER, "timer", "nic_linux_timer"));
	subject_add_target(driver, target("resume_after_trap", "nic_linux_resume"));
	subject_add_target(driver,
			   injecting(target("serial_irq4", "nic_linux_irq4"), VECTOR_SERIAL));
	subject_add_target(driver, injecting(target("timer", "nic_linux_timer"), VECTOR_TIMER));
	subject_add_target(driver, injecting(target("work", "nic_linux_work"), VECTOR_WORK));
	if (!loader)
		return;
	reset.id = TARGET_RESET;
	reset.action = "reset";
	subject_add_target(driver, reset);
}

void add_linux(struct system *system, const struct recipe *recipe)
{
	struct subject *driver;

	add_linux_memory(system, recipe);
	add_linux_monitor(system, recipe);
	if (recipe->network.loader)
		add_linux_loader(system);
	driver = system_add_subject(system, SUBJECT_LINUX, "linux");
	driver->bootparams = recipe->network.bootparams;
	subject_add_memory(driver,
			   (struct memory_mapping){ "initramfs", "initramfs", INITRAMFS_ADDRESS });
	subject_add_device(driver, (struct device_reference){ "eth0", recipe->network.device });
	add_linux_events(system, driver, recipe->network.loader);
	subject_map(driver, "lowmem", SUBJECT_LINUX "|lowmem");
	subject_map(driver, "ram", SUBJECT_LINUX "|ram");
	system->domain =
		(struct device_domain){ "nic", SUBJECT_LINUX, "nic1", recipe->network.device };
}

void add_debug_server(struct system *system, const struct recipe *recipe)
{
	struct subject *server = system_add_subject(system, SUBJECT_DEBUG_SERVER, "dbgserver");
	struct resource_map *console;
	unsigned number = 0;

	panic_on_exit(server);
	for (size_t i = 0; i < system->channel_count; i++)
		if (system->channels[i].log)
			subject_map(server, system_text(system, "log_channel%u", ++number),
				    system->channels[i].name);
	subject_map(server, "crash_audit", "crash_audit");
	console = subject_map_device(server, "debugconsole", recipe->debug.console);
	console->part_logical = "port";
	console->part_physical = recipe->debug.console_port;
	subject_map(server, "reboot", "reboot");
	subject_map(server, "shutdown", "poweroff");
}
