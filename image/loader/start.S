/* Where the boot loader enters: 32-bit protected mode, flat segments, no stack. */
#include "image/loader/multiboot.h"

#define STACK_SIZE 0x4000

	.section .header, "a"
	.balign	4
	.long	MULTIBOOT_HEADER_MAGIC
	.long	MULTIBOOT_HEADER_FLAGS
	.long	-(MULTIBOOT_HEADER_MAGIC + MULTIBOOT_HEADER_FLAGS)
	.long	0, 0, 0, 0, 0	/* addresses: those of the ELF file count */
	.long	MULTIBOOT_HEADER_TEXT
	.long	80, 25, 0	/* columns, lines; no colours are asked for */

	.text
	.global start
start:
	cli
	cld
	movl	$stack_end, %esp
	pushl	%ebx
	pushl	%eax
	call	loader_run
1:	hlt
	jmp	1b

	.bss
	.balign	16
	.skip	STACK_SIZE
stack_end:

	.section .note.GNU-stack, "", @progbits
