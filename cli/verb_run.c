/* muenbuild run: starts muenbuild-hvt, the tender, which stands beside this program. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/run_policy.h"
#include "cli/verbs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The tender reads such a command line itself. */
static int run_file(int argc, char **argv, struct error *err)
{
	cleanup_free char **words = xcalloc((size_t)argc + 2, sizeof(*words));

	/* Here the unikernel comes first, or anywhere before "--". */
	words[0] = (char *)path_base_name(tender_path());
	words[1] = (char *)"--options-anywhere";
	memcpy(words + 2, argv + 1, (size_t)(argc - 1) * sizeof(*words));
	execv(tender_path(), words);
	return fail_no_tender(errno, err);
}

static int run_policy(const struct run_options *options, struct error *err)
{
	struct policy_source source = { .path = options->policy,
					.folders = options->folders,
					.folder_count = options->folder_count,
					.unikernel = options->unikernel };
	cleanup_run struct run run = { 0 };

	if (!options->policy) {
		err_fail(err, ERR_USAGE, "--subject and -I are about a policy, but none is named");
		return err_mend(err, "name it: --policy FILE");
	}
	if (run_prepare(&run, options, &source, err) < 0)
		return -1;
	return run.count == 1 ? run_alone(&run, err) : run_together(&run, stdout, err);
}

static int run_run(int argc, char **argv, struct error *err)
{
	cleanup_run_options struct run_options options = { 0 };

	if (!run_options_wanted(argc, argv))
		return run_file(argc, argv, err);
	if (run_options_parse(&options, argc, argv, err) < 0)
		return -1;
	return run_policy(&options, err);
}

const struct verb verb_run = {
	.name = "run",
	.run = run_run,
	.summary = "run a unikernel, or those of a policy, in KVM",
	.operands = "[FILE] [-- ARGUMENT...]",
	.options = run_option_specs,
	.details =
		"Runs a Solo5 unikernel on this machine, before it is deployed: one for hvt, or "
		"the\n"
		"very file for Muen. What stands behind -- is its command line. The exit status "
		"is\n"
		"the guest's; 120 to 126 are the tender's own failures. See muenbuild-hvt(1).\n\n"
		"With --policy, the unikernels of a system run exactly as its policy lays them "
		"out,\n"
		"several of them together; an option for one of several is written as\n"
		"--net SUBJECT:NAME=KIND.\n",
};
