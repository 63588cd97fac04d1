/* The processor as the stand-in kernel uses it. Shared with assembly. */
#ifndef IMAGE_STANDIN_CPU_H
#define IMAGE_STANDIN_CPU_H

#define KERNEL_BASE 0xffffffff80000000 /* virtual address of physical 0, for the kernel itself */
#define DIRECT_MAP 0xffff800000000000  /* the same for the first 4 GiB of all memory */

/* Our segments lie behind those that a subject's own GDT has, so that its selectors never name one
 * of ours: each such load traps and is carried out on its own GDT. */
#define KERNEL_CODE 0x80
#define KERNEL_DATA 0x88
#define USER_DATA 0x93 /* with privilege level 3 */
#define USER_CODE 0x9b
#define TASK_STATE 0xa0

#define MSR_APIC_BASE 0x1b
#define MSR_SYSENTER_CS 0x174
#define MSR_EFER 0xc0000080
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101

#define VECTORS 256
#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_NP 11
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_MC 18
#define VECTOR_EXCEPTIONS 32 /* the interrupts' begin here */
#define VECTOR_TIMER 0x40
#define VECTOR_SPURIOUS 0xff

#define RFLAGS_RESERVED 0x2u /* always set */
#define RFLAGS_TF 0x100u
#define RFLAGS_IF 0x200u
#define RFLAGS_DF 0x400u
#define RFLAGS_IOPL 0x3000u
#define RFLAGS_NT 0x4000u
#define RFLAGS_RF 0x10000u
#define RFLAGS_AC 0x40000u

#ifndef __ASSEMBLER__

#include <stdint.h>

/* What an entry leaves on the stack (entry.S). */
struct trap_frame {
	uint64_t gpr[16]; /* in the processor's numbering; [4], RSP, is a copy of `rsp` */
	uint64_t vector;
	uint64_t error_code; /* 0 where the processor has none */
	uint64_t rip, cs, rflags, rsp, ss;
};

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

#endif

#endif
