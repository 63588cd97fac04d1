/* A kernel's ELF file as a part of a memory image. Unlike a unikernel (solo5/elf.h) it may be of 32
 * bits, and its physical addresses count.
 *
 * Source: System V ABI, chapters 4 and 5.
 */
#include "base/alloc.h"
#include "base/endian.h"
#include "image/memory_image.h"

#include <elf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

struct kernel {
	const char *path;
	const unsigned char *file;
	size_t size;
	bool wide; /* 64 bit */
	uint64_t entry;
	uint64_t headers; /* offset of the program headers */
	uint16_t header_count;
	bool entered; /* the entry point lies in a segment */
};

struct segment {
	uint64_t offset, address, file_size, memory_size;
};

static int fail(const struct kernel *kernel, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(const struct kernel *kernel, struct error *err, const char *format, ...)
{
	cleanup_free char *text = NULL;
	va_list args;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	err_fail(err, ERR_INPUT, "%s: %s", kernel->path, text);
	return err_mend(err, "name the kernel's ELF file as its build left it");
}

/* A field of 32 or 64 bits, whose offset is another one in each kind of file. */
static uint64_t field(const struct kernel *kernel, uint64_t at, size_t narrow, size_t wide)
{
	if (kernel->wide)
		return get_le64(kernel->file + at + wide);
	return get_le32(kernel->file + at + narrow);
}

#define FIELD(kernel, at, type, name)                                                              \
	field(kernel, at, offsetof(Elf32_##type, name), offsetof(Elf64_##type, name))

static size_t size_of_header(const struct kernel *kernel)
{
	return kernel->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static int check_kind(struct kernel *kernel, struct error *err)
{
	const unsigned char *file = kernel->file;
	unsigned type, machine;

	if (kernel->size < sizeof(Elf32_Ehdr) || memcmp(file, ELFMAG, SELFMAG))
		return fail(kernel, err, "is no ELF file, a kernel's was expected");
	kernel->wide = file[EI_CLASS] == ELFCLASS64;
	if ((!kernel->wide && file[EI_CLASS] != ELFCLASS32) || file[EI_DATA] != ELFDATA2LSB)
		return fail(kernel, err,
			    "is an ELF file of class %u and byte order %u, 32 or 64 bit (1, 2) "
			    "and little endian (1) were expected",
			    file[EI_CLASS], file[EI_DATA]);
	if (kernel->wide && kernel->size < sizeof(Elf64_Ehdr))
		return fail(kernel, err, "is truncated: it ends within the ELF header");
	type = get_le16(file + offsetof(Elf64_Ehdr, e_type));
	machine = get_le16(file + offsetof(Elf64_Ehdr, e_machine));
	if (type == ET_EXEC && (machine == EM_386 || machine == EM_X86_64))
		return 0;
	return fail(kernel, err,
		    "is an ELF file of type %u for machine %u, an executable (%u) for x86 (%u or "
		    "%u) was expected",
		    type, machine, ET_EXEC, EM_386, EM_X86_64);
}

static int read_header(struct kernel *kernel, struct error *err)
{
	size_t entry_size;

	if (check_kind(kernel, err) < 0)
		return -1;
	kernel->entry = FIELD(kernel, 0, Ehdr, e_entry);
	kernel->headers = FIELD(kernel, 0, Ehdr, e_phoff);
	entry_size = get_le16(kernel->file + (kernel->wide ? offsetof(Elf64_Ehdr, e_phentsize)
							   : offsetof(Elf32_Ehdr, e_phentsize)));
	kernel->header_count =
		get_le16(kernel->file + (kernel->wide ? offsetof(Elf64_Ehdr, e_phnum)
						      : offsetof(Elf32_Ehdr, e_phnum)));
	if (kernel->header_count > IMAGE_KERNEL_SEGMENTS_MAX)
		return fail(kernel, err, "has %u program headers, at most %u are accepted",
			    kernel->header_count, IMAGE_KERNEL_SEGMENTS_MAX);
	if (kernel->header_count && entry_size != size_of_header(kernel))
		return fail(kernel, err, "has program headers of %zu bytes, %zu were expected",
			    entry_size, size_of_header(kernel));
	if (kernel->headers > kernel->size ||
	    kernel->header_count * size_of_header(kernel) > kernel->size - kernel->headers)
		return fail(kernel, err, "is truncated: the program headers lie outside of it");
	return 0;
}

static int check_segment(struct kernel *kernel, unsigned index, const struct segment *segment,
			 struct error *err)
{
	uint64_t end;

	if (segment->offset > kernel->size || segment->file_size > kernel->size - segment->offset)
		return fail(kernel, err,
			    "is truncated: segment %u has 0x%" PRIx64
			    " bytes from offset 0x%" PRIx64 " on, the file has 0x%zx bytes",
			    index, segment->file_size, segment->offset, kernel->size);
	if (segment->file_size > segment->memory_size)
		return fail(kernel, err,
			    "segment %u has 0x%" PRIx64
			    " bytes in the file, more than its 0x%" PRIx64 " bytes of memory",
			    index, segment->file_size, segment->memory_size);
	if (__builtin_add_overflow(segment->address, segment->memory_size, &end))
		return fail(kernel, err,
			    "segment %u, 0x%" PRIx64 " bytes from 0x%" PRIx64
			    " on, goes beyond the end of the address space",
			    index, segment->memory_size, segment->address);
	if (kernel->entry >= segment->address && kernel->entry < end)
		kernel->entered = true;
	return 0;
}

static void add_segment(const struct kernel *kernel, const struct segment *segment,
			struct memory_image *image)
{
	struct image_piece contents = { .size = segment->file_size, .bytes = kernel->file };
	uint64_t extent = image_piece_extent(&contents);
	cleanup_free char *bss = xasprintf("%s (zeroes)", kernel->path);

	memory_image_add(image, segment->address, kernel->file + segment->offset,
			 segment->file_size, kernel->path);
	/* The contents are filled up with zeroes to a multiple of 8 already. */
	if (segment->memory_size > extent)
		memory_image_fill(image, segment->address + extent, segment->memory_size - extent,
				  0, bss);
}

/* Looks at all segments; with an image, adds them to it. */
static int each_segment(struct kernel *kernel, struct memory_image *image, struct error *err)
{
	for (unsigned i = 0; i < kernel->header_count; i++) {
		uint64_t at = kernel->headers + i * size_of_header(kernel);
		struct segment segment;

		if (get_le32(kernel->file + at) != PT_LOAD)
			continue;
		segment.offset = FIELD(kernel, at, Phdr, p_offset);
		segment.address = FIELD(kernel, at, Phdr, p_paddr);
		segment.file_size = FIELD(kernel, at, Phdr, p_filesz);
		segment.memory_size = FIELD(kernel, at, Phdr, p_memsz);
		if (image)
			add_segment(kernel, &segment, image);
		else if (check_segment(kernel, i, &segment, err) < 0)
			return -1;
	}
	return 0;
}

int memory_image_add_kernel(struct memory_image *image, const char *path, const unsigned char *file,
			    size_t size, struct error *err)
{
	struct kernel kernel = { .path = path, .file = file, .size = size };

	if (read_header(&kernel, err) < 0 || each_segment(&kernel, NULL, err) < 0)
		return -1;
	if (!kernel.entered)
		return fail(&kernel, err,
			    "the entry point 0x%" PRIx64 " lies in none of its segments",
			    kernel.entry);
	if (kernel.entry > UINT32_MAX)
		return fail(&kernel, err,
			    "the entry point 0x%" PRIx64
			    " is above 4 GiB, where no loader can start it",
			    kernel.entry);
	image->entry = kernel.entry;
	return each_segment(&kernel, image, err);
}
