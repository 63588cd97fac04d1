#include "tests/boot/payload.h"

OUTPUT_FORMAT(elf32-i386)
OUTPUT_ARCH(i386)
ENTRY(start)

SECTIONS {
	. = PAYLOAD_ADDRESS;
	.text : { *(.text .text.* .rodata .rodata.*) }
	. = ALIGN(0x1000);
	.data : { *(.data .data.*) }
	.bss : { *(.bss .bss.* COMMON) }
	/DISCARD/ : { *(.note .note.* .comment .eh_frame) }
}
