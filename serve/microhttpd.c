#include "serve/microhttpd.h"

#include "base/library.h"

struct microhttpd microhttpd;

#define FUNCTION(name) { "MHD_" #name, &microhttpd.name },

int microhttpd_load(struct error *err)
{
	static const struct library_function functions[] = { MICROHTTPD_FUNCTIONS(FUNCTION) };

	return library_load(&(struct library){ .file = "libmicrohttpd.so.12",
					       .mend = "install it: sudo apt install "
						       "libmicrohttpd12",
					       .functions = functions,
					       .count = sizeof(functions) / sizeof(functions[0]) },
			    err);
}
