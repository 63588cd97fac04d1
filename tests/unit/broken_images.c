/* Sound unikernels that Muen cannot run, or not well. */
#include "tests/unit/broken_elf.h"

#include "solo5/unikernel.h"

/* ---- another target or version ------------------------------------------- */

#define FOR_TARGET(name, number)                                                                   \
	static void for_##name(struct elf_spec *spec)                                              \
	{                                                                                          \
		*spec = elf_spec_of(number);                                                       \
	}

FOR_TARGET(hvt, SOLO5_HVT)
FOR_TARGET(spt, SOLO5_SPT)
FOR_TARGET(virtio, SOLO5_VIRTIO)
FOR_TARGET(genode, SOLO5_GENODE)
FOR_TARGET(xen, SOLO5_XEN)

#define WITH_ABI(name, version, ...)                                                               \
	static void name(struct elf_spec *spec)                                                    \
	{                                                                                          \
		*spec = elf_spec_of(SOLO5_MUEN);                                                   \
		spec->abi_version = (version);                                                     \
		*spec = with_sinfo(spec, (const uint8_t[8]){ __VA_ARGS__ });                       \
	}

static struct elf_spec with_sinfo(const struct elf_spec *from, const uint8_t revisions[8])
{
	struct elf_spec spec = *from;

	for (spec.sinfo_count = 0; spec.sinfo_count < 8 && revisions[spec.sinfo_count];)
		spec.sinfo[spec.sinfo_count] = revisions[spec.sinfo_count], spec.sinfo_count++;
	return spec;
}

WITH_ABI(abi_2, 2, 3, 3)
WITH_ABI(abi_3_03, 3, 3, 3)
WITH_ABI(abi_3_04, 3, 4, 4)
WITH_ABI(abi_3_05, 3, 5)
WITH_ABI(abi_4_03, 4, 3)
WITH_ABI(sinfo_none, 4, 0)
WITH_ABI(sinfo_unknown, 4, 9)
WITH_ABI(sinfo_mixed, 4, 4, 5, 5)

/* ---- devices ------------------------------------------------------------- */

#define NAME_59 "a23456789b123456789c123456789d123456789e123456789f123456789"
#define WITH_DEVICE(function, name, type)                                                          \
	static void function(struct elf_spec *spec)                                                \
	{                                                                                          \
		elf_spec_device(spec, (name), (type));                                             \
	}

WITH_DEVICE(with_block, "storage", SOLO5_BLOCK_BASIC)
WITH_DEVICE(with_unknown, "sound", 3)
WITH_DEVICE(with_reserved, "extra", 0x40000001)
WITH_DEVICE(with_name_59, NAME_59, SOLO5_NET_BASIC)
WITH_DEVICE(with_name_60, NAME_59 "x", SOLO5_NET_BASIC)
WITH_DEVICE(with_name_67, NAME_59 "12345678", SOLO5_NET_BASIC)

/* ---- addresses ----------------------------------------------------------- */

#define WITH_BASE(function, address)                                                               \
	static void function(struct elf_spec *spec)                                                \
	{                                                                                          \
		spec->base = (address);                                                            \
	}

WITH_BASE(at_zero, 0)
WITH_BASE(at_muinit, 0x100000)
WITH_BASE(at_sinfo, 0xe00000000)
WITH_BASE(at_schedule, 0xe00008000)
WITH_BASE(at_time, 0xfffd00000)
WITH_BASE(at_log, 0xffff1f000)
WITH_BASE(at_control, 0xfffff3000)
WITH_BASE(at_upper_half, 0xffff800000000000)
WITH_BASE(above_4g, 0x100000000)

#define FOUND(name, outcome, word, ...)                                                            \
	{                                                                                          \
		(name), (outcome), (word), .patches = { __VA_ARGS__ }                              \
	}

