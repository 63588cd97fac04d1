/* muenbuild-hvt: runs a Solo5 unikernel for hvt or for Muen in KVM. */
#include "tender/tender.h"

#include "tender/clock.h"
#include "tender/core.h"
#include "tender/exit_status.h"
#include "tender/say.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- stages: each has the exit status of its failures ----------------------------------- */

static int read_unikernel(struct tender *tender, struct error *err)
{
	const char *path = tender->options.kernel;
	const struct guest_setup setup = {
		.unikernel = &tender->unikernel,
		.options = &tender->options,
		.devices = &tender->devices,
		.console = &tender->console,
		.stop = &tender->stop,
	};

	if (file_read(path, ELF_FILE_MAX, 0, &tender->file, err) < 0)
		return -1;
	if (unikernel_parse(&tender->unikernel, tender->file.data, tender->file.size, err) < 0)
		return err_within(err, "%s", path);
	tender->guest = guest_new(&setup, err);
	if (tender->guest || err->kind == ERR_USAGE)
		return tender->guest ? 0 : -1;
	return err_within(err, "%s", path);
}

/* What can be judged without the host. */
static int check_options(struct tender *tender, struct error *err)
{
	const struct options_hvt *options = &tender->options;

	for (size_t i = 0; i < options->pattern_count; i++)
		if (watch_add(&tender->watch, options->patterns[i].regex,
			      options->patterns[i].reject, err) < 0)
			return -1;
	for (size_t i = 0; i < options->probe_count; i++)
		if (probe_parse(&tender->probes[i], options->probes[i], err) < 0)
			return -1;
	return tender_check_devices(tender, err);
}

