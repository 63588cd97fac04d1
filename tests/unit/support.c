#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const char *shared_path(const char *relative)
{
	static char path[4096];
	const char *folder = getenv("MUENBUILD_SHARED");

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : "../shared", relative);
	return access(path, R_OK) == 0 ? path : NULL;
}
