/* A web server for trying what was built: the files of one folder, on loopback, for GET and HEAD,
 * with the ranges that sanboot and download tools ask for.
 *
 * It never leaves the folder: a link that leads out of it is refused by the kernel (openat2), not
 * by looking at names. Hidden files are not served. HTTP itself is libmicrohttpd's.
 */
#ifndef SERVE_SERVER_H
#define SERVE_SERVER_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdint.h>

/* One request that was answered. Called from the server's thread. */
struct served {
	const char *method, *url; /* as the client sent them: any bytes */
	unsigned status;
	uint64_t offset, length; /* of the file, what is sent */
};

typedef void server_log(const struct served *served, void *context);

struct server_options {
	const char *folder;
	uint16_t port; /* 0: any that is free */
	server_log *log;
	void *context;
};

struct server;

/* Begins to serve, in a thread of its own, which takes the caller's signal mask. Fails with
 * ERR_NO_INPUT (no such folder) or ERR_MISSING (the port is taken, the kernel has no openat2). */
struct server *server_start(const struct server_options *options, struct error *err);

/* The port that it listens on. */
uint16_t server_port(const struct server *server);

/* Ends it: requests that are being answered are broken off. */
void server_free(struct server *server);
DEFINE_CLEANUP(struct server *, server_free)
#define cleanup_server cleanup_with(server_freep)

#endif
