/* From a boot loader into C, and between the kernel and a subject. */
#include "image/standin/cpu.h"

#define PHYSICAL(symbol) (symbol - KERNEL_BASE)

#define PTE_TABLE 0x3	     /* present, writable */
#define PTE_LARGE 0x83	     /* the same, a large page */
#define PTE_UNCACHED 0x18    /* PWT, PCD */
#define DEVICES_ENTRY 0x600  /* large pages from 3 GiB on: devices, the local APIC */
#define LARGE_ENTRIES 0x800  /* large pages in 4 GiB */

#define CR0_VALUE 0x80010033 /* PG WP NE ET MP PE */
#define CR4_VALUE 0x660	     /* OSXMMEXCPT OSFXSR MCE PAE */
#define EFER_VALUE 0x900     /* NXE LME */

/* ---- 32-bit protected mode without paging ------------------------------------------------- */

	.section .boot, "ax", @progbits
	.code32
	.globl standin_start
standin_start:
	cli
	cld

	/* The first 4 GiB: at 0 until we run in the upper half, and at DIRECT_MAP. */
	movl $PHYSICAL(directories), %edi
	movl $PTE_LARGE, %eax
	xorl %ecx, %ecx
1:	cmpl $DEVICES_ENTRY, %ecx
	jne 2f
	orl $PTE_UNCACHED, %eax
2:	movl %eax, (%edi,%ecx,8)
	addl $0x200000, %eax
	incl %ecx
	cmpl $LARGE_ENTRIES, %ecx
	jne 1b

	movl $PHYSICAL(low_pointers), %edi
	movl $PHYSICAL(directories) + PTE_TABLE, %eax
	xorl %ecx, %ecx
3:	movl %eax, (%edi,%ecx,8)
	addl $0x1000, %eax
	incl %ecx
	cmpl $4, %ecx
	jne 3b
	movl $PHYSICAL(directories) + PTE_TABLE, PHYSICAL(high_pointers) + 510 * 8

	movl $PHYSICAL(kernel_pml4), %edi
	movl $PHYSICAL(low_pointers) + PTE_TABLE, (%edi)
	movl $PHYSICAL(low_pointers) + PTE_TABLE, 256 * 8(%edi)
	movl $PHYSICAL(high_pointers) + PTE_TABLE, 511 * 8(%edi)
	movl %edi, %cr3

	movl $CR4_VALUE, %eax
	movl %eax, %cr4
	movl $MSR_EFER, %ecx
	xorl %edx, %edx
	movl $EFER_VALUE, %eax
	wrmsr
	movl $CR0_VALUE, %eax
	movl %eax, %cr0
	lgdt boot_gdt_pointer
	ljmp $8, $standin_long

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
boot_gdt_pointer:
	.word . - boot_gdt - 1
	.long boot_gdt

/* ---- 64-bit mode --------------------------------------------------------------------------- */

	.code64
standin_long:
	movabsq $standin_high, %rax
	jmp *%rax

	.text
standin_high:
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	movq $kernel_stack_end, %rsp
	xorl %ebp, %ebp
	call standin_main
4:	cli
	hlt
	jmp 4b

/* void cpu_load_segments(const void *gdt_pointer, const void *idt_pointer) */
	.globl cpu_load_segments
	.type cpu_load_segments, @function
cpu_load_segments:
	lgdt (%rdi)
	lidt (%rsi)
	movl $TASK_STATE, %eax
	ltr %ax
	popq %rdi
	pushq $KERNEL_CODE
	pushq %rdi
	lretq
	.size cpu_load_segments, . - cpu_load_segments

/* ---- traps: struct trap_frame --------------------------------------------------------------- */

/* One entry of 16 bytes per vector. #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX push an error code. */
	.balign 16
	.globl trap_entries
trap_entries:
	.set vector, 0
	.rept VECTORS
	.balign 16
	.if vector >= VECTOR_EXCEPTIONS
	pushq $0
	.elseif !((0x60227d00 >> vector) & 1)
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

	.balign 16
trap_common:
	cld
	pushq %r15
	pushq %r14
	pushq %r13
	pushq %r12
	pushq %r11
	pushq %r10
	pushq %r9
	pushq %r8
	pushq %rdi
	pushq %rsi
	pushq %rbp
	pushq $0
	pushq %rbx
	pushq %rdx
	pushq %rcx
	pushq %rax
	movq %rsp, %rdi
	subq $8, %rsp /* the stack's alignment */
	call trap_handle
	addq $8, %rsp
trap_return:
	popq %rax
	popq %rcx
	popq %rdx
	popq %rbx
	addq $8, %rsp
	popq %rbp
	popq %rsi
	popq %rdi
	popq %r8
	popq %r9
	popq %r10
	popq %r11
	popq %r12
	popq %r13
	popq %r14
	popq %r15
	addq $16, %rsp
	iretq

/* void cpu_enter(const struct trap_frame *frame): runs the subject; returns by cpu_leave(). */
	.globl cpu_enter
	.type cpu_enter, @function
cpu_enter:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, resume_stack
	fxrstor initial_fpu_state
	movl $USER_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movq %rdi, %rsp
	jmp trap_return
	.size cpu_enter, . - cpu_enter

	.globl cpu_leave
	.type cpu_leave, @function
cpu_leave:
	movq resume_stack, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret
	.size cpu_leave, . - cpu_leave

	.section .rodata, "a", @progbits
	.balign 16
initial_fpu_state: /* as after FNINIT: all exceptions masked, registers 0 */
	.word 0x37f
	.fill 22
	.long 0x1f80
	.fill 484

	.bss
	.balign 0x1000
	.globl kernel_pml4
kernel_pml4:
	.skip 0x1000
low_pointers:
	.skip 0x1000
high_pointers:
	.skip 0x1000
directories:
	.skip 0x4000
kernel_stack:
	.skip 0x4000
kernel_stack_end:
resume_stack:
	.skip 8

	.section .note.GNU-stack, "", @progbits
