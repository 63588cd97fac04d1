#include "tender/gdb/registers.h"

#include <string.h>

/* ---- table ------------------------------------------------------------------------ */

/* The features of a target description; the first three are gdb's (appendix G.5). */
enum feature {
	CORE,
	SSE,
	SEGMENTS,
	CONTROL,
	FEATURES,
};

static const char *const feature_names[FEATURES] = {
	[CORE] = "org.gnu.gdb.i386.core",
	[SSE] = "org.gnu.gdb.i386.sse",
	[SEGMENTS] = "org.gnu.gdb.i386.segments",
	[CONTROL] = "muenbuild.x86.control",
};

struct row {
	const char *name;
	const char *type;
	enum feature feature;
	unsigned char size;   /* bytes in a packet */
	unsigned char stored; /* bytes at `offset`; the rest is zero. 0: the tag word */
	size_t offset;	      /* in struct gdb_cpu */
};

#define AT(field) offsetof(struct gdb_cpu, field)
#define GPR(name, number)                                                                          \
	{                                                                                          \
		name, "int64", CORE, 8, 8, AT(registers.gpr[number])                               \
	}
#define POINTER(name, field)                                                                       \
	{                                                                                          \
		name, "data_ptr", CORE, 8, 8, AT(field)                                            \
	}
#define SEGMENT(name)                                                                              \
	{                                                                                          \
#name, "int32", CORE, 4, 2, AT(registers.name.selector)                            \
	}
#define ST(number)                                                                                 \
	{                                                                                          \
		"st" #number, "i387_ext", CORE, 10, 10, AT(fpu.st[number])                         \
	}
#define X87(name, stored, field)                                                                   \
	{                                                                                          \
		name, "int", CORE, 4, stored, AT(field)                                            \
	}
/* In 64-bit mode there are no selectors: gdb has the pointers' upper halves there. */
#define X87_HIGH(name, field)                                                                      \
	{                                                                                          \
		name, "int", CORE, 4, 4, AT(field) + 4                                             \
	}
#define XMM(number)                                                                                \
	{                                                                                          \
		"xmm" #number, "vec128", SSE, 16, 16, AT(fpu.xmm[number])                          \
	}
#define CONTROL_REGISTER(name)                                                                     \
	{                                                                                          \
#name, "int64", CONTROL, 8, 8, AT(registers.name)                                  \
	}

static const struct row rows[GDB_REGISTERS] = {
	GPR("rax", VM_RAX),
	GPR("rbx", VM_RBX),
	GPR("rcx", VM_RCX),
	GPR("rdx", VM_RDX),
	GPR("rsi", VM_RSI),
	GPR("rdi", VM_RDI),
	POINTER("rbp", registers.gpr[VM_RBP]),
	POINTER("rsp", registers.gpr[VM_RSP]),
	GPR("r8", VM_R8),
	GPR("r9", VM_R9),
	GPR("r10", VM_R10),
	GPR("r11", VM_R11),
	GPR("r12", VM_R12),
	GPR("r13", VM_R13),
	GPR("r14", VM_R14),
	GPR("r15", VM_R15),
	{ "rip", "code_ptr", CORE, 8, 8, AT(registers.rip) },
	{ "eflags", "i386_eflags", CORE, 4, 4, AT(registers.rflags) },
	SEGMENT(cs),
	SEGMENT(ss),
	SEGMENT(ds),
	SEGMENT(es),
	SEGMENT(fs),
	SEGMENT(gs),
	ST(0),
	ST(1),
	ST(2),
	ST(3),
	ST(4),
	ST(5),
	ST(6),
	ST(7),
	X87("fctrl", 2, fpu.control),
	X87("fstat", 2, fpu.status),
	X87("ftag", 0, fpu.tag),
	X87_HIGH("fiseg", fpu.instruction),
	X87("fioff", 4, fpu.instruction),
	X87_HIGH("foseg", fpu.operand),
	X87("fooff", 4, fpu.operand),
	X87("fop", 2, fpu.opcode),
	XMM(0),
	XMM(1),
	XMM(2),
	XMM(3),
	XMM(4),
	XMM(5),
	XMM(6),
	XMM(7),
	XMM(8),
	XMM(9),
	XMM(10),
	XMM(11),
	XMM(12),
	XMM(13),
	XMM(14),
	XMM(15),
	{ "mxcsr", "i386_mxcsr", SSE, 4, 4, AT(fpu.mxcsr) },
	{ "fs_base", "int64", SEGMENTS, 8, 8, AT(registers.fs.base) },
	{ "gs_base", "int64", SEGMENTS, 8, 8, AT(registers.gs.base) },
	CONTROL_REGISTER(cr0),
	CONTROL_REGISTER(cr2),
	CONTROL_REGISTER(cr3),
	CONTROL_REGISTER(cr4),
	CONTROL_REGISTER(efer),
};

/* ---- x87 tag word ----------------------------------------------------------------- */

#define TAG_VALID 0u
#define TAG_ZERO 1u
#define TAG_SPECIAL 2u
#define TAG_EMPTY 3u

