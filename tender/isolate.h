/* Taking from this process what it no longer needs: the file system, networks, privileges. The
 * filter of system calls (tender/filter.h) comes on top.
 */
#ifndef TENDER_ISOLATE_H
#define TENDER_ISOLATE_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Whom a process runs as from now on. */
struct identity {
	bool has_uid, has_gid;
	uid_t uid;
	gid_t gid;
};

struct isolation {
	const char *chroot; /* folder that becomes the root, or NULL: an empty file system */
	struct identity identity;
	bool keep_network;     /* stay in the network namespace */
	const char *keep_file; /* a file that is copied into the empty file system, or NULL */
	rlim_t descriptors;    /* highest number of descriptors from now on */
};

/* What was done: namespaces are made where the host permits it. */
struct isolation_report {
	bool files;   /* empty file system, or the chroot */
	bool network; /* empty network namespace */
	bool user;    /* through a user namespace of its own */
};

/* To be called with all files and devices open, before threads are started. What the user asked
 * for (chroot, uid, gid) and what always works (no_new_privs, capabilities, limits) must
 * succeed, or ERR_REFUSED says why; namespaces that the host does not permit are left out. */
int isolate(const struct isolation *isolation, struct isolation_report *report, struct error *err);

/* For a helper process: ends it when its parent ends, which must be `parent`. Another identity
 * undoes that, so it is to be called after isolate() again. */
void isolate_end_with(pid_t parent);

#endif
