#include "iso/efi_read.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/endian.h"
#include "base/text.h"
#include "digest/digest.h"
#include "iso/contents.h"

#include <string.h>
#include <unistd.h>

#define REBUILD "copy or build it again"

enum {
	DOS_HEADER = 64,
	COFF_HEADER = 24, /* with the signature before it */
	SECTION_HEADER = 40,
	SECTIONS_MOST = 96, /* what Windows' loader takes; GRUB's have four */
	OPTIONAL_SUBSYSTEM = 68,
	OPTIONAL_LEAST = OPTIONAL_SUBSYSTEM + 2,
	SUBSYSTEM_EFI_FIRST = 10, /* application, boot service driver, runtime driver */
	SUBSYSTEM_EFI_LAST = 12,
	GRUB_HEADER = 24, /* magic, padding, offset and size of 64 bits */
	GRUB_MAGIC = 0x676d696d,
	GRUB_OBJECT = 8, /* type and size; the size counts these, too */
	GRUB_MODULE = 0,
	GRUB_ARCHIVE = 1,
	GRUB_KEY = 4,
	TAR_BLOCK = 512,
	TAR_SIZE = 124,
	TAR_TYPE = 156,
	TAR_MAGIC = 257,
};

struct part {
	uint64_t offset, size;
};

struct examination {
	struct iso_reader reader;
	struct efi_program *program;
	struct findings *findings;
};

static void find_fault(const struct examination *of, const char *what)
{
	findings_add(of->findings, FINDING_ERROR, REBUILD, "%s: %s", of->reader.path, what);
}

/* ---- the program ---------------------------------------------------------------------------- */

/* 1 if it is an EFI program; `sections` is where their table is. */
static int read_headers(const struct iso_reader *reader, uint16_t *machine, struct part *sections,
			struct error *err)
{
	unsigned char dos[DOS_HEADER], coff[COFF_HEADER], optional[OPTIONAL_LEAST];
	uint64_t at;
	uint16_t subsystem;

	if (!iso_inside(reader, 0, sizeof(dos)))
		return 0;
	if (iso_read(reader, 0, dos, sizeof(dos), err) < 0)
		return -1;
	at = get_le32(dos + 60);
	if (memcmp(dos, "MZ", 2) || !iso_inside(reader, at, sizeof(coff) + sizeof(optional)))
		return 0;
	if (iso_read(reader, at, coff, sizeof(coff), err) < 0 ||
	    iso_read(reader, at + sizeof(coff), optional, sizeof(optional), err) < 0)
		return -1;
	subsystem = get_le16(optional + OPTIONAL_SUBSYSTEM);
	if (memcmp(coff, "PE\0\0", 4) || get_le16(coff + 20) < sizeof(optional) ||
	    subsystem < SUBSYSTEM_EFI_FIRST || subsystem > SUBSYSTEM_EFI_LAST)
		return 0;
	*machine = get_le16(coff + 4);
	sections->offset = at + sizeof(coff) + get_le16(coff + 20);
	sections->size = (uint64_t)get_le16(coff + 6) * SECTION_HEADER;
	return 1;
}

/* Looks at every section; *mods is the one with GRUB's modules, size 0 if there is none. */
static int read_sections(const struct examination *of, const struct part *sections,
			 struct part *mods, struct error *err)
{
	unsigned char header[SECTION_HEADER];

	if (sections->size > SECTIONS_MOST * SECTION_HEADER ||
	    !iso_inside(&of->reader, sections->offset, sections->size)) {
		find_fault(of, "its table of sections is not inside the file");
		return 0;
	}
	for (uint64_t at = 0; at < sections->size; at += SECTION_HEADER) {
		struct part part;

		if (iso_read(&of->reader, sections->offset + at, header, sizeof(header), err) < 0)
			return -1;
		part = (struct part){ .offset = get_le32(header + 20),
				      .size = get_le32(header + 16) };
		if (!iso_inside(&of->reader, part.offset, part.size))
			find_fault(of, "is truncated: not all of its sections are inside the file");
		else if (!memcmp(header, "mods\0\0\0", 8))
			*mods = part;
	}
	return 0;
}

/* ---- the archive ---------------------------------------------------------------------------- */

/* Octal digits up to a blank or NUL; false if there is anything else. */
static bool tar_number(const unsigned char *digits, size_t length, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < length && digits[i] && digits[i] != ' '; i++) {
		if (digits[i] < '0' || digits[i] > '7')
			return false;
		*number = *number * 8 + (uint64_t)(digits[i] - '0');
	}
	return true;
}

static int add_file(const struct examination *of, const unsigned char *header,
		    const struct part *part, struct error *err)
{
	struct efi_program *program = of->program;
	struct digest digest = { .algorithm = DIGEST_SHA256 };
	char path[512], hex[DIGEST_HEX_SIZE];
	struct efi_file *file;

	if (digest_part(of->reader.fd, of->reader.path, part->offset, part->size, &digest, err) < 0)
		return -1;
	array_grow(program->files, program->file_count);
	file = &program->files[program->file_count++];
	*file = (struct efi_file){ .offset = part->offset, .size = part->size };
	file->path = xstrdup(text_printable(
		(const char *)header, strnlen((const char *)header, 100), path, sizeof(path)));
	memcpy(file->sha256, digest_hex(&digest, hex), sizeof(file->sha256));
	return 0;
}

