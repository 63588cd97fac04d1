/* The layout of a Solo5 unikernel, as its bindings' linker scripts make it; run through the C
 * preprocessor with GUEST_BASE (where the text starts) and GUEST_TEXT_FLAGS (p_flags of the
 * text: 1 = execute only, 5 = read and execute). */

ENTRY(_start)

PHDRS
{
	interp PT_INTERP;
	text PT_LOAD FLAGS(GUEST_TEXT_FLAGS);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD;
	tdata PT_LOAD FLAGS(4); /* read only: every thread has a copy of its own */
	tls PT_TLS FLAGS(0);
	bss PT_LOAD;
	note_not_openbsd PT_NOTE; /* OpenBSD looks at the first one only */
	note_abi PT_NOTE;
	note_manifest PT_NOTE;
}

SECTIONS
{
	. = GUEST_BASE; /* the ELF headers are not in memory */

	_stext = .;
	.interp : { *(.interp) } :interp :text
	.text : { *(.text.start) *(.text .text.*) } :text
	. = ALIGN(0x1000);
	_etext = .;

	.note.solo5.manifest : { _smanifest = .; *(.note.solo5.manifest) }
		:rodata :note_manifest
	.note.solo5.abi : { *(.note.solo5.abi) } :rodata :note_abi
	.note.solo5.not_openbsd : { *(.note.solo5.not_openbsd) }
		:rodata :note_not_openbsd
	.rodata : { *(.rodata .rodata.*) } :rodata
	.eh_frame : { *(.eh_frame) } :rodata
	. = ALIGN(0x1000);
	_erodata = .;

	.data : { *(.data .data.*) } :data
	. = ALIGN(0x1000);

	/* .tdata and .tbss must be neighbours: the offsets of thread variables depend on it. */
	.tdata : {
		_stdata = .;
		*(.tdata .tdata.*)
		. = ALIGN(0x1000);
	} :tdata
	_edata = .;
	.tbss : { *(.tbss .tbss.*) } :tls
	.bss : { *(.bss .bss.*) *(COMMON) } :bss
	. = ALIGN(0x1000);
	_end = .;

	_ltdata = _edata - _stdata;
	_ltbss = SIZEOF(.tbss);
	_atls = MAX(MAX(ALIGNOF(.tdata), ALIGNOF(.tbss)), 1);

	/DISCARD/ : { *(.note.gnu.*) *(.note.GNU-stack) }
}
