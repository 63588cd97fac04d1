/* muenbuild run: starts muenbuild-hvt, the tender, which stands beside this program. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/verbs.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define TENDER "muenbuild-hvt"

/* For --help and the shell completion; the tender itself reads them. */
static const struct option_spec specs[] = {
	{ 1, "mem", 0, "N", "memory in MiB, or a size as 1G (default: 512)" },
	{ 2, "net", 0, "NAME=KIND",
	  "attach a network device: user[,hostfwd=tcp:8080-:80],\ntap[,bridge=br0], a tap's name, "
	  "or "
	  "@ and a descriptor" },
	{ 3, "net-mac", 0, "NAME=MAC", "its MAC address (default: random)" },
	{ 4, "pcap", 0, "[NAME=]FILE", "record its frames" },
	{ 5, "block", 0, "NAME=FILE", "attach a block device; behind FILE: ,ro ,sector=N" },
	{ 6, "expect", 0, "REGEX", "end with 0 once a line of output matches" },
	{ 7, "reject", 0, "REGEX", "fail if a line of output matches" },
	{ 8, "http-check", 0, "URL", "expect an answer 2xx or 3xx" },
	{ 9, "timeout", 0, "TIME", "stop the guest after 10s, 1500ms, 2m" },
	{ 10, "json", 0, "FILE", "write a report of the run" },
	{ 11, "dumpcore", 0, "DIR", "write a core file if the guest crashes" },
	{ 12, "ring", 0, "auto|on|off", "offer the network ring" },
	{ 13, "uid", 0, "N", "run as this user" },
	{ 14, "gid", 0, "N", "run as this group" },
	{ 15, "chroot", 0, "DIR", "run in this folder" },
	{ 16, "verbose", 0, NULL, "say what is done" },
	{ 0 },
};

/* Beside this executable; "" if that cannot be told. */
static void tender_path(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(TENDER));
	char *slash;

	path[length > 0 ? length : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		memcpy(slash + 1, TENDER, sizeof(TENDER));
}

static int run_run(int argc, char **argv, struct error *err)
{
	cleanup_free char **words = xcalloc((size_t)argc + 2, sizeof(*words));
	char path[PATH_MAX];

	tender_path(path);
	/* Here the unikernel comes first, or anywhere before "--". */
	words[0] = (char *)TENDER;
	words[1] = (char *)"--options-anywhere";
	memcpy(words + 2, argv + 1, (size_t)(argc - 1) * sizeof(*words));
	execv(path, words);
	err_fail_errno(err, ERR_MISSING, errno, "%s: cannot start the tender", path);
	return err_mend(err, "install muenbuild-hvt beside muenbuild: make install does");
}

const struct verb verb_run = {
	.name = "run",
	.run = run_run,
	.summary = "run an hvt unikernel in KVM",
	.operands = "FILE [-- ARGUMENT...]",
	.options = specs,
	.details =
		"Runs a Solo5 hvt unikernel on this machine, before it is deployed. What stands\n"
		"behind -- is the unikernel's command line. The exit status is the guest's; 120 "
		"to\n"
		"126 are the tender's own failures. See muenbuild-hvt(1).",
};
