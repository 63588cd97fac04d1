/* The functions of libmicrohttpd that the server calls, by its names without MHD_. The library is
 * loaded by microhttpd_load(): it brings GnuTLS along, which would cost every other verb more time
 * to start than all else together.
 */
#ifndef SERVE_MICROHTTPD_H
#define SERVE_MICROHTTPD_H

#include "base/error.h"

#include <microhttpd.h>

#define MICROHTTPD_FUNCTIONS(X)                                                                    \
	X(add_response_header)                                                                     \
	X(create_response_from_buffer)                                                             \
	X(create_response_from_fd_at_offset64)                                                     \
	X(destroy_response)                                                                        \
	X(lookup_connection_value)                                                                 \
	X(queue_response)                                                                          \
	X(start_daemon)                                                                            \
	X(stop_daemon)

#define MICROHTTPD_POINTER(function) __typeof__(&MHD_##function) function;

extern struct microhttpd {
	MICROHTTPD_FUNCTIONS(MICROHTTPD_POINTER)
} microhttpd;

/* Must have succeeded before any of them is called. Fails with ERR_MISSING. */
int microhttpd_load(struct error *err);

#endif
