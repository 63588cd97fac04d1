/* Runs a fuzz target once over every file named on the command line, so that the seed
 * corpus is part of `make check` with any compiler. Prints one TAP line. */
#include "base/file.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct error err = { 0 };

	for (int i = 1; i < argc; i++) {
		cleanup_bytes struct bytes bytes = { 0 };

		if (file_read(argv[i], 1u << 30, 0, &bytes, &err) < 0) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		LLVMFuzzerTestOneInput(bytes.data, bytes.size);
	}
	if (argc < 2) {
		printf("not ok - %s: no corpus\n", argv[0]);
		return 1;
	}
	printf("ok - %s: %d inputs\n", path_base_name(argv[0]), argc - 1);
	return 0;
}