const struct broken_elf broken_images[] = {
	{ .name = "good", .outcome = BROKEN_NOT, .word = "" },
	{ "target-hvt", BROKEN_ERROR, "target hvt", .prepare = for_hvt },
	{ "target-spt", BROKEN_ERROR, "target spt", .prepare = for_spt },
	{ "target-virtio", BROKEN_ERROR, "target virtio", .prepare = for_virtio },
	{ "target-genode", BROKEN_ERROR, "target genode", .prepare = for_genode },
	{ "target-xen", BROKEN_ERROR, "target xen", .prepare = for_xen },
	FOUND("target-unknown", BROKEN_ERROR, "target 99", BYTES(AT_ABI, 20, 4, 99)),
	FOUND("machine", BROKEN_ERROR, "it is for AArch64", HEADER(e_machine, EM_AARCH64)),
	FOUND("position-independent", BROKEN_ERROR, "position independent", HEADER(e_type, ET_DYN)),
	FOUND("abi-1", BROKEN_ERROR, "ABI has version 1", BYTES(AT_ABI, 24, 4, 1)),
	FOUND("abi-5", BROKEN_ERROR, "ABI has version 5", BYTES(AT_ABI, 24, 4, 5)),
	{ "abi-2", BROKEN_NOT, "", .prepare = abi_2 },
	{ "abi-3-sinfo-03", BROKEN_NOT, "", .prepare = abi_3_03 },
	{ "abi-3-sinfo-04", BROKEN_NOT, "", .prepare = abi_3_04 },
	{ "abi-3-sinfo-05", BROKEN_WARNING, "expects subject info revision 05",
	  .prepare = abi_3_05 },
	{ "abi-4-sinfo-03", BROKEN_WARNING, "expects subject info revision 03",
	  .prepare = abi_4_03 },
	{ "sinfo-none", BROKEN_WARNING, "no magic", .prepare = sinfo_none },
	{ "sinfo-unknown", BROKEN_WARNING, "no magic", .prepare = sinfo_unknown },
	{ "sinfo-mixed", BROKEN_WARNING, "several revisions", .prepare = sinfo_mixed },

	{ "block-device", BROKEN_ERROR, "'storage' is a block device", .prepare = with_block },
	{ "unknown-device", BROKEN_ERROR, "'sound' has the unknown type 3",
	  .prepare = with_unknown },
	{ "reserved-device", BROKEN_WARNING, "reserved type 0x40000001", .prepare = with_reserved },
	{ "name-59", BROKEN_NOT, "", .prepare = with_name_59 },
	{ "name-60", BROKEN_ERROR, "has 60 characters, at most 59", .prepare = with_name_60 },
	{ "name-67", BROKEN_ERROR, "has 67 characters, at most 59", .prepare = with_name_67 },

	{ "at-zero", BROKEN_ERROR, "boot info", .prepare = at_zero },
	{ "at-muinit", BROKEN_WARNING, "muinit", .prepare = at_muinit },
	{ "at-sinfo", BROKEN_ERROR, "subject info", .prepare = at_sinfo },
	{ "at-schedule", BROKEN_ERROR, "scheduling info", .prepare = at_schedule },
	{ "at-time", BROKEN_ERROR, "time info", .prepare = at_time },
	{ "at-log", BROKEN_ERROR, "debug log", .prepare = at_log },
	{ "at-control", BROKEN_WARNING, "control page", .prepare = at_control },
	{ "at-upper-half", BROKEN_ERROR, "outside of the addresses", .prepare = at_upper_half },
	{ "above-4g", BROKEN_NOT, "", .prepare = above_4g },
	FOUND("writable-text", BROKEN_ERROR, "both writable and executable",
	      PROGRAM(PH_TEXT, p_flags, PF_R | PF_W | PF_X)),
	FOUND("executable-data", BROKEN_ERROR, "both writable and executable",
	      PROGRAM(PH_DATA, p_flags, PF_R | PF_W | PF_X)),
	FOUND("execute-only-text", BROKEN_NOT, "", PROGRAM(PH_TEXT, p_flags, PF_X)),
	FOUND("unaligned", BROKEN_ERROR, "does not begin at a page",
	      PROGRAM(PH_BSS, p_vaddr, 0x208020)),
	FOUND("overlap", BROKEN_ERROR, "overlap in page 0x207000",
	      PROGRAM(PH_RODATA, p_memsz, 0x2001)),
	FOUND("contained", BROKEN_ERROR, "overlap in page 0x205000",
	      PROGRAM(PH_TEXT, p_memsz, 0x100000)),
	FOUND("same-page", BROKEN_ERROR, "overlap in page 0x207000",
	      PROGRAM(PH_BSS, p_vaddr, 0x207800), SECTION(SH_BSS, sh_addr, 0x207800)),
	FOUND("descending", BROKEN_WARNING, "headers are to ascend",
	      PROGRAM(PH_DATA, p_vaddr, 0x300000), SECTION(SH_DATA, sh_addr, 0x300000)),
	FOUND("memory-5g", BROKEN_ERROR, "alone 5 GiB", PROGRAM(PH_BSS, p_memsz, 5ull << 30)),
	FOUND("memory-huge", BROKEN_ERROR, "at most 4 GiB", PROGRAM(PH_BSS, p_memsz, 1ull << 63)),

	FOUND("entry-zero", BROKEN_ERROR, "lies in none of its segments", HEADER(e_entry, 0)),
	FOUND("entry-outside", BROKEN_ERROR, "lies in none of its segments",
	      HEADER(e_entry, 0x2047b3)),
	FOUND("entry-in-data", BROKEN_ERROR, "not executable", HEADER(e_entry, 0x207000)),
	FOUND("entry-in-bss", BROKEN_ERROR, "zeroed rest", HEADER(e_entry, 0x204900),
	      PROGRAM(PH_TEXT, p_memsz, 0x5000)),
	FOUND("entry-not-text", BROKEN_WARNING, "is not the start of .text",
	      HEADER(e_entry, 0x200024)),
	FOUND("entry-at-start", BROKEN_NOT, "", HEADER(e_entry, 0x200000)),
	FOUND("no-code", BROKEN_ERROR, "no executable segment", PROGRAM(PH_TEXT, p_flags, PF_R),
	      HEADER(e_entry, 0)),
	FOUND("no-load", BROKEN_ERROR, "no segment to load", PROGRAM(PH_TEXT, p_type, PT_NULL),
	      PROGRAM(PH_RODATA, p_type, PT_NULL), PROGRAM(PH_DATA, p_type, PT_NULL),
	      PROGRAM(PH_BSS, p_type, PT_NULL)),

	FOUND("no-interp", BROKEN_WARNING, "does not begin with section .interp",
	      SECTION(SH_INTERP, sh_name, 0)),
	FOUND("interp-elsewhere", BROKEN_WARNING, "does not begin with section .interp",
	      SECTION(SH_INTERP, sh_addr, 0x206f00)),
	FOUND("section-before-text", BROKEN_WARNING, "section .eh_frame lies between",
	      SECTION(SH_EH_FRAME, sh_addr, 0x200018), SECTION(SH_EH_FRAME, sh_size, 8)),
	FOUND("no-text", BROKEN_WARNING, "no section .text", SECTION(SH_TEXT, sh_name, 0)),
	FOUND("text-in-data", BROKEN_WARNING, ".text (0x207000) lies in no executable segment",
	      SECTION(SH_TEXT, sh_addr, 0x207000)),
	FOUND("no-section-names", BROKEN_ERROR, "no section with a name", HEADER(e_shstrndx, 0)),
	FOUND("section-name-escape", BROKEN_ERROR, "section '.\\x1bata' cannot",
	      BYTES(AT_NAMES, 95, 1, 0x1b)),
	FOUND("no-sections", BROKEN_ERROR, "no section headers", HEADER(e_shoff, 0),
	      HEADER(e_shnum, 0), HEADER(e_shstrndx, 0)),
	FOUND("segment-without-section", BROKEN_ERROR, "has no section with a name",
	      PROGRAM(PH_EMPTY, p_vaddr, 0x20e000), PROGRAM(PH_EMPTY, p_memsz, 0x1000)),
};
const size_t broken_image_count = sizeof(broken_images) / sizeof(broken_images[0]);
