/* One run of a unikernel, from the command line to the exit status: what the stages of the
 * tender hand to each other.
 *
 * Order: options, unikernel, devices, machine and memory, sandbox, run, report. Everything
 * that needs the host is opened before the sandbox closes; after it there is only the guest.
 */
#ifndef TENDER_TENDER_H
#define TENDER_TENDER_H

#include "base/buffer.h"
#include "solo5/unikernel.h"
#include "tender/gdb/gdb.h"
#include "tender/guest.h"
#include "tender/isolate.h"
#include "tender/probe.h"

/* Why the run ended. */
enum outcome_cause {
	OUTCOME_NOT_STARTED, /* a stage before the run failed */
	OUTCOME_HALT,	     /* the guest ended itself */
	OUTCOME_GUEST,	     /* the guest did what it may not */
	OUTCOME_UNABLE,	     /* the host's virtualisation cannot go on */
	OUTCOME_HOST,	     /* the machine broke */
	OUTCOME_SIGNAL,	     /* somebody ended the tender */
	OUTCOME_TIMEOUT,     /* --timeout */
	OUTCOME_MET,	     /* every expectation is met */
	OUTCOME_REJECTED,    /* a line of output must not have appeared */
};

struct outcome {
	enum outcome_cause cause;
	int start_status;   /* NOT_STARTED: the exit status of the stage that failed */
	int guest_status;   /* HALT: as the process would exit, 0..255 */
	int signal;	    /* SIGNAL */
	struct error error; /* NOT_STARTED, GUEST, UNABLE, HOST */
	bool has_registers; /* of the guest, at its end */
	struct vm_registers registers;
};

/* Moments, clock_monotonic(); 0: did not happen. */
struct timings {
	uint64_t start; /* of the process */
	uint64_t entry; /* the guest's first instruction */
	uint64_t met;	/* the last expectation */
	uint64_t end;
};

struct tender {
	struct options_hvt options;
	struct stop stop;
	struct bytes file;
	struct unikernel unikernel;
	struct net nets[OPTIONS_DEVICES_MAX];
	size_t net_count;
	struct block blocks[OPTIONS_DEVICES_MAX];
	size_t block_count;
	struct probe probes[OPTIONS_PROBES_MAX];
	size_t probe_count;
	struct devices devices;
	struct console console;
	struct watch watch;
	struct vm *vm;
	struct guest *guest;
	int json_fd, core_fd; /* -1: none */
	struct gdb gdb;	      /* if options.gdb */
	struct isolation_report isolation;
	uint64_t exits[VM_EXIT_KINDS];
	struct timings timings;
	struct outcome outcome;
};

/* ---- attach.c --------------------------------------------------------------------- */

/* Checks the device options against the manifest: every device attached once, with the right
 * type. Fails with ERR_USAGE and names what the unikernel declares. */
int tender_check_devices(const struct tender *tender, struct error *err);

/* Opens the devices and attaches them to the guest. */
int tender_open_devices(struct tender *tender, struct error *err);

/* ---- confine.c ---------------------------------------------------------------------- */

/* Closes the sandbox around the process; see isolate.h and filter.h. */
int tender_confine(struct tender *tender, struct error *err);

/* ---- run.c ---------------------------------------------------------------------------- */

/* Runs the guest to its end and fills in outcome, exits and timings. */
void tender_run(struct tender *tender);

/* Whether there is something to expect or to reject. */
bool tender_is_smoke_test(const struct tender *tender);

/* Number of expectations (lines and probes) that are not met. */
size_t tender_unmet(const struct tender *tender);

/* ---- report.c ------------------------------------------------------------------------ */

/* The exit status that the outcome comes to. */
int tender_status(const struct tender *tender);

/* Tells on stderr what went wrong, and how a smoke test went. */
void tender_tell(const struct tender *tender);

/* Whether the guest ended in a way that a core file helps with. */
bool tender_crashed(const struct tender *tender);

/* ---- report_json.c ------------------------------------------------------------------- */

/* The report as JSON, a document of type "muenbuild.run"; the caller frees the buffer. */
void tender_report(const struct tender *tender, struct buffer *json);

#endif
