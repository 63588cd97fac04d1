#include "tender/core.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "tender/say.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <unistd.h>

struct note {
	Elf64_Nhdr header;
	char name[8];
	struct elf_prstatus status; /* 4-aligned: notes know nothing wider */
} __attribute__((packed, aligned(4)));

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

/* Everything in front of the memory: header, program headers (the note's first), note. */
static size_t headers_size(const struct guest_memory *memory)
{
	return sizeof(Elf64_Ehdr) + (memory->count + 1) * sizeof(Elf64_Phdr);
}

static uint64_t memory_start(const struct guest_memory *memory)
{
	const uint64_t end = headers_size(memory) + sizeof(struct note);

	return (end + GUEST_PAGE - 1) & ~(GUEST_PAGE - 1);
}

static void add_header(struct buffer *out, const struct guest_memory *memory)
{
	const Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT, ELFOSABI_STANDALONE },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(memory->count + 1),
	};

	buffer_add(out, &header, sizeof(header));
}

static void add_program_headers(struct buffer *out, const struct guest_memory *memory)
{
	Elf64_Phdr header = {
		.p_type = PT_NOTE,
		.p_offset = headers_size(memory),
		.p_filesz = sizeof(struct note),
		.p_align = 4,
	};
	uint64_t offset = memory_start(memory);

	buffer_add(out, &header, sizeof(header));
	for (size_t i = 0; i < memory->count; i++) {
		const struct guest_region *region = &memory->regions[i];

		header = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = offset,
			.p_vaddr = region->address,
			.p_filesz = region->size,
			.p_memsz = region->size,
			.p_align = GUEST_PAGE,
		};
		buffer_add(out, &header, sizeof(header));
		offset += region->size;
	}
}

static void add_note(struct buffer *out, const struct vm_registers *registers)
{
	struct elf_prstatus status = { 0 };
	struct note note = {
		.header = { 8, sizeof(struct elf_prstatus), NT_PRSTATUS },
		.name = "CORE",
	};

	fill_registers(&status, registers);
	note.status = status;
	buffer_add(out, &note, sizeof(note));
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
static int write_region(int fd, const struct guest_region *region, uint64_t offset)
{
	size_t pages = region->size / GUEST_PAGE;
	cleanup_free unsigned char *resident = xcalloc(pages, 1);
	size_t start = 0;

	if (mincore(region->host, region->size, resident) < 0)
		return -1;
	while (start < pages) {
		size_t end = start;

		while (end < pages && (resident[end] & 1))
			end++;
		if (end > start &&
		    write_at(fd, region->host + start * GUEST_PAGE, (end - start) * GUEST_PAGE,
			     offset + start * GUEST_PAGE) < 0)
			return -1;
		start = end + 1;
	}
	return 0;
}

static int write_memory(int fd, const struct guest_memory *memory)
{
	uint64_t offset = memory_start(memory);

	for (size_t i = 0; i < memory->count; i++) {
		if (write_region(fd, &memory->regions[i], offset) < 0)
			return -1;
		offset += memory->regions[i].size;
	}
	return ftruncate(fd, (off_t)offset);
}

int core_write(const struct core *core, struct error *err)
{
	cleanup_buffer struct buffer headers = { 0 };
	cleanup_close int fd = -1;
	char name[64];

	snprintf(name, sizeof(name), "core.solo5-%s.%d", core->target, (int)getpid());
	fd = openat(core->folder_fd, name, CORE_OPEN_FLAGS, 0600);
	if (fd < 0)
		return err_fail_errno(err, ERR_CANT_CREATE, errno,
				      "--dumpcore: cannot create %s/%s", core->folder, name);
	say("dumpcore: dumping guest core to: %s/%s", core->folder, name);
	add_header(&headers, core->memory);
	add_program_headers(&headers, core->memory);
	add_note(&headers, core->registers);
	if (write_at(fd, headers.data, headers.length, 0) < 0 || write_memory(fd, core->memory) < 0)
		return err_fail_errno(err, ERR_IO, errno, "--dumpcore: %s/%s: cannot write",
				      core->folder, name);
	return 0;
}
