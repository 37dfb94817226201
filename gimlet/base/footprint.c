/* footprint.c: the C library keeps free pages, and the kernel maps 64 KiB of a program around each
 * byte that is read once. Both are right for speed and wrong for a service that starts in a
 * millisecond and then waits: half of its resident pages are code that will not run again. As a
 * kernel frees its init section, we let go of ours. */
#include "footprint.h"
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void gim_heap_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

/* One loaded object. Segments with PF_W hold relocated words: dropping those would lose them. */
static int forget_object(struct dl_phdr_info *info, size_t size, void *page)
{
    size_t mask = *(const size_t *)page - 1;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        size_t start = info->dlpi_addr + p->p_vaddr;
        size_t end = (start + p->p_filesz) & ~mask;

        start = (start + mask) & ~mask;
        if (p->p_type == PT_LOAD && !(p->p_flags & PF_W) && start < end)
            (void)madvise((void *)start, end - start, MADV_DONTNEED); // NOLINT: an address it is
    }
    return 0;
}

/* A debugger's breakpoints are private copies of code pages: they would be lost. */
static bool is_traced(void)
{
    char line[128];
    bool traced = false;
    FILE *f = fopen("/proc/self/status", "re");

    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "TracerPid:", 10) == 0) {
            traced = strcmp(line + 10, "\t0\n") != 0;
            break;
        }
    }
    if (f)
        fclose(f);
    return traced;
}

void gim_forget_start(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bool traced = is_traced();

    gim_heap_trim();
    if (!traced)
        dl_iterate_phdr(forget_object, &page);
}
