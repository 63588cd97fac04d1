#include "tender/tender.h"

#include "tender/core.h"
#include "tender/filter.h"
#include "tender/say.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How many descriptors the process may have from now on. */
static rlim_t descriptor_limit(const struct tender *tender)
{
	int next = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	rlim_t limit = next < 0 ? 0 : (rlim_t)next;

	if (next >= 0)
		close(next);
	/* None is to be opened any more, but for a core file and a debugger; ppoll() takes no more
	 * than the limit, even if inherited descriptors have higher numbers. */
	limit += tender->core_fd >= 0 || tender->options.gdb;
	return limit > tender->devices.poll_count ? limit : tender->devices.poll_count;
}

static void allow_devices(struct filter *filter, const struct tender *tender)
{
	for (size_t i = 0; i < tender->net_count; i++) {
		filter_allow_fd(filter, __NR_readv, tender->nets[i].fd);
		filter_allow_fd(filter, __NR_write, tender->nets[i].fd);
		if (tender->nets[i].helper)
			filter_allow_fd(filter, __NR_shutdown, tender->nets[i].fd);
		if (tender->nets[i].pcap.fd >= 0)
			filter_allow_fd(filter, __NR_writev, tender->nets[i].pcap.fd);
	}
	for (size_t i = 0; i < tender->block_count; i++) {
		filter_allow_fd(filter, __NR_pread64, tender->blocks[i].fd);
		if (!tender->blocks[i].read_only)
			filter_allow_fd(filter, __NR_pwrite64, tender->blocks[i].fd);
	}
}

static void allow_machine(struct filter *filter, const struct tender *tender)
{
	struct vm_ioctl calls[VM_IOCTLS_MAX];
	size_t count = vm_ioctls(tender->vm, tender->options.gdb, calls);

	for (size_t i = 0; i < count; i++)
		filter_allow_command(filter, __NR_ioctl, calls[i].fd, calls[i].request);
	filter_allow_fd(filter, __NR_read, tender->stop.wake_fd);
	filter_allow_fd(filter, __NR_write, tender->stop.wake_fd);
	filter_allow(filter, __NR_setitimer);
	filter_allow(filter, __NR_ppoll);
}

static void allow_outputs(struct filter *filter, const struct tender *tender)
{
	filter_allow_fd(filter, __NR_write, STDOUT_FILENO);
	if (tender->json_fd >= 0)
		filter_allow_fd(filter, __NR_write, tender->json_fd);
	if (tender->core_fd < 0)
		return;
	say("the sandbox is open a little: --dumpcore may create new files below %s",
	    tender->options.dumpcore);
	filter_allow_creation(filter, tender->core_fd, CORE_OPEN_FLAGS);
	filter_allow(filter, __NR_pwrite64);
	filter_allow(filter, __NR_ftruncate);
	filter_allow(filter, __NR_mincore);
	filter_allow(filter, __NR_getpid);
	filter_allow(filter, __NR_close);
}

static int load_filter(const struct tender *tender, struct error *err)
{
	struct filter *filter = filter_new("the sandbox", err);
	int result;

	if (!filter)
		return -1;
	filter_allow_basics(filter);
	allow_machine(filter, tender);
	guest_allow(tender->guest, filter);
	allow_devices(filter, tender);
	allow_outputs(filter, tender);
	if (tender->options.gdb)
		gdb_allow(&tender->gdb, filter);
	result = filter_load(filter, err);
	filter_free(filter);
	return result;
}

int tender_confine(struct tender *tender, struct error *err)
{
	const struct options_hvt *options = &tender->options;
	const struct isolation isolation = {
		.chroot = options->chroot,
		.identity = options->identity,
		.descriptors = descriptor_limit(tender),
	};

	if (isolate(&isolation, &tender->isolation, err) < 0)
		return -1;
	if (guest_start(tender->guest, err) < 0 || load_filter(tender, err) < 0)
		return -1;
	if (options->verbose)
		say("sandbox: system calls filtered; files: %s; network: %s%s",
		    options->chroot	      ? "the chroot"
		    : tender->isolation.files ? "none"
					      : "as the host has them",
		    tender->isolation.network ? "none" : "the host's",
		    tender->isolation.user ? "; in a user namespace" : "");
	return 0;
}
