/* sample_page.c: the page of sample_results.h on stdout, with names that would be markup if a page took
 * them as they are. For tests/e2e/test_report_html.py, and for a look. */
#include "../../../proof/report/compare.h"
#include "sample_results.h"
#include <stdio.h>

#define EVIL "<script>document.title='broken'</script>"

static void spoil(struct compare_results *r)
{
    struct results_service *s = &r->services[2];

    r->title = GIM_S("Posts: C, Go & Rust </title>" EVIL);
    s->name = GIM_S("gin " EVIL);
    s->about = GIM_S("</script><!-- " EVIL);
    s->run = GIM_S("./gin --flag=\"'><img src=x onerror=alert(1)>\" " EVIL);
    s->checks[1].passed = false;
    s->checks[1].what = GIM_S("expected 400, got \"" EVIL "\"");
    r->metrics[0].title = GIM_S("exec to first connect " EVIL);
    r->loads[1].title = GIM_S("1 connection </option>" EVIL);
}

int main(int argc, char **argv)
{
    static struct compare_results results;
    struct verdicts verdicts;
    struct gim_buf page = {0};
    size_t written;

    sample_results(&results, 1);
    if (argc > 1 && strcmp(argv[1], "evil") == 0)
        spoil(&results);
    verdicts_make(&verdicts, &results);
    compare_html(&page, &verdicts);
    written = fwrite(page.ptr, 1, page.len, stdout);
    verdicts_free(&verdicts);
    results_free(&results);
    gim_buf_free(&page);
    return written ? 0 : 1;
}
