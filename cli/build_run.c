#include "cli/build_run.h"

#include "base/alloc.h"
#include "cli/run_policy.h"
#include "tender/exit_status.h"

#include <string.h>

static bool has_timeout(const struct run_options *options)
{
	for (size_t i = 0; i < options->word_count; i++)
		if (!strcmp(options->words[i].option, "timeout"))
			return true;
	return false;
}

int build_run_options(struct run_options *options, int count, char **words, struct error *err)
{
	static char timeout[] = "--timeout=" BUILD_RUN_TIMEOUT;
	cleanup_free char **all = xcalloc((size_t)count + 2, sizeof(*all));

	memcpy(all + 1, words, (size_t)count * sizeof(*words));
	if (run_options_parse(options, count + 1, all, err) < 0)
		return -1;
	if (options->policy || options->unikernel) {
		err_fail(err, ERR_USAGE, "build --run runs what is built, not %s",
			 options->policy ? options->policy : options->unikernel);
		return err_mend(err, "leave it out; 'muenbuild run' runs other files");
	}
	if (has_timeout(options))
		return 0;
	run_options_free(options);
	all[count + 1] = timeout;
	return run_options_parse(options, count + 2, all, err);
}

static enum error_kind kind_of(int status)
{
	switch (status) {
	case EXIT_COMMAND_LINE:
		return ERR_USAGE;
	case EXIT_HOST:
	case EXIT_UNABLE:
	case EXIT_SANDBOX:
		return ERR_MISSING;
	default:
		return ERR_INPUT;
	}
}

int build_run(const struct build *build, const struct run_options *options, struct error *err)
{
	cleanup_composed_policy struct composed_policy policy = composed_policy(build);
	cleanup_run struct run run = { 0 };
	int status;

	if (run_prepare(&run, options, &policy.source, err) < 0)
		return -1;
	run.inherited = build->composed.memory_files;
	run.inherited_count = build->composed.memory_file_count;
	status = run_together(&run, stderr, err);
	if (status <= 0)
		return status;
	err_fail(err, kind_of(status), "%s: its run ended with status %d: nothing is written",
		 policy.path, status);
	return err_mend(err, "see above what it said; muenbuild-hvt(1) lists the statuses");
}
