/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * page_boot.c - which physical memory there is, and its descriptors.
 *
 * Memory is a short list of usable ranges, shrunk from below by the boot
 * allocator (memory_early_alloc). The first MiB is left alone: firmware data,
 * and the page the other processors start in. page_init() sets aside room for
 * the descriptors of every 256 MiB section but writes none of them: a chunk of
 * 4 MiB gets its descriptors when the buddy allocator has nothing left, lowest
 * addresses first. So starting up costs the same with 88 MiB and with 32 GiB.
 */
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page_priv.h"

#define LOW_PAGES ((1ul << 20) / PAGE_SIZE)
#define RANGE_MAX (BOOT_MEMORY_MAX + 2)

/* Usable pages not taken yet, ascending. */
struct range {
    uint64_t start, end;
};
static struct range ranges[RANGE_MAX];
static unsigned nr_ranges;
static bool ranges_made;

struct section sections[SECTION_COUNT];
static uint64_t grow_next; /* first page of the next chunk to describe */
static unsigned grow_range;

static void add_range(uint64_t start, uint64_t end)
{
    if (start < LOW_PAGES)
        start = LOW_PAGES;
    if (end > SECTION_COUNT * SECTION_PAGES) {
        kwarn("memory above %lu GiB is not used",
              SECTION_COUNT * SECTION_PAGES >> (30 - PAGE_SHIFT));
        end = SECTION_COUNT * SECTION_PAGES;
    }
    if (start >= end || nr_ranges == RANGE_MAX)
        return;
    ranges[nr_ranges++] = (struct range){start, end};
}

/* The firmware's ranges without the kernel image, which may split one. */
static void make_ranges(void)
{
    uint64_t k0 = boot_info.kernel_start >> PAGE_SHIFT;
    uint64_t k1 = ALIGN_UP(boot_info.kernel_end, PAGE_SIZE) >> PAGE_SHIFT;

    ranges_made = true;
    for (unsigned i = 0; i < boot_info.nr_memory; i++) {
        const struct boot_memory *b = &boot_info.memory[i];
        uint64_t s = ALIGN_UP(b->start, PAGE_SIZE) >> PAGE_SHIFT;
        uint64_t e = b->end >> PAGE_SHIFT;

        if (!b->usable)
            continue;
        if (k1 <= s || k0 >= e) {
            add_range(s, e);
        } else {
            add_range(s, MIN(e, k0));
            add_range(MAX(s, k1), e);
        }
    }
}

/* Take pages from the low end of the lowest range with room: the machine code
 * maps low memory first. 0 = none. */
static uint64_t take(uint64_t pages, uint64_t align)
{
    for (unsigned i = 0; i < nr_ranges; i++) {
        struct range *r = &ranges[i];
        uint64_t at = ALIGN_UP(r->start, align);

        if (at >= r->end || r->end - at < pages)
            continue;
        if (at > r->start && nr_ranges < RANGE_MAX) { /* keep the gap */
            memmove(r + 1, r, (nr_ranges - i) * sizeof(*r));
            nr_ranges++;
            r->end = at;
            r++;
        }
        r->start = at + pages;
        return at;
    }
    return 0;
}

paddr_t memory_early_alloc(size_t size, size_t align)
{
    uint64_t pages = ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT;
    uint64_t pfn;

    ASSERT(!sections[0].count); /* not after page_init() */
    if (!ranges_made)
        make_ranges();
    pfn = take(pages, align > PAGE_SIZE ? align >> PAGE_SHIFT : 1);
    if (!pfn)
        panic("no memory for %zu bytes during start-up", size);
    memset(phys_to_virt(pfn << PAGE_SHIFT), 0, pages << PAGE_SHIFT);
    return pfn << PAGE_SHIFT;
}

/* Extend the sections that pages [start, end) touch. */
static void cover(uint64_t start, uint64_t end)
{
    while (start < end) {
        struct section *s = &sections[start >> SECTION_SHIFT];
        uint64_t stop =
            MIN(end, ALIGN_DOWN(start, SECTION_PAGES) + SECTION_PAGES);

        if (!s->count)
            s->first = start;
        s->count = (uint32_t)(stop - s->first);
        start = stop;
    }
}

