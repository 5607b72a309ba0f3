/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* elf_fuzz.c - whatever the bytes are: no access outside them, and a plan that
 * is taken keeps its promises. */
#include "dev/test/fuzz.h"

#include "proc/elf.h"

#define BASE 0x10000ul
#define TOP  0x7ffffffff000ul

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void check_segments(const struct elf_image *img)
{
    vaddr_t at = 0;

    expect(img->nr_segments && img->nr_segments <= ELF_SEGMENTS_MAX);
    for (unsigned i = 0; i < img->nr_segments; i++) {
        const struct elf_segment *s = &img->segment[i];
        expect(s->start % PAGE_SIZE == 0 && s->end % PAGE_SIZE == 0);
        expect(s->start < s->end && s->end <= TOP);
        expect(s->start <= s->file_end && s->file_end <= s->end);
        expect(s->data_end <= s->mem_end && s->mem_end <= s->end);
        expect(s->mem_end >= at && s->start + PAGE_SIZE > (at & PAGE_MASK));
        expect(s->pgoff <= INT64_MAX / PAGE_SIZE);
        expect(s->prot < 8);
        at = s->mem_end;
    }
    expect(img->low == img->segment[0].start && img->high <= TOP);
    expect(img->pie || img->low >= BASE);
    expect(img->align >= PAGE_SIZE && !(img->align & (img->align - 1)));
    expect(!img->has_interp ||
           (img->interp_size >= 2 && img->interp_size <= ELF_INTERP_MAX));
}

static void target(const uint8_t *data, size_t n)
{
    struct script_line line;
    struct elf_image img;
    Elf64_Ehdr eh;
    uint64_t offset;
    size_t size;

    if (!script_parse((const char *)data, n, &line))
        expect(strlen(line.interp) > 0 && strlen(line.interp) < 256 &&
               strlen(line.arg) < 256);
    if (n < sizeof(eh))
        return;
    memcpy(&eh, data, sizeof(eh));
    if (elf_check_header(&eh, &offset, &size))
        return;
    expect(size <= ELF_PHDRS_MAX * sizeof(Elf64_Phdr));
    if (offset > n || size > n - offset)
        return; /* the caller finds the file too short */
    Elf64_Phdr *ph = malloc(size);
    memcpy(ph, data + offset, size);
    if (!elf_plan(&eh, ph, BASE, TOP, &img))
        check_segments(&img);
    free(ph);
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, target);
}
