/* The test guests stand for real unikernels: their ELF files must be laid out as those that Solo5's
 * tool chain makes. Read here without the product's own parser. */
#include "base/file.h"
#include "tests/unit/support.h"

#include <dirent.h>
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (16u << 20)
#define PAGE 0x1000u
#define SEGMENTS 10

enum { INTERP, TEXT, RODATA, DATA, TDATA, TLS, BSS, NOTE_NOT_OPENBSD, NOTE_ABI, NOTE_MANIFEST };

/* One kind of guest: a folder of the build, a suffix, and what its files must say. */
struct flavour {
	const char *folder;
	const char *suffix;
	uint64_t base;
	uint32_t text_flags;
	uint32_t target, version; /* of the ABI note */
	unsigned revision;	  /* of the subject info; 0 = none */
};

static const struct flavour flavours[] = {
	{ "", ".hvt", 0x100000, PF_X, 1, 2, 0 },
	{ "noring/", ".hvt", 0x100000, PF_X, 1, 2, 0 },
	{ "", ".muen", 0x200000, PF_R | PF_X, 4, 4, 5 },
	{ "sinfo04/", ".muen", 0x200000, PF_R | PF_X, 4, 3, 4 },
	{ "sinfo03/", ".muen", 0x200000, PF_R | PF_X, 4, 3, 3 },
	{ "sinfo02/", ".muen", 0x200000, PF_R | PF_X, 4, 2, 2 },
};
#define FLAVOURS ((int)(sizeof(flavours) / sizeof(flavours[0])))

struct guest {
	struct bytes file;
	Elf64_Ehdr header;
	Elf64_Phdr segments[SEGMENTS];
};

/* The guests lie beside the tests in the build folder. */
static const char *guest_path(const struct flavour *flavour, const char *name)
{
	static char path[8192];
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(length, 0);
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(path, sizeof(path), "%s/../../guests/%s%s", self, flavour->folder, name);
	return path;
}

static void load(struct guest *guest, const char *path)
{
	struct error err = { 0 };
	const unsigned char *bytes;

	memset(guest, 0, sizeof(*guest));
	ck_assert_msg(file_read(path, FILE_MAX, 0, &guest->file, &err) == 0, "%s", err.message);
	bytes = guest->file.data;
	ck_assert_uint_ge(guest->file.size, sizeof(guest->header));
	memcpy(&guest->header, bytes, sizeof(guest->header));
	ck_assert_int_eq(memcmp(guest->header.e_ident, ELFMAG, SELFMAG), 0);
	ck_assert_uint_eq(guest->header.e_ident[EI_CLASS], ELFCLASS64);
	ck_assert_uint_eq(guest->header.e_type, ET_EXEC);
	ck_assert_uint_eq(guest->header.e_machine, EM_X86_64);
	ck_assert_uint_eq(guest->header.e_phnum, SEGMENTS);
	ck_assert_uint_eq(guest->header.e_phoff, sizeof(guest->header));
	ck_assert_uint_ge(guest->file.size, sizeof(guest->header) + sizeof(guest->segments));
	memcpy(guest->segments, bytes + guest->header.e_phoff, sizeof(guest->segments));
	for (size_t i = 0; i < SEGMENTS; i++) {
		const Elf64_Phdr *segment = &guest->segments[i];

		ck_assert_uint_le(segment->p_offset, guest->file.size);
		ck_assert_uint_le(segment->p_filesz, guest->file.size - segment->p_offset);
	}
}

static uint32_t word_at(const struct guest *guest, const Elf64_Phdr *segment, size_t offset)
{
	uint32_t word;

	ck_assert_uint_le(offset + sizeof(word), segment->p_filesz);
	memcpy(&word, guest->file.data + segment->p_offset + offset, sizeof(word));
	return word;
}

