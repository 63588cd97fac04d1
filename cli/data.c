#include "cli/data.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *data_folder(void)
{
	static char folder[PATH_MAX + 32];
	const char *chosen = getenv("MUENBUILD_DATA");
	char executable[PATH_MAX];
	ssize_t length;
	char *slash;

	if (chosen && *chosen)
		return chosen;
	length = readlink("/proc/self/exe", executable, sizeof(executable) - 1);
	if (length <= 0)
		return "/usr/local/share/muenbuild";
	executable[length] = '\0';
	slash = strrchr(executable, '/');
	if (slash)
		*slash = '\0';
	snprintf(folder, sizeof(folder), "%s/../share/muenbuild", executable);
	return folder;
}
