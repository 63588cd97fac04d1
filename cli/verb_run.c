/* muenbuild run: starts muenbuild-hvt, the tender, which stands beside this program. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/verbs.h"
#include "tender/option_list.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define TENDER "muenbuild-hvt"

/* For --help and the shell completion; the tender itself reads them. */
#define HELP_ROW(name, argument, per_device, function, help)                                       \
	{ __COUNTER__ + 1, name, 0, argument, help },

static const struct option_spec specs[] = { TENDER_OPTIONS(HELP_ROW){ 0 } };

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
	.summary = "run an hvt or muen unikernel in KVM",
	.operands = "FILE [-- ARGUMENT...]",
	.options = specs,
	.details =
		"Runs a Solo5 unikernel for hvt or for Muen on this machine, before it is deployed.\n"
		"What stands behind -- is the unikernel's command line. The exit status is the guest's; 120 "
		"to\n"
		"126 are the tender's own failures. See muenbuild-hvt(1).",
};