static void check_segments(const struct guest *guest, const struct flavour *flavour)
{
	static const struct {
		uint32_t type;
		uint32_t flags;
	} expected[SEGMENTS] = {
		{ PT_INTERP, PF_R },	  { PT_LOAD, 0 /* the flavour's */ },
		{ PT_LOAD, PF_R },	  { PT_LOAD, PF_R | PF_W },
		{ PT_LOAD, PF_R },	  { PT_TLS, 0 },
		{ PT_LOAD, PF_R | PF_W }, { PT_NOTE, PF_R },
		{ PT_NOTE, PF_R },	  { PT_NOTE, PF_R },
	};
	uint64_t end = flavour->base;

	for (size_t i = 0; i < SEGMENTS; i++) {
		const Elf64_Phdr *segment = &guest->segments[i];

		ck_assert_uint_eq(segment->p_type, expected[i].type);
		ck_assert_uint_eq(segment->p_flags,
				  i == TEXT ? flavour->text_flags : expected[i].flags);
		if (segment->p_type != PT_LOAD || segment->p_memsz == 0)
			continue;
		/* Pages follow each other without a gap: Muen's heap begins behind the last. */
		ck_assert_uint_eq(segment->p_align, PAGE);
		ck_assert_uint_eq(segment->p_vaddr, end);
		end = (segment->p_vaddr + segment->p_memsz + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	}
	ck_assert_uint_eq(guest->segments[BSS].p_filesz, 0);
	ck_assert_uint_gt(guest->segments[BSS].p_memsz, 0);
	ck_assert_uint_eq(guest->header.e_entry, flavour->base + 0x20);
}

static void check_interpreter(const struct guest *guest)
{
	static const char interpreter[] = "/nonexistent/solo5/";
	const Elf64_Phdr *interp = &guest->segments[INTERP], *text = &guest->segments[TEXT];

	ck_assert_uint_eq(interp->p_vaddr, text->p_vaddr);
	ck_assert_uint_eq(interp->p_offset, text->p_offset);
	ck_assert_uint_eq(interp->p_filesz, 0x18);
	ck_assert_int_eq(
		memcmp(guest->file.data + interp->p_offset, interpreter, sizeof(interpreter)), 0);
}

/* All three lie at the start of the read-only data, in the reverse order of their headers. */
static void check_notes(const struct guest *guest, const struct flavour *flavour)
{
	const Elf64_Phdr *manifest = &guest->segments[NOTE_MANIFEST];
	const Elf64_Phdr *abi = &guest->segments[NOTE_ABI];
	const Elf64_Phdr *openbsd = &guest->segments[NOTE_NOT_OPENBSD];
	uint32_t entries = word_at(guest, manifest, 28);

	ck_assert_uint_eq(manifest->p_vaddr, guest->segments[RODATA].p_vaddr);
	ck_assert_uint_eq(abi->p_vaddr, manifest->p_vaddr + manifest->p_filesz);
	ck_assert_uint_eq(openbsd->p_vaddr, abi->p_vaddr + abi->p_filesz);
	ck_assert_uint_eq(manifest->p_align, 4);
	ck_assert_uint_eq(abi->p_align, 4);
	ck_assert_uint_eq(openbsd->p_align, 4);

	ck_assert_uint_eq(word_at(guest, manifest, 8), 0x3154464d);
	ck_assert_uint_eq(word_at(guest, manifest, 24), 1);
	ck_assert_uint_ge(entries, 1);
	ck_assert_uint_eq(word_at(guest, manifest, 4), 12 + 104 * entries);
	ck_assert_uint_eq(manifest->p_filesz, 32 + 104 * entries);
	ck_assert_uint_eq(word_at(guest, manifest, 32 + 68), 0x40000000);

	ck_assert_uint_eq(abi->p_filesz, 36);
	ck_assert_uint_eq(word_at(guest, abi, 8), 0x31494241);
	ck_assert_uint_eq(word_at(guest, abi, 20), flavour->target);
	ck_assert_uint_eq(word_at(guest, abi, 24), flavour->version);

	ck_assert_uint_eq(openbsd->p_filesz, 24);
	ck_assert_int_eq(memcmp(guest->file.data + openbsd->p_offset + 12, "OpenBSD", 8), 0);
}

/* The code holds the magic of its own subject-info revision and of no other. */
static void check_magic(const struct guest *guest, const struct flavour *flavour)
{
	const Elf64_Phdr *text = &guest->segments[TEXT];
	const unsigned char *at = guest->file.data + text->p_offset;
	const unsigned char *end = at + text->p_filesz;
	size_t found = 0;

	while ((at = memmem(at, (size_t)(end - at), "muinfo", 7)) && end - at >= 8) {
		ck_assert_uint_eq(at[7], flavour->revision);
		found++;
		at += 8;
	}
	ck_assert_int_eq(found > 0, flavour->revision > 0);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), wanted = strlen(suffix);

	return length > wanted && !strcmp(name + length - wanted, suffix);
}

START_TEST(every_guest_is_laid_out_as_solo5_does_it)
{
	const struct flavour *flavour = &flavours[_i];
	char folder[8192];
	struct dirent *entry;
	unsigned count = 0;
	DIR *listing;

	snprintf(folder, sizeof(folder), "%s", guest_path(flavour, ""));
	listing = opendir(folder);
	ck_assert_msg(listing != NULL, "%s: cannot be listed; `make guests` makes it", folder);
	while ((entry = readdir(listing))) {
		struct guest guest;

		if (!has_suffix(entry->d_name, flavour->suffix))
			continue;
		load(&guest, guest_path(flavour, entry->d_name));
		check_segments(&guest, flavour);
		check_interpreter(&guest);
		check_notes(&guest, flavour);
		check_magic(&guest, flavour);
		bytes_free(&guest.file);
		count++;
	}
	closedir(listing);
	ck_assert_uint_gt(count, 0);
}
END_TEST