static void make_sections(void)
{
    for (unsigned i = 0; i < nr_ranges; i++)
        cover(ranges[i].start, ranges[i].end);
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        struct section *s = &sections[i];
        uint64_t pages, at;

        if (!s->count)
            continue;
        pages =
            ALIGN_UP(s->count * sizeof(struct page), PAGE_SIZE) >> PAGE_SHIFT;
        at = take(pages, 1);
        if (!at)
            panic("no memory for page descriptors");
        s->pages = phys_to_virt(at << PAGE_SHIFT);
    }
}

uint64_t page_descriptors(void)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < SECTION_COUNT; i++)
        pages += ALIGN_UP(sections[i].count * sizeof(struct page), PAGE_SIZE) >>
                 PAGE_SHIFT;
    return pages;
}

uint64_t page_boot_init(void)
{
    uint64_t total = 0;

    if (!ranges_made)
        make_ranges();
    make_sections();
    for (unsigned i = 0; i < nr_ranges; i++)
        total += ranges[i].end - ranges[i].start;
    grow_range = 0;
    grow_next = nr_ranges ? ALIGN_DOWN(ranges[0].start, CHUNK_PAGES) : 0;
    return total;
}

/* Descriptors [first, end) of section (nr): reserved until freed. */
static void describe(unsigned nr, uint64_t first, uint64_t end)
{
    struct section *s = &sections[nr];
    struct page *p = s->pages + (first - s->first);

    memset(p, 0, (end - first) * sizeof(*p));
    for (uint64_t i = first; i < end; i++, p++) {
        p->section = (uint16_t)nr;
        atomic_init(&p->flags, PG_RESERVED);
    }
}

bool page_boot_grow(void)
{
    uint64_t chunk = grow_next, end = chunk + CHUNK_PAGES;
    unsigned nr = (unsigned)(chunk >> SECTION_SHIFT);
    struct section *s = &sections[nr];

    if (grow_range >= nr_ranges)
        return false;
    describe(nr, MAX(chunk, s->first), MIN(end, s->first + s->count));
    /* Pairs with the acquire in page_at(): whoever sees the bit sees the
     * descriptors. */
    atomic_fetch_or_explicit(
        &s->ready, 1ul << ((chunk & (SECTION_PAGES - 1)) >> PAGE_ORDER_MAX),
        memory_order_release);
    while (grow_range < nr_ranges && ranges[grow_range].start < end) {
        struct range *r = &ranges[grow_range];
        uint64_t from = MAX(r->start, chunk), to = MIN(r->end, end);

        if (from < to)
            page_free_range(from, to);
        if (r->end > end)
            break;
        grow_range++;
    }
    if (grow_range < nr_ranges)
        grow_next = MAX(end, ALIGN_DOWN(ranges[grow_range].start, CHUNK_PAGES));
    return true;
}

struct page *page_at(uint64_t pfn)
{
    struct section *s;
    uint64_t i;

    if (unlikely(pfn >= SECTION_COUNT * SECTION_PAGES))
        return NULL;
    s = &sections[pfn >> SECTION_SHIFT];
    i = pfn - s->first;
    if (unlikely(i >= s->count))
        return NULL;
    if (unlikely(!(atomic_load_explicit(&s->ready, memory_order_acquire) >>
                       ((pfn & (SECTION_PAGES - 1)) >> PAGE_ORDER_MAX) &
                   1)))
        return NULL;
    return &s->pages[i];
}

struct page *page_of(paddr_t pa)
{
    struct page *p = page_at(pa >> PAGE_SHIFT);

    if (unlikely(!p) ||
        unlikely(atomic_load_explicit(&p->flags, memory_order_relaxed) &
                 PG_RESERVED))
        return NULL;
    return p;
}

paddr_t page_paddr(const struct page *p)
{
    return page_pfn(p) << PAGE_SHIFT;
}
