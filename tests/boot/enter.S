/* Where the loader enters: keeps the registers as they are found, then calls C on a stack. */
	.text
	.global start
start:
	movl	%eax, registers
	movl	%ebx, registers + 4
	movl	%ecx, registers + 8
	movl	%edx, registers + 12
	movl	%esi, registers + 16
	movl	%edi, registers + 20
	movl	%ebp, registers + 24
	movl	%esp, registers + 28
	movl	$stack_end, %esp
	pushfl
	popl	registers + 32
	movl	%cr0, %eax
	movl	%eax, registers + 36
	movl	%cr4, %eax
	movl	%eax, registers + 40
	cld
	call	payload_run
1:	hlt
	jmp	1b

	.bss
	.balign	4096
	.skip	4096
stack_end:

	.section .note.GNU-stack, "", @progbits
