/* Reading EFI programs: whether one is a GRUB, and what it carries, as muen.efi does.
 *
 * Formats: PE32+ (Microsoft's PE specification: MS-DOS stub, COFF header, optional header, section
 * table), all little endian; GRUB's section "mods" (include/grub/kernel.h: a module information
 * header, then objects with a type and a size each), in which the files are a POSIX tar archive.
 */
#ifndef ISO_EFI_READ_H
#define ISO_EFI_READ_H

#include "base/findings.h"
#include "iso/reader.h"

struct efi_file {
	char *path;	 /* printable: "boot/grub/grub.cfg" */
	uint64_t offset; /* of its contents, in the program */
	uint64_t size;	 /* bytes */
	char sha256[65];
};

struct efi_program {
	uint64_t size;	  /* of the file, in bytes */
	uint16_t machine; /* COFF: EFI_MACHINE_X64, or another */
	bool is_grub;
	size_t module_count; /* GRUB's, inside */
	bool has_key;	     /* a public key is inside: GRUB opens only what it has signed */
	bool has_archive;
	struct efi_file *files; /* of the archive, in its order */
	size_t file_count;
};

enum { EFI_MACHINE_X64 = 0x8664 };

/* Whether the file is an EFI program, by its headers alone; false also if it cannot be read. */
bool efi_recognise(const char *path);

/* Examines the EFI program at `path`; reads no more than it has bytes. What is broken is added as
 * FINDING_ERROR. Fails with ERR_NO_INPUT, and with ERR_INPUT if it is no EFI program at all. The
 * result is released with efi_program_free(), also after a failure. */
int efi_examine(const char *path, struct efi_program *program, struct findings *findings,
		struct error *err);

void efi_program_free(struct efi_program *program);

#endif
