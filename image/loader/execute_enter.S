/* The begin and the end of what the executor does; between them it calls execute_stream(). The
 * linker script puts both beside each other, and only these. */
#include "image/loader/execute.h"

#define CR0_PAGING 0x80000000
#define CR4_PAE 0x20

	.section .execute, "ax"

/* void enter(struct execution *execution): on a stack and with segments of its own. */
	.global execute_enter
execute_enter:
	movl	4(%esp), %ebx
	leal	EXECUTION_STACK_END(%ebx), %esp
	lgdt	EXECUTION_TABLE(%ebx)
	call	1f
1:	popl	%eax
	addl	$2f - 1b, %eax
	pushl	$EXECUTE_CODE_SEGMENT
	pushl	%eax
	lretl
2:	movl	$EXECUTE_DATA_SEGMENT, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss

	cmpl	$0, EXECUTION_HIGH(%ebx)
	je	3f
	leal	EXECUTION_POINTERS(%ebx), %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	%cr0, %eax
	orl	$CR0_PAGING, %eax
	movl	%eax, %cr0

3:	pushl	%ebx
	call	execute_stream

	cmpl	$0, EXECUTION_HIGH(%ebx)
	je	4f
	movl	%cr0, %eax
	andl	$~CR0_PAGING, %eax
	movl	%eax, %cr0
	xorl	%eax, %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	andl	$~CR4_PAE, %eax
	movl	%eax, %cr4

4:	pushl	$0
	popfl
	xorl	%eax, %eax
	xorl	%ebx, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	xorl	%edi, %edi
	xorl	%ebp, %ebp
	xorl	%esp, %esp
	.global execute_jump
execute_jump:
	ljmp	$EXECUTE_CODE_SEGMENT, $0

	.section .note.GNU-stack, "", @progbits
