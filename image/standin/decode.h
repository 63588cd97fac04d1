/* The instructions that a subject may execute on Muen and not under the stand-in kernel, where it
 * runs at privilege level 3: they trap, are decoded here and carried out by emulate.h. Knows of
 * bytes alone.
 *
 * Source: Intel's Software Developer's Manual, volume 2: instruction format, opcode maps.
 */
#ifndef IMAGE_STANDIN_DECODE_H
#define IMAGE_STANDIN_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN_MAX 15 /* bytes of an instruction */

enum insn_kind {
	INSN_OTHER, /* none of these: what trapped is an ordinary fault */
	INSN_LOAD_GDT,
	INSN_LOAD_IDT,
	INSN_LOAD_TASK,	       /* LTR */
	INSN_LOAD_SEGMENT,     /* MOV to a segment register */
	INSN_POP_SEGMENT,      /* POP FS, POP GS */
	INSN_FAR_RETURN,       /* RETF */
	INSN_FAR_JUMP,	       /* JMP to a selector and offset in memory */
	INSN_INTERRUPT_RETURN, /* IRET */
	INSN_INTERRUPT,	       /* INT n */
	INSN_READ_MSR,
	INSN_WRITE_MSR,
	INSN_READ_CR,
	INSN_WRITE_CR,
	INSN_CLI,
	INSN_STI,
	INSN_HLT,
	INSN_VMCALL,
	INSN_REFUSED, /* one that ends a subject on Muen, or that no unikernel has a use for */
};

enum { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS };

struct insn {
	enum insn_kind kind;
	const char *name; /* for messages */
	unsigned length;  /* bytes */
	unsigned operand; /* bytes of the operand: 2, 4 or 8 */
	unsigned number;  /* of the segment or control register, of INT's vector, bytes that RETF
			   * drops */
	unsigned rm;	  /* general register, if the operand is not in memory */
	bool memory;
	/* Its address in memory: */
	int base, index; /* general registers; -1: none */
	unsigned scale;	 /* shift of the index */
	int64_t displacement;
	bool rip_relative;
	bool short_address; /* 32 bits */
	int segment;	    /* SEGMENT_FS or SEGMENT_GS, whose base is added; -1: none */
};

/* Decodes the instruction that begins at `bytes`. False if it is not complete there. */
bool insn_decode(const unsigned char *bytes, size_t available, struct insn *insn);

/* Address of its operand in memory. `rip` is the instruction's own address; `segment_base` the base
 * of insn->segment, if it has one. */
uint64_t insn_address(const struct insn *insn, const uint64_t gpr[16], uint64_t rip,
		      uint64_t segment_base);

#endif
