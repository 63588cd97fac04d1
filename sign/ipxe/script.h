/* Scripts for iPXE that boot a signed Muen system, and nothing else.
 *
 * `imgtrust --permanent` makes iPXE execute verified images only, but it does not look at an
 * initrd, and a script that ends or fails gives the machine back to its firmware, which boots the
 * next device. So a script made here verifies every image by a line of its own, sends every
 * failure to one place from where no image is started, and has no end that is reached.
 *
 * Words of an iPXE command are separated by blanks and cannot be quoted; "${" expands settings;
 * "||", "&&", ";" and a word that begins with "#" end a command. None of this can come out of an
 * option: what options may hold is checked character by character.
 */
#ifndef SIGN_IPXE_SCRIPT_H
#define SIGN_IPXE_SCRIPT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/findings.h"

#include <stdbool.h>

enum ipxe_platform {
	IPXE_BIOS, /* memdisk with the ISO */
	IPXE_UEFI, /* one GRUB file that holds everything; memdisk does not run there */
	IPXE_AUTO, /* decided by the script */
};

enum ipxe_network {
	IPXE_DHCP,
	IPXE_STATIC,
	IPXE_KEEP, /* as it is: whoever started the script has set it up */
};

/* What happens when something failed, after a message. */
enum ipxe_action {
	IPXE_HALT,   /* wait for a person, for ever */
	IPXE_RETRY,  /* wait and begin again */
	IPXE_REBOOT, /* wait and reset the machine */
	IPXE_SHELL,  /* iPXE's command line, again and again */
};

/* The names as options have them: "bios", "uefi", "auto"; "dhcp", "static", "keep"; "halt",
 * "retry", "reboot", "shell". The parsers fail with ERR_USAGE. */
int ipxe_platform_parse(const char *text, enum ipxe_platform *platform, struct error *err);
int ipxe_network_parse(const char *text, enum ipxe_network *network, struct error *err);
int ipxe_action_parse(const char *text, enum ipxe_action *action, struct error *err);
const char *ipxe_platform_name(enum ipxe_platform platform);
const char *ipxe_network_name(enum ipxe_network network);
const char *ipxe_action_name(enum ipxe_action action);

struct ipxe_script {
	/* A script to compile into iPXE, which fetches, verifies and runs `script`; otherwise it
	 * boots the system itself. */
	bool embedded;
	enum ipxe_platform platform;
	enum ipxe_network network;
	enum ipxe_action on_failure;
	unsigned int delay; /* seconds before IPXE_RETRY and IPXE_REBOOT */

	const char *interface; /* "net0"; NULL: net0 (static), the first that answers (DHCP) */
	const char *address;   /* IPv4, static only: "192.168.199.4" or "192.168.199.4/24" */
	const char *netmask;   /* "255.255.255.0"; NULL only if the address has its prefix */
	const char *gateway;   /* NULL: none */
	const char *dns;       /* NULL: none */

	/* Folder of all files: "http://192.168.199.2", "https://h:8443/muen", "tftp://h/a". NULL:
	 * names are relative to the script's own place, for an embedded one to DHCP's server. */
	const char *url;

	const char *memdisk; /* file names */
	const char *iso;
	const char *efi;
	const char *script; /* of an embedded script: the one it runs */
};

/* The values that a script has if nothing else is said: BIOS, DHCP, IPXE_HALT, 30 seconds,
 * "memdisk", "muen.iso", "muen.efi", "boot.ipxe". */
struct ipxe_script ipxe_script_defaults(void);

/* Appends the script's text. Fails with ERR_USAGE if an option's value cannot be used: `buffer`
 * is untouched then. What is allowed and may not be meant is added to `findings`. */
int ipxe_script_write(const struct ipxe_script *script, struct buffer *buffer,
		      struct findings *findings, struct error *err);

enum ipxe_file_kind {
	IPXE_FILE_MEMDISK,
	IPXE_FILE_ISO,
	IPXE_FILE_EFI,
	IPXE_FILE_SCRIPT,
};

struct ipxe_file {
	enum ipxe_file_kind kind;
	const char *name; /* the script's own pointer */
};

/* The files that the script fetches, in that order, without the signatures beside them (".sig").
 * Returns their number. */
enum { IPXE_FILES_MAX = 3 };
size_t ipxe_script_files(const struct ipxe_script *script, struct ipxe_file files[IPXE_FILES_MAX]);

/* What the text about building iPXE names. */
struct ipxe_build {
	const char *embed; /* the script's file: EMBED= */
	const char *cert;  /* certificates to compile in: CERT=; NULL: a placeholder */
	const char *ca;	   /* what is trusted: TRUST=; NULL: a placeholder */
};

/* Appends how to build an iPXE that runs the script. Fails with ERR_USAGE if a file's name cannot
 * stand in a make command. Does not look at files. */
int ipxe_build_write(const struct ipxe_script *script, const struct ipxe_build *build,
		     struct buffer *buffer, struct error *err);

#endif
