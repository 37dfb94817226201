/* templates.S: the files of a new project as bytes in the program, each with its length. TEMPLATE is
 * their folder. Plain data without relocations: the same lines for every processor. */
	.section .rodata

	.macro	template name, file
	.globl	template_\name, template_\name\()_len
template_\name:
	.incbin	"\file"
template_\name\()_end:
	.balign	8
template_\name\()_len:
	.quad	template_\name\()_end - template_\name
	.endm

	template build, "meson.build"
	template main, "main.c"
	template notes_h, "notes.h"
	template notes_c, "notes.c"
	template test, "tests/test_notes.c"
	template container, "Containerfile"
	template unit, "unit.service"
	template socket, "unit.socket"
	template readme, "README.md"
	template ignore, "gitignore"

	.section .note.GNU-stack,"",%progbits
