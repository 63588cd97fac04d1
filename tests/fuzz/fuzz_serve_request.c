/* Any path and any range: what comes out of them stays in the folder and in the file.
 *
 * The first line is the path of a URL, the second the header Range.
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "serve/request.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_path(char *url)
{
	cleanup_free char *copy = xstrdup(url);
	bool folder;
	const char *path = request_path(copy, &folder);

	if (!path || !strcmp(path, "."))
		return;
	demand(*path && *path != '/' && path[strlen(path) - 1] != '/', "the ends of a path");
	demand(*path != '.' && !strstr(path, "/.") && !strstr(path, "//"), "the parts of a path");
}

static void check_range(const char *header, uint64_t size)
{
	struct request_range range;

	if (request_range(header, size, &range) == RANGE_PART)
		demand(range.length && range.offset < size && range.length <= size - range.offset,
		       "the file's end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t sizes[] = { 0, 1, 1000, UINT64_MAX };
	cleanup_free char *text = xstrndup((const char *)data, size);
	char *line = strchr(text, '\n');

	if (line)
		*line++ = '\0';
	check_path(text);
	for (size_t i = 0; line && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_range(line, sizes[i]);
	return 0;
}
