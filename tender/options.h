/* The command line of muenbuild-hvt: solo5-hvt's, and more.
 *
 *	muenbuild-hvt [OPTION...] [--] UNIKERNEL [ARGUMENT...]
 *
 * Options are read up to the first word that is none; the rest is the guest's. With
 * --options-anywhere they are read up to "--", before and behind UNIKERNEL.
 */
#ifndef TENDER_OPTIONS_H
#define TENDER_OPTIONS_H

#include "base/error.h"
#include "solo5/unikernel.h"
#include "tender/isolate.h"
#include "tender/net/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OPTIONS_DEVICES_MAX SOLO5_DEVICES_MAX
#define OPTIONS_PATTERNS_MAX 32
#define OPTIONS_PROBES_MAX 8

struct block_option {
	const char *name; /* of the device */
	char *path;	  /* owned; NULL: not attached */
	bool read_only;
	uint16_t block_size; /* bytes */
};

struct pattern_option {
	const char *regex;
	bool reject;
};

enum ring_option {
	RING_AUTO, /* where it pays */
	RING_ON,
	RING_OFF,
};

struct options_hvt {
	const char *kernel;
	char *command_line;    /* the guest's arguments, joined by single spaces; owned */
	uint64_t memory;       /* bytes asked for */
	uint64_t channel_size; /* muen: bytes of each channel of a network device */
	const char *world;     /* muen: file of the subject's world, "@FD", or NULL */
	struct net_spec nets[OPTIONS_DEVICES_MAX];
	size_t net_count;
	struct block_option blocks[OPTIONS_DEVICES_MAX];
	size_t block_count;
	const char *lone_pcap; /* --pcap without a device: there must be exactly one */
	struct pattern_option patterns[OPTIONS_PATTERNS_MAX];
	size_t pattern_count;
	const char *probes[OPTIONS_PROBES_MAX]; /* URLs */
	size_t probe_count;
	uint64_t timeout;	 /* ns, 0: none */
	const char *json;	 /* path of the report, or NULL */
	const char *dumpcore;	 /* folder, or NULL */
	bool gdb;		 /* wait for a debugger */
	const char *gdb_address; /* as gdb_listen() takes it, or NULL */
	bool has_gdb_port;
	uint16_t gdb_port;
	const char *chroot;
	struct identity identity;
	enum ring_option ring;
	bool verbose, help, version, anywhere;
	char *names[4 * OPTIONS_DEVICES_MAX]; /* device names, owned */
	size_t name_count;
};

/* Parses the command line. Fails with ERR_USAGE. Release with options_hvt_free(), after a
 * failure too. With `help` or `version` set nothing else was checked. */
int options_hvt_parse(struct options_hvt *options, int argc, char **argv, struct error *err);
void options_hvt_free(struct options_hvt *options);

#define cleanup_options_hvt cleanup_with(options_hvt_free)

/* Prints what --help says to stdout. */
void options_hvt_help(void);

/* Parses a duration: "10s", "1500ms", "2m", "10" (seconds). Returns 0 or -1. */
int duration_parse(const char *text, uint64_t *nanoseconds);

#endif
