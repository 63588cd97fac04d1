/* The connection to a debugger: one listening socket, one debugger at a time.
 *
 * Whatever happens on it raises SIGIO, so that it reaches the guest's thread wherever that is.
 * After gdb_listen() only accept4, dup3, close, fcntl, recvfrom, sendto and ppoll are called,
 * on descriptors that are known from then on.
 */
#ifndef TENDER_GDB_LINK_H
#define TENDER_GDB_LINK_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GDB_PORT_DEFAULT 1234
#define GDB_NAME_MAX 160

struct gdb_link {
	int listen_fd;
	int fd; /* of the connection; the number is reserved while there is none */
	bool connected;
	pid_t owner;		 /* who gets SIGIO */
	bool is_exposed;	 /* other machines can connect */
	char name[GDB_NAME_MAX]; /* what gdb's "target remote" takes */
};

/* Listens at "unix:PATH", "HOST:PORT", "HOST", ":PORT" or "PORT"; NULL: at loopback. A HOST that
 * is left out is loopback, a PORT that is left out is `port`. A socket that a tender left behind
 * at PATH is replaced; only this user can connect to the new one. Fails with ERR_USAGE (not an
 * address) or ERR_MISSING (cannot listen there). */
int gdb_listen(struct gdb_link *link, const char *address, uint16_t port, struct error *err);

/* Whether a word of the command line can only be an address. */
bool gdb_is_address(const char *word);

/* Takes the next debugger, if one is waiting and none is there. */
bool gdb_link_accept(struct gdb_link *link);
void gdb_link_close(struct gdb_link *link);

/* Receives what is there: the number of bytes, 0 if there is nothing now, -1 if the debugger is
 * gone. */
ssize_t gdb_link_receive(struct gdb_link *link, void *bytes, size_t size);

/* Sends it all; -1 if the debugger is gone, or *give_up became non-zero while it took nothing. */
int gdb_link_send(struct gdb_link *link, const void *bytes, size_t length,
		  const volatile sig_atomic_t *give_up);

/* Waits up to that many milliseconds (-1: for ever) until something happens, or a signal comes. */
void gdb_link_wait(const struct gdb_link *link, int milliseconds);

#endif