/* An archive ends with blocks of zeroes; nothing that comes behind them is read by GRUB. */
static int read_archive(const struct examination *of, const struct part *archive, struct error *err)
{
	unsigned char header[TAR_BLOCK];
	uint64_t at = 0;

	while (archive->size - at >= TAR_BLOCK) {
		struct part part = { .offset = archive->offset + at + TAR_BLOCK };

		if (iso_read(&of->reader, archive->offset + at, header, sizeof(header), err) < 0)
			return -1;
		if (!header[0])
			return 0;
		at += TAR_BLOCK;
		if (memcmp(header + TAR_MAGIC, "ustar", 5) ||
		    !tar_number(header + TAR_SIZE, 12, &part.size) ||
		    part.size > archive->size - at)
			break;
		if (header[TAR_TYPE] == '0' && add_file(of, header, &part, err) < 0)
			return -1;
		at += (part.size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (at > archive->size)
			break;
	}
	find_fault(of, "the archive of files in it is damaged");
	return 0;
}

/* ---- GRUB's objects ------------------------------------------------------------------------- */

static int read_object(const struct examination *of, uint32_t type, const struct part *contents,
		       struct error *err)
{
	switch (type) {
	case GRUB_MODULE:
		of->program->module_count++;
		return 0;
	case GRUB_KEY:
		of->program->has_key = true;
		return 0;
	case GRUB_ARCHIVE:
		if (of->program->has_archive)
			return 0; /* GRUB takes the first */
		of->program->has_archive = true;
		return read_archive(of, contents, err);
	default:
		return 0; /* an early configuration, the prefix */
	}
}

static int read_objects(const struct examination *of, const struct part *objects, struct error *err)
{
	unsigned char header[GRUB_OBJECT];

	for (uint64_t at = 0; at < objects->size;) {
		struct part contents;
		uint32_t size = 0;

		if (objects->size - at >= sizeof(header)) {
			if (iso_read(&of->reader, objects->offset + at, header, sizeof(header),
				     err) < 0)
				return -1;
			size = get_le32(header + 4);
		}
		if (size < sizeof(header) || size > objects->size - at) {
			find_fault(of, "the list of GRUB's modules in it is damaged");
			return 0;
		}
		contents = (struct part){ .offset = objects->offset + at + sizeof(header),
					  .size = size - sizeof(header) };
		if (read_object(of, get_le32(header), &contents, err) < 0)
			return -1;
		at += size;
	}
	return 0;
}

static int read_grub(const struct examination *of, const struct part *mods, struct error *err)
{
	unsigned char header[GRUB_HEADER];
	struct part objects;
	uint64_t end;

	if (mods->size < sizeof(header))
		return 0;
	if (iso_read(&of->reader, mods->offset, header, sizeof(header), err) < 0)
		return -1;
	if (get_le32(header) != GRUB_MAGIC)
		return 0;
	of->program->is_grub = true;
	objects.offset = get_le64(header + 8);
	end = get_le64(header + 16); /* counted from the header, as the offset is */
	if (objects.offset < sizeof(header) || objects.offset > end || end > mods->size) {
		find_fault(of, "the list of GRUB's modules in it is damaged");
		return 0;
	}
	objects.size = end - objects.offset;
	objects.offset += mods->offset;
	return read_objects(of, &objects, err);
}

/* A GRUB that carries files reads its configuration from there. */
static void check_files(const struct examination *of)
{
	const struct efi_program *program = of->program;

	for (size_t i = 0; i < program->file_count; i++)
		if (!strcmp(program->files[i].path, ISO_CONFIG_PATH))
			return;
	if (program->has_archive)
		find_fault(of, "has no " ISO_CONFIG_PATH ": GRUB does not know what to start");
}

/* ---- the whole ------------------------------------------------------------------------------ */

bool efi_recognise(const char *path)
{
	struct iso_reader reader;
	struct part sections;
	struct error ignored;
	uint16_t machine;
	bool is_efi;

	if (iso_reader_open(&reader, path, &ignored) < 0)
		return false;
	is_efi = read_headers(&reader, &machine, &sections, &ignored) == 1;
	close(reader.fd);
	return is_efi;
}

static int examine(const struct examination *of, struct error *err)
{
	struct part sections, mods = { 0 };
	int is_efi = read_headers(&of->reader, &of->program->machine, &sections, err);

	if (is_efi < 0)
		return -1;
	if (!is_efi) {
		err_fail(err, ERR_INPUT, "%s: is not an EFI program", of->reader.path);
		return err_mend(err, "name an EFI program, as muen.efi is one");
	}
	if (read_sections(of, &sections, &mods, err) < 0 || read_grub(of, &mods, err) < 0)
		return -1;
	check_files(of);
	return 0;
}

int efi_examine(const char *path, struct efi_program *program, struct findings *findings,
		struct error *err)
{
	struct examination of = { .program = program, .findings = findings };
	int result;

	*program = (struct efi_program){ 0 };
	if (iso_reader_open(&of.reader, path, err) < 0)
		return -1;
	program->size = of.reader.size;
	result = examine(&of, err);
	close(of.reader.fd);
	return result;
}

void efi_program_free(struct efi_program *program)
{
	for (size_t i = 0; i < program->file_count; i++)
		free(program->files[i].path);
	free(program->files);
	*program = (struct efi_program){ 0 };
}
