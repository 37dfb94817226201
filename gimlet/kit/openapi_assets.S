/* openapi_assets.S: the files of /docs as bytes in the program, each with its length: as they are, and
 * packed with gzip. The build names them: PAGE_HTML, PAGE_HTML_GZ ... Plain data without relocations:
 * the same lines for every processor. */
#define FILE_AS(name, path)                                                                        \
	.globl name;                                                                               \
	.globl name##_len;                                                                         \
name:                                                                                              \
	.incbin path;                                                                              \
name##_end:                                                                                        \
	.balign 8;                                                                                 \
name##_len:                                                                                        \
	.quad name##_end - name

	.section .rodata
	.balign 8
	FILE_AS(gim_page_html_bytes, PAGE_HTML)
	FILE_AS(gim_page_html_gz, PAGE_HTML_GZ)
	FILE_AS(gim_page_css_bytes, PAGE_CSS)
	FILE_AS(gim_page_css_gz, PAGE_CSS_GZ)
	FILE_AS(gim_page_js_bytes, PAGE_JS)
	FILE_AS(gim_page_js_gz, PAGE_JS_GZ)

	.section .note.GNU-stack,"",%progbits