/* What kind of number an x87 register holds (Intel SDM vol. 1, 8.1.7). */
static unsigned tag_of(const uint8_t st[static 10])
{
	uint64_t significand;
	uint16_t exponent;

	memcpy(&significand, st, sizeof(significand));
	memcpy(&exponent, st + sizeof(significand), sizeof(exponent));
	exponent &= 0x7fff;
	if (exponent == 0)
		return significand ? TAG_SPECIAL : TAG_ZERO;
	return exponent == 0x7fff || !(significand >> 63) ? TAG_SPECIAL : TAG_VALID;
}

/* The CPU keeps one bit for each register of the file, gdb wants two, and the registers that we
 * have are numbered from the top of the stack. */
static uint32_t full_tag_word(const struct vm_fpu *fpu)
{
	unsigned top = fpu->status >> 11 & 7;
	uint32_t word = 0;

	for (unsigned i = 0; i < 8; i++) {
		unsigned tag = fpu->tag >> i & 1 ? tag_of(fpu->st[(i - top) & 7]) : TAG_EMPTY;

		word |= tag << 2 * i;
	}
	return word;
}

static uint8_t abridged_tag(uint32_t word)
{
	unsigned tag = 0;

	for (unsigned i = 0; i < 8; i++)
		if ((word >> 2 * i & 3) != TAG_EMPTY)
			tag |= 1u << i;
	return (uint8_t)tag;
}

/* ---- access ----------------------------------------------------------------------- */

size_t gdb_register_size(unsigned number)
{
	return number < GDB_REGISTERS ? rows[number].size : 0;
}

void gdb_register_get(const struct gdb_cpu *cpu, unsigned number,
		      unsigned char bytes[static GDB_REGISTER_MAX])
{
	const struct row *row = &rows[number];
	uint32_t word;

	memset(bytes, 0, GDB_REGISTER_MAX);
	if (row->stored) {
		memcpy(bytes, (const unsigned char *)cpu + row->offset, row->stored);
		return;
	}
	word = full_tag_word(&cpu->fpu);
	memcpy(bytes, &word, sizeof(word));
}

void gdb_register_set(struct gdb_cpu *cpu, unsigned number,
		      const unsigned char bytes[static GDB_REGISTER_MAX])
{
	const struct row *row = &rows[number];
	uint32_t word;

	if (row->stored) {
		memcpy((unsigned char *)cpu + row->offset, bytes, row->stored);
		return;
	}
	memcpy(&word, bytes, sizeof(word));
	cpu->fpu.tag = abridged_tag(word);
}

/* ---- target.xml ------------------------------------------------------------------- */

static const char flags_type[] =
	"<flags id=\"i386_eflags\" size=\"4\">"
	"<field name=\"\" start=\"22\" end=\"31\"/>"
	"<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"
	"<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
	"<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
	"<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
	"<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
	"<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>"
	"<field name=\"AC\" start=\"18\" end=\"18\"/><field name=\"ID\" start=\"21\" end=\"21\"/>"
	"</flags>\n";

static const char vector_types[] =
	"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
	"<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
	"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
	"<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
	"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
	"<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
	"<union id=\"vec128\">"
	"<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
	"<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
	"<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
	"<field name=\"uint128\" type=\"uint128\"/></union>\n"
	"<flags id=\"i386_mxcsr\" size=\"4\">"
	"<field name=\"IE\" start=\"0\" end=\"0\"/><field name=\"DE\" start=\"1\" end=\"1\"/>"
	"<field name=\"ZE\" start=\"2\" end=\"2\"/><field name=\"OE\" start=\"3\" end=\"3\"/>"
	"<field name=\"UE\" start=\"4\" end=\"4\"/><field name=\"PE\" start=\"5\" end=\"5\"/>"
	"<field name=\"DAZ\" start=\"6\" end=\"6\"/><field name=\"IM\" start=\"7\" end=\"7\"/>"
	"<field name=\"DM\" start=\"8\" end=\"8\"/><field name=\"ZM\" start=\"9\" end=\"9\"/>"
	"<field name=\"OM\" start=\"10\" end=\"10\"/><field name=\"UM\" start=\"11\" end=\"11\"/>"
	"<field name=\"PM\" start=\"12\" end=\"12\"/><field name=\"FZ\" start=\"15\" end=\"15\"/>"
	"</flags>\n";

void gdb_describe_registers(struct buffer *xml)
{
	buffer_add_text(xml,
			"<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
			"<target>\n<architecture>i386:x86-64</architecture>\n");
	for (unsigned feature = 0; feature < FEATURES; feature++) {
		buffer_printf(xml, "<feature name=\"%s\">\n", feature_names[feature]);
		if (feature == CORE)
			buffer_add_text(xml, flags_type);
		if (feature == SSE)
			buffer_add_text(xml, vector_types);
		for (unsigned i = 0; i < GDB_REGISTERS; i++)
			if (rows[i].feature == feature)
				buffer_printf(xml,
					      "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" "
					      "regnum=\"%u\"/>\n",
					      rows[i].name, rows[i].size * 8u, rows[i].type, i);
		buffer_add_text(xml, "</feature>\n");
	}
	buffer_add_text(xml, "</target>\n");
}
