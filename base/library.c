#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const struct library *library, struct error *err)
{
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		err_fail(err, ERR_MISSING, "cannot load %s: %s", library->file, dlerror());
		return err_mend(err, "%s", library->mend);
	}
	for (size_t i = 0; i < library->count; i++) {
		const struct library_function *function = &library->functions[i];
		void *address = dlsym(handle, function->name);

		if (!address) {
			err_fail(err, ERR_MISSING, "%s has no function %s", library->file,
				 function->name);
			return err_mend(err, "%s", library->mend);
		}
		/* ISO C converts no data pointer to a function's; POSIX has both look alike. */
		memcpy(function->pointer, &address, sizeof(address));
	}
	return 0;
}
