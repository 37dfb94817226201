/* html_assets.S: the page's files as bytes in the program, each with its length: style sheet, script,
 * and Chart.js of the system's package (nothing when it was not there at build time). The build names
 * them: PAGE_CSS, PAGE_JS, CHART_JS. Plain data without relocations: the same lines for every
 * processor. */
	.section .rodata

	.globl	html_css, html_css_len
html_css:
	.incbin	PAGE_CSS
html_css_end:
	.balign	8
html_css_len:
	.quad	html_css_end - html_css

	.globl	html_js, html_js_len
html_js:
	.incbin	PAGE_JS
html_js_end:
	.balign	8
html_js_len:
	.quad	html_js_end - html_js

	.globl	html_chart_js, html_chart_js_len
html_chart_js:
#ifdef CHART_JS
	.incbin	CHART_JS
#endif
html_chart_js_end:
	.balign	8
html_chart_js_len:
	.quad	html_chart_js_end - html_chart_js

	.section .note.GNU-stack,"",%progbits
