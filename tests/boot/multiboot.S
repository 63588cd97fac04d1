/* A multiboot program that tells on COM1 that it was started, and what its module is: boot media
 * are tried with it. It prints
 *
 *	payload: started
 *	payload: module of 0x00001234 bytes: 0123456789abcdef
 *
 * (the module's first eight bytes), or that there is none, and powers QEMU off through the device
 * isa-debug-exit, if it is there. */
	.code32
	.set MAGIC, 0x1badb002
	.set COM1, 0x3f8
	.set DEBUG_EXIT, 0xf4
	.set INFO_MODULES, 3		/* bit of the flags in the boot information */

	.text
	.balign 4
	.long MAGIC, 0, -MAGIC		/* in the first 8 KiB of the file */
	.globl _start
_start:
	cli
	movl $stack, %esp
	movl %ebx, %ebp			/* the boot information */
	movl $started, %esi
	call print
	btl $INFO_MODULES, (%ebp)
	jnc 1f
	cmpl $0, 20(%ebp)
	je 1f
	movl 24(%ebp), %ebx		/* its modules; EBX: the first one */
	movl $module, %esi
	call print
	movl 4(%ebx), %edx
	movl (%ebx), %ebx
	subl %ebx, %edx
	movl $4, %ecx
2:	roll $8, %edx			/* the size, from its highest byte on */
	movb %dl, %al
	call print_byte
	loop 2b
	movl $bytes, %esi
	call print
	movl $8, %ecx
3:	movb (%ebx), %al
	incl %ebx
	call print_byte
	loop 3b
	movl $end, %esi
	jmp 4f
1:	movl $nothing, %esi
4:	call print
	movw $DEBUG_EXIT, %dx
	movb $0x10, %al
	outb %al, %dx
5:	hlt
	jmp 5b

/* ESI: text up to a NUL. */
print:
	lodsb
	testb %al, %al
	jz 1f
	call put
	jmp print
1:	ret

/* AL as two hexadecimal digits. */
print_byte:
	pushl %eax
	shrb $4, %al
	call print_digit
	popl %eax
	andb $15, %al
print_digit:
	cmpb $10, %al
	jb 1f
	addb $'a' - '0' - 10, %al
1:	addb $'0', %al

/* AL to the port, when it is ready. */
put:
	pushl %edx
	pushl %eax
	movw $COM1 + 5, %dx
1:	inb %dx, %al
	testb $0x20, %al
	jz 1b
	popl %eax
	movw $COM1, %dx
	outb %al, %dx
	popl %edx
	ret

	.section .rodata
started: .asciz "\npayload: started\n"
module:	.asciz "payload: module of 0x"
bytes:	.asciz " bytes: "
end:	.asciz "\n"
nothing: .asciz "payload: no module\n"

	.bss
	.balign 16
	.skip 256
stack:
	.section .note.GNU-stack, "", @progbits
