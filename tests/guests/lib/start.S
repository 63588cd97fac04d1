/* The first bytes of the image: the interpreter that no host has, so that a host's kernel refuses
 * to run the file, and behind it the entry point. */

	.section .interp, "a", @progbits
	.balign 8
	.asciz "/nonexistent/solo5/"
	.balign 8

/* The environment jumps here with RDI = boot info and RSP = end of memory - 8, as if called.
 * What it left in the registers is kept for the guest that looks at it. */
	.section .text.start, "ax", @progbits
	.balign 32
	.globl _start
	.type _start, @function
_start:
	movq %rax, entry_registers+0x00
	movq %rbx, entry_registers+0x08
	movq %rcx, entry_registers+0x10
	movq %rdx, entry_registers+0x18
	movq %rsi, entry_registers+0x20
	movq %rdi, entry_registers+0x28
	movq %rbp, entry_registers+0x30
	movq %rsp, entry_registers+0x38
	movq %r8, entry_registers+0x40
	movq %r9, entry_registers+0x48
	movq %r10, entry_registers+0x50
	movq %r11, entry_registers+0x58
	movq %r12, entry_registers+0x60
	movq %r13, entry_registers+0x68
	movq %r14, entry_registers+0x70
	movq %r15, entry_registers+0x78
	xorl %ebp, %ebp
	jmp guest_start
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
