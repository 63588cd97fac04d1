/* The tender's own exit statuses. A guest that halts passes its own status through; a signal
 * ends the tender with 128 + its number. The man page has the same table.
 */
#ifndef TENDER_EXIT_STATUS_H
#define TENDER_EXIT_STATUS_H

enum exit_status {
	EXIT_COMMAND_LINE = 120, /* options, or devices that do not match the manifest */
	EXIT_UNIKERNEL = 121,	 /* the file cannot be read, is not for hvt or muen, is damaged */
	EXIT_HOST = 122,	 /* the host lacks something: KVM, a device, a file, memory */
	EXIT_GUEST = 123,	 /* the guest did what no guest may: address, port, triple fault */
	EXIT_UNABLE = 124,	 /* this host's virtualisation cannot run the guest on */
	EXIT_EXPECTATION = 125,	 /* --expect, --reject, --timeout or --http-check not met */
	EXIT_SANDBOX = 126,	 /* the sandbox cannot be set up, or was violated */
	EXIT_SIGNAL = 128,	 /* + number of the signal */
};

#endif