static int open_outputs(struct tender *tender, struct error *err)
{
	const struct options_hvt *options = &tender->options;

	if (options->json) {
		tender->json_fd =
			open(options->json, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (tender->json_fd < 0)
			return err_fail_errno(err, ERR_CANT_CREATE, errno,
					      "--json: %s: cannot create", options->json);
	}
	if (options->dumpcore) {
		tender->core_fd = open(options->dumpcore, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (tender->core_fd < 0)
			return err_fail_errno(err, ERR_CANT_CREATE, errno,
					      "--dumpcore: %s: cannot open the folder",
					      options->dumpcore);
	}
	return 0;
}

static int open_debugger(struct tender *tender, struct error *err)
{
	const struct options_hvt *options = &tender->options;

	if (options->gdb)
		return gdb_open(&tender->gdb, options->gdb_address, options->gdb_port, err);
	if (options->has_gdb_port)
		say("--gdb-port alone does nothing: add --gdb to wait for a debugger");
	return 0;
}

/* Devices first: the helpers of some are forked, which is cheap while there is no guest. */
static int open_host(struct tender *tender, struct error *err)
{
	if (stop_install(&tender->stop, err) < 0 || tender_open_devices(tender, err) < 0)
		return -1;
	for (size_t i = 0; i < tender->options.probe_count; i++) {
		if (probe_start(&tender->probes[i], &tender->options.identity, err) < 0)
			return -1;
		tender->probe_count++;
	}
	if (open_debugger(tender, err) < 0)
		return -1;
	tender->vm = vm_kvm_new(err);
	return tender->vm ? 0 : -1;
}

static int load_guest(struct tender *tender, struct error *err)
{
	if (guest_load(tender->guest, tender->vm, err) == 0)
		return 0;
	return err->kind == ERR_INPUT ? err_within(err, "%s", tender->options.kernel) : -1;
}

static int prepare_guest(struct tender *tender, struct error *err)
{
	struct guest *guest = tender->guest;

	if (vm_set_registers(tender->vm, &guest->entry, err) < 0)
		return -1;
	tender->stop.vm = tender->vm;
	tender->console = (struct console){
		.fd = STDOUT_FILENO,
		.stop = &tender->stop,
		.watch = tender->watch.count ? &tender->watch : NULL,
	};
	if (tender->options.gdb)
		return gdb_attach(&tender->gdb, tender->vm, guest->memory, &tender->stop, err);
	return 0;
}

static const struct {
	int (*run)(struct tender *tender, struct error *err);
	enum exit_status failure;
} stages[] = {
	{ open_outputs, EXIT_HOST },	      { read_unikernel, EXIT_UNIKERNEL },
	{ check_options, EXIT_COMMAND_LINE }, { open_host, EXIT_HOST },
	{ load_guest, EXIT_UNIKERNEL },	      { prepare_guest, EXIT_HOST },
	{ tender_confine, EXIT_SANDBOX },
};

/* A failure whose kind tells more than its stage. */
static enum exit_status failure_status(enum exit_status stage, const struct error *err)
{
	if (err->kind == ERR_USAGE)
		return EXIT_COMMAND_LINE;
	if (stage == EXIT_UNIKERNEL && err->kind == ERR_MISSING)
		return EXIT_HOST;
	return stage;
}

/* ---- the end ----------------------------------------------------------------------------- */

static void write_core(struct tender *tender)
{
	const struct guest *guest = tender->guest;
	struct error err;

	if (tender->core_fd < 0 || !tender_crashed(tender) || !tender->outcome.has_registers)
		return;
	const struct core core = {
		.folder_fd = tender->core_fd,
		.folder = tender->options.dumpcore,
		.target = guest->operations->target,
		.memory = guest->memory,
		.registers = &tender->outcome.registers,
	};
	if (core_write(&core, &err) < 0)
		say_error(&err);
}

/* Fails the run if the report that was asked for is not there. */
static int write_report(const struct tender *tender, int status)
{
	cleanup_buffer struct buffer json = { 0 };
	size_t done = 0;

	if (tender->json_fd < 0)
		return status;
	tender_report(tender, &json);
	while (done < json.length) {
		ssize_t count = write(tender->json_fd, json.data + done, json.length - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			say("--json: %s: cannot write: %s", tender->options.json, strerror(errno));
			return status ? status : EXIT_HOST;
		}
		done += (size_t)count;
	}
	return status;
}

/* Goes through the stages; -1 with the outcome filled in if one failed. */
static int prepare(struct tender *tender)
{
	struct outcome *outcome = &tender->outcome;

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		if (stages[i].run(tender, &outcome->error) == 0)
			continue;
		outcome->start_status = (int)failure_status(stages[i].failure, &outcome->error);
		return -1;
	}
	return 0;
}

static int run(struct tender *tender)
{
	if (prepare(tender) < 0) {
		say_error(&tender->outcome.error);
		return write_report(tender, tender_status(tender));
	}
	tender_run(tender);
	for (size_t i = 0; i < tender->net_count; i++)
		net_finish(&tender->nets[i]);
	tender_tell(tender);
	write_core(tender);
	return write_report(tender, tender_status(tender));
}

int main(int argc, char **argv)
{
	static struct tender tender;
	struct error err = { 0 };

	tender.timings.start = clock_monotonic();
	tender.json_fd = tender.core_fd = -1;
	/* One heap, so that the thread of the ring needs no system calls for one of its own. */
	mallopt(M_ARENA_MAX, 1);
	/* A guest that waits for 10 us is not to wait for 60. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	if (file_keep_streams(&err) < 0) {
		say_error(&err);
		return EXIT_HOST;
	}
	if (options_hvt_parse(&tender.options, argc, argv, &err) < 0) {
		say_error(&err);
		return EXIT_COMMAND_LINE;
	}
	if (tender.options.help) {
		options_hvt_help();
		return 0;
	}
	if (tender.options.version) {
		puts("muenbuild-hvt " MUENBUILD_VERSION);
		return 0;
	}
	/* The process ends here: what it holds is the kernel's to take back, all at once. */
	_exit(run(&tender));
}
