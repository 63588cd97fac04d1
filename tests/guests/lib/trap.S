/* Trap entries and the probes, whose faults the trap handler mends. */

	.text

/* One entry of 16 bytes per exception. All come to trap_common with an error code (0 where the
 * CPU pushes none) and the vector on the stack. */
	.balign 16
	.globl trap_entries
trap_entries:
	.set vector, 0
	.rept 32
	.balign 16
	/* #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX push an error code. */
	.if !((0x60227d00 >> vector) & 1)
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
	.set vector, vector + 1
	.endr

/* The stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. The vector's place takes CR2, which
 * makes it a struct trap_frame. RAX, RDI and RSI are not kept: only a probe goes on, and its
 * caller expects them to be lost. */
	.balign 16
trap_common:
	cld
	popq %rdi
	movq %cr2, %rax
	pushq %rax
	movq %rdi, %rax
	movq %rsp, %rsi
	pushq %rax /* for probe_failed, and the stack's alignment */
	call trap_handle
	popq %rax
	addq $16, %rsp
	iretq

/* int probe_...(address [, byte]): arm, access, disarm. A fault comes back at probe_failed with
 * the vector in RAX (from trap_common) and the stack as it was at the entry. */
	.macro probe name, access:vararg
	.globl \name
	.type \name, @function
\name:
	movq %rsp, probe_stack
	\access
	movq $0, probe_stack
	movl $-1, %eax
	ret
	.size \name, . - \name
	.endm

	probe probe_read, movb (%rdi), %al
	probe probe_write, movb %sil, (%rdi)
	probe probe_execute, call *%rdi

	.globl probe_failed
probe_failed:
	ret

	.section .note.GNU-stack, "", @progbits