/* The two targets, in the flavours that are built of every guest. */
static const struct {
	const char *hello, *tls;
	const struct flavour *flavour;
} targets[] = {
	{ "hello.hvt", "tls.hvt", &flavours[0] },
	{ "hello.muen", "tls.muen", &flavours[2] },
};
#define TARGETS ((int)(sizeof(targets) / sizeof(targets[0])))

START_TEST(a_guest_without_thread_variables_has_empty_headers_for_them)
{
	struct guest guest;

	load(&guest, guest_path(targets[_i].flavour, targets[_i].hello));
	ck_assert_uint_eq(guest.segments[TDATA].p_memsz, 0);
	ck_assert_uint_eq(guest.segments[TDATA].p_vaddr, 0);
	ck_assert_uint_eq(guest.segments[TLS].p_memsz, 0);
	ck_assert_uint_eq(word_at(&guest, &guest.segments[NOTE_MANIFEST], 28), 1);
	bytes_free(&guest.file);
}
END_TEST

START_TEST(thread_variables_are_a_read_only_page_and_zeroes)
{
	struct guest guest;

	load(&guest, guest_path(targets[_i].flavour, targets[_i].tls));
	ck_assert_uint_eq(guest.segments[TDATA].p_filesz, PAGE);
	ck_assert_uint_gt(guest.segments[TLS].p_memsz, 0);
	bytes_free(&guest.file);
}
END_TEST

/* Reads the next program header's type and flags ("R E") from what readelf printed. */
static bool next_listed(FILE *listing, char type[static 32], char flags[static 4])
{
	char line[512];

	while (fgets(line, sizeof(line), listing)) {
		int behind_sizes = 0;

		sscanf(line, " %31[A-Z] 0x%*x 0x%*x 0x%*x 0x%*x 0x%*x%n", type, &behind_sizes);
		if (!behind_sizes || strlen(line + behind_sizes) < 4)
			continue;
		memcpy(flags, line + behind_sizes + 1, 3);
		flags[3] = '\0';
		return true;
	}
	return false;
}

START_TEST(headers_are_those_of_solo5s_own_hello)
{
	static const char *const types[] = {
		[PT_LOAD] = "LOAD", [PT_INTERP] = "INTERP", [PT_NOTE] = "NOTE", [PT_TLS] = "TLS"
	};
	char relative[128], type[32], flags[4], ours[4];
	const char *listed;
	struct guest guest;
	FILE *listing;

	snprintf(relative, sizeof(relative), "facts/elf-layout/test_%s.phdrs.txt",
		 targets[_i].hello);
	listed = shared_path(relative);
	if (!listed) {
		printf("# SKIP %s is not there: set MUENBUILD_SHARED\n", relative);
		return;
	}
	listing = fopen(listed, "r");
	ck_assert_ptr_nonnull(listing);
	load(&guest, guest_path(targets[_i].flavour, targets[_i].hello));
	for (size_t i = 0; i < SEGMENTS; i++) {
		uint32_t bits = guest.segments[i].p_flags;

		ck_assert(next_listed(listing, type, flags));
		snprintf(ours, sizeof(ours), "%c%c%c", bits & PF_R ? 'R' : ' ',
			 bits & PF_W ? 'W' : ' ', bits & PF_X ? 'E' : ' ');
		ck_assert_uint_lt(guest.segments[i].p_type, 8);
		ck_assert_str_eq(types[guest.segments[i].p_type], type);
		ck_assert_str_eq(ours, flags);
	}
	ck_assert(!next_listed(listing, type, flags));
	fclose(listing);
	bytes_free(&guest.file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guest layout");
	TCase *cases = tcase_create("layout");

	suite_add_tcase(suite, cases);
	tcase_add_loop_test(cases, every_guest_is_laid_out_as_solo5_does_it, 0, FLAVOURS);
	tcase_add_loop_test(cases, a_guest_without_thread_variables_has_empty_headers_for_them, 0,
			    TARGETS);
	tcase_add_loop_test(cases, thread_variables_are_a_read_only_page_and_zeroes, 0, TARGETS);
	tcase_add_loop_test(cases, headers_are_those_of_solo5s_own_hello, 0, TARGETS);
	return run_suite(suite);
}
