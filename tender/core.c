#include "tender/core.h"

#include "base/alloc.h"
#include "tender/say.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <unistd.h>

struct note {
	Elf64_Nhdr header;
	char name[8];
	struct elf_prstatus status; /* 4-aligned: notes know nothing wider */
} __attribute__((packed, aligned(4)));

/* Everything in front of the memory. */
struct preamble {
	Elf64_Ehdr header;
	Elf64_Phdr note_header, memory_header;
	struct note note;
};

static void fill_registers(struct elf_prstatus *status, const struct vm_registers *from)
{
	struct user_regs_struct to = {
		.r15 = from->gpr[VM_R15],
		.r14 = from->gpr[VM_R14],
		.r13 = from->gpr[VM_R13],
		.r12 = from->gpr[VM_R12],
		.rbp = from->gpr[VM_RBP],
		.rbx = from->gpr[VM_RBX],
		.r11 = from->gpr[VM_R11],
		.r10 = from->gpr[VM_R10],
		.r9 = from->gpr[VM_R9],
		.r8 = from->gpr[VM_R8],
		.rax = from->gpr[VM_RAX],
		.rcx = from->gpr[VM_RCX],
		.rdx = from->gpr[VM_RDX],
		.rsi = from->gpr[VM_RSI],
		.rdi = from->gpr[VM_RDI],
		.orig_rax = ~0ull, /* not in a system call */
		.rip = from->rip,
		.cs = from->cs.selector,
		.eflags = from->rflags,
		.rsp = from->gpr[VM_RSP],
		.ss = from->ss.selector,
		.fs_base = from->fs.base,
		.gs_base = from->gs.base,
		.ds = from->ds.selector,
		.es = from->es.selector,
		.fs = from->fs.selector,
		.gs = from->gs.selector,
	};

	_Static_assert(sizeof(to) == sizeof(status->pr_reg), "registers of a core file");
	memcpy(status->pr_reg, &to, sizeof(to));
}

static void fill_preamble(struct preamble *preamble, uint64_t size,
			  const struct vm_registers *registers)
{
	struct elf_prstatus status = { 0 };

	*preamble = (struct preamble){
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT, ELFOSABI_STANDALONE },
			.e_type = ET_CORE,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_phoff = offsetof(struct preamble, note_header),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2,
		},
		.note_header = {
			.p_type = PT_NOTE,
			.p_offset = offsetof(struct preamble, note),
			.p_filesz = sizeof(struct note),
			.p_align = 4,
		},
		.memory_header = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = GUEST_PAGE,
			.p_filesz = size,
			.p_memsz = size,
			.p_align = GUEST_PAGE,
		},
		.note = {
			.header = { 8, sizeof(struct elf_prstatus), NT_PRSTATUS },
			.name = "CORE",
		},
	};
	_Static_assert(sizeof(*preamble) <= GUEST_PAGE, "the memory begins at the second page");
	fill_registers(&status, registers);
	preamble->note.status = status;
}

static int write_at(int fd, const void *data, size_t length, uint64_t offset)
{
	size_t done = 0;

	while (done < length) {
		ssize_t count = pwrite(fd, (const char *)data + done, length - done,
				       (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return -1;
		done += (size_t)count;
	}
	return 0;
}

/* Writes the runs of pages that are there. */
static int write_memory(int fd, const struct guest_ram *ram, uint64_t size)
{
	size_t pages = size / GUEST_PAGE;
	cleanup_free unsigned char *resident = xcalloc(pages, 1);
	size_t start = 0;

	if (mincore(ram->host, size, resident) < 0)
		return -1;
	while (start < pages) {
		size_t end = start;

		while (end < pages && (resident[end] & 1))
			end++;
		if (end > start &&
		    write_at(fd, ram->host + start * GUEST_PAGE, (end - start) * GUEST_PAGE,
			     GUEST_PAGE + start * GUEST_PAGE) < 0)
			return -1;
		start = end + 1;
	}
	return ftruncate(fd, (off_t)(GUEST_PAGE + size));
}

int core_write(int folder_fd, const char *folder, const struct guest_ram *ram, uint64_t size,
	       const struct vm_registers *registers, struct error *err)
{
	cleanup_close int fd = -1;
	struct preamble preamble;
	char name[64];

	snprintf(name, sizeof(name), "core.solo5-hvt.%d", (int)getpid());
	fd = openat(folder_fd, name, CORE_OPEN_FLAGS, 0600);
	if (fd < 0)
		return err_fail_errno(err, ERR_CANT_CREATE, errno,
				      "--dumpcore: cannot create %s/%s", folder, name);
	say("dumpcore: dumping guest core to: %s/%s", folder, name);
	fill_preamble(&preamble, size, registers);
	if (write_at(fd, &preamble, sizeof(preamble), 0) < 0 || write_memory(fd, ram, size) < 0)
		return err_fail_errno(err, ERR_IO, errno, "--dumpcore: %s/%s: cannot write", folder,
				      name);
	return 0;
}
