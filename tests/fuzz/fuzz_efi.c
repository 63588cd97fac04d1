/* EFI programs, with GRUB's modules and an archive inside. */
#include "base/cleanup.h"
#include "base/file.h"
#include "iso/efi_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_findings struct findings findings = { 0 };
	cleanup_close int fd = memfd_create("efi", MFD_CLOEXEC);
	struct efi_program program = { 0 };
	struct error err = { 0 };
	uint64_t total = 0;
	char path[32];
	int result;

	if (fd < 0 || file_pwrite(fd, "memory", data, size, 0, &err) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	result = efi_examine(path, &program, &findings, &err);
	if ((result == 0) != efi_recognise(path) || (result < 0 && err.kind != ERR_INPUT))
		abort();
	/* Files lie inside the program, each behind the one before. */
	for (size_t i = 0; i < program.file_count; i++) {
		if (program.files[i].offset < total || program.files[i].offset > size ||
		    program.files[i].size > size - program.files[i].offset ||
		    strlen(program.files[i].sha256) != 64)
			abort();
		total = program.files[i].offset + program.files[i].size;
	}
	efi_program_free(&program);
	return 0;
}
