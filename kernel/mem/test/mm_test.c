/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mm_test.c - address spaces against a model: random mmap, munmap, mprotect,
 * mremap, madvise, fork, truncation and page table shortage, with every page
 * compared now and then. At the end nothing may be left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/mman.h>

#include "dev/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/mm_priv.h"
#include "mem/page_priv.h"
#include "mm_model.h"

struct object objects[OBJECTS];
struct space spaces[SPACES];
static int nr_objects;

#define FILES 2 /* objects that can be mapped by name: a store and a disk */

/* --- the model ------------------------------------------------------------ */

static uint64_t disk_value(uint64_t page)
{
    return page * 0x9e3779b97f4a7c15ul + 1;
}

static int disk_read(struct mapping *m, uint64_t index, struct page **pages,
                     unsigned n)
{
    (void)m;
    for (unsigned i = 0; i < n; i++) {
        memset(page_virt(pages[i]), 0, PAGE_SIZE);
        *(uint64_t *)page_virt(pages[i]) = disk_value(index + i);
    }
    return 0;
}
static const struct mapping_ops disk = {.read = disk_read};

bool model_read(const struct space *s, uint64_t page, uint64_t *value)
{
    const struct model_page *p = &s->page[page];

    if (p->own) {
        *value = p->value;
        return true;
    }
    if (p->page >= objects[p->object].pages)
        return false;
    *value = objects[p->object].value[p->page];
    return true;
}

void model_write(struct space *s, uint64_t page, uint64_t value)
{
    struct model_page *p = &s->page[page];

    if (p->shared) {
        objects[p->object].value[p->page] = value;
    } else {
        p->own = true;
        p->value = value;
    }
}

static uint64_t rnd(uint64_t n)
{
    return random_u64() % n;
}

/* A range, mostly small and mostly in the lower part. */
static uint64_t pick(uint64_t *pages)
{
    uint64_t from;

    *pages = rnd(20) ? 1 + rnd(24) : 1 + rnd(3000);
    from = rnd(5) ? rnd(1500) : rnd(FAKE_PAGES);
    *pages = MIN(*pages, FAKE_PAGES - from);
    return from;
}

static struct space *pick_space(void)
{
    struct space *s;

    do
        s = &spaces[rnd(SPACES)];
    while (!s->mm);
    return s;
}

/* --- operations ----------------------------------------------------------- */

static void forget(struct space *s, uint64_t from, uint64_t n)
{
    memset(&s->page[from], 0, n * sizeof(struct model_page));
}

static void check_free(const struct space *s, uint64_t from, uint64_t n)
{
    for (uint64_t i = from; i < from + n; i++)
        assert_false(s->page[i].mapped);
}

static int choose_object(uint64_t n, bool shared)
{
    if (rnd(3) == 0)
        return shared ? 0 : (int)rnd(FILES);
    if (!shared)
        return -1;
    assert_true(nr_objects < OBJECTS);
    objects[nr_objects] = (struct object){.pages = n};
    return nr_objects++;
}

/* What can be written privately is copied at once. */
static void populate(struct space *s, uint64_t from, uint64_t n)
{
    for (uint64_t i = from; i < from + n; i++) {
        struct model_page *p = &s->page[i];

        if (p->shared || !(p->prot & PROT_W))
            continue;
        if (!model_read(s, i, &p->value))
            return; /* ends at the first error */
        p->own = true;
    }
}

static void do_map(struct space *s)
{
    unsigned prot = (unsigned)rnd(4), flags = MAP_FIXED;
    uint64_t n, from = pick(&n), off = 0;
    bool shared = rnd(4) == 0;
    int object;
    long rc;

    if (shared)
        n = MIN(n, (uint64_t)OBJECT_PAGES);
    object = choose_object(n, shared);
    if (rnd(3) == 0) {
        flags = rnd(2) ? 0 : MAP_FIXED_NOREPLACE;
    }
    if (object >= 0 && object < FILES)
        off = rnd(OBJECT_PAGES);
    flags |= shared ? MAP_SHARED : MAP_PRIVATE;
    flags |= rnd(5) ? 0 : MAP_POPULATE;
    rc = mm_map(s->mm, va_of(from), n << PAGE_SHIFT, prot, flags,
                object >= 0 && object < FILES ? objects[object].file : NULL,
                off);
    if (rc == -EEXIST) {
        assert_true(flags & MAP_FIXED_NOREPLACE);
        return;
    }
    if (rc == -ENOMEM) {
        assert_false(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE));
        return;
    }
    assert_true(rc >= (long)FAKE_BASE && rc < (long)FAKE_TOP);
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
        assert_int_equal(rc, va_of(from));
    from = ((vaddr_t)rc - FAKE_BASE) >> PAGE_SHIFT;
    if (!(flags & MAP_FIXED))
        check_free(s, from, n);
    for (uint64_t i = 0; i < n; i++)
        s->page[from + i] = (struct model_page){.mapped = true,
                                                .shared = shared,
                                                .own = object < 0,
                                                .prot = (uint8_t)prot,
                                                .object = object,
                                                .page = off + i};
    if (flags & MAP_POPULATE)
        populate(s, from, n);
}

static void do_unmap(struct space *s)
{
    uint64_t n, from = pick(&n);

    assert_int_equal(mm_unmap(s->mm, va_of(from), n << PAGE_SHIFT), 0);
    forget(s, from, n);
}

static void do_protect(struct space *s)
{
    uint64_t n, from = pick(&n), i = 0;
    unsigned prot = (unsigned)rnd(4);
    int rc = mm_protect(s->mm, va_of(from), n << PAGE_SHIFT, prot);

    for (; i < n && s->page[from + i].mapped; i++)
        s->page[from + i].prot = (uint8_t)prot;
    assert_int_equal(rc, i < n ? -ENOMEM : 0);
}

static void do_dontneed(struct space *s)
{
    uint64_t n, from = pick(&n);
    int rc = mm_advise(s->mm, va_of(from), n << PAGE_SHIFT, MADV_DONTNEED);
    bool hole = false;

    for (uint64_t i = from; i < from + n; i++) {
        struct model_page *p = &s->page[i];

        hole |= !p->mapped;
        p->own = p->mapped && p->object < 0;
        p->value = 0;
    }
    assert_int_equal(rc, hole ? -ENOMEM : 0);
}

/* Access to one page as a program would make it. */
static void touch(struct space *s, uint64_t page, bool write)
{
    const struct model_page *p = &s->page[page];
    unsigned need = write ? PROT_W : PROT_R;
    unsigned have = p->prot ? p->prot | PROT_R : 0;
    int rc = mm_fault_in(s->mm, va_of(page), need);
    struct mmu_entry e;
    uint64_t *word, expect;

    if (!p->mapped) {
        assert_int_equal(rc, -EFAULT);
        return;
    }
    if (!(have & need)) {
        assert_int_equal(rc, -EACCES);
        return;
    }
    if (!model_read(s, page, &expect)) {
        assert_int_equal(rc, -ENXIO);
        return;
    }
    assert_int_equal(rc, 0);
    assert_true(mmu_lookup(&s->mm->mmu, va_of(page), &e));
    assert_true(e.prot & need);
    word = phys_to_virt(e.pa + (va_of(page) - e.va));
    assert_int_equal(*word, expect);
    if (!write)
        return;
    *word = random_u64();
    model_write(s, page, *word);
}

static void do_touch(struct space *s)
{
    uint64_t n, from = pick(&n);

    n = MIN(n, 40ul);
    if (rnd(4) == 0)
        fake_mmu_fail = 1 + (int)rnd(20);
    for (uint64_t i = from; i < from + n; i++)
        touch(s, i, rnd(2));
    fake_mmu_fail = 0;
}

/* All pages; also that no entry gives a right the area does not. */
static void check_space(struct space *s)
{
    struct mmu_entry e;

    for (uint64_t i = 0; i < FAKE_PAGES; i++) {
        uint64_t expect = 0;

        if (!mmu_lookup(&s->mm->mmu, va_of(i), &e))
            continue;
        assert_true(s->page[i].mapped);
        assert_true(model_read(s, i, &expect));
        assert_int_equal(*(uint64_t *)phys_to_virt(e.pa + (va_of(i) - e.va)),
                         expect);
        if (e.prot & PROT_W)
            assert_true(s->page[i].prot & PROT_W);
        if (!s->page[i].prot)
            assert_false(e.prot & (PROT_R | PROT_W | PROT_X));
    }
}

static void move_model(struct space *s, uint64_t from, uint64_t to,
                       uint64_t old_n, uint64_t new_n)
{
    static struct model_page copy[FAKE_PAGES];
    struct model_page last = s->page[from + old_n - 1];
    uint64_t keep = MIN(old_n, new_n);

    memcpy(copy, &s->page[from], keep * sizeof(*copy));
    for (uint64_t i = keep; i < new_n; i++) {
        copy[i] = last;
        copy[i].own = last.object < 0;
        copy[i].value = 0;
        copy[i].page = last.object < 0 ? 0 : last.page + 1 + (i - old_n);
    }
    forget(s, from, old_n);
    memcpy(&s->page[to], copy, new_n * sizeof(*copy));
}

static void do_remap(struct space *s)
{
    uint64_t n, from = pick(&n), new_n = 1 + rnd(40), target = rnd(1500);
    unsigned flags = rnd(3) ? MREMAP_MAYMOVE : 0;
    long rc;

    if (rnd(3) == 0) {
        new_n = rnd(2) ? n : n + rnd(600);
        flags = MREMAP_MAYMOVE;
    }
    if (rnd(3) == 0)
        flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    new_n = MIN(new_n, FAKE_PAGES - target);
    rc = mm_remap(s->mm, va_of(from), n << PAGE_SHIFT, new_n << PAGE_SHIFT,
                  flags, va_of(target));
    if (rc < 0) {
        /* Over several areas (-EFAULT), overlap (-EINVAL), no room. When
         * it was to shrink, the tail has gone before that was noticed. */
        if (rc == -EFAULT && new_n < n && s->page[from].mapped)
            forget(s, from + new_n, n - new_n);
        assert_true(rc == -EFAULT || rc == -ENOMEM ||
                    (rc == -EINVAL && (flags & MREMAP_FIXED)));
        return;
    }
    target = ((vaddr_t)rc - FAKE_BASE) >> PAGE_SHIFT;
    assert_true(s->page[from].mapped);
    if (target != from && !(flags & MREMAP_FIXED))
        check_free(s, target, new_n);
    move_model(s, from, target, n, new_n);
}

static void do_fork(struct space *s)
{
    struct space *c = &spaces[rnd(SPACES)];

    if (c->mm)
        return;
    if (rnd(3) == 0)
        fake_mmu_fail = 1 + (int)rnd(300);
    c->mm = mm_fork(s->mm);
    fake_mmu_fail = 0;
    assert_non_null(c->mm);
    memcpy(c->page, s->page, sizeof(s->page));
    assert_int_equal(c->mm->nr_vmas, s->mm->nr_vmas);
    assert_int_equal(c->mm->total_vm, s->mm->total_vm);
}

static void do_exit(struct space *s)
{
    unsigned n = 0;

    for (int i = 0; i < SPACES; i++)
        n += spaces[i].mm != NULL;
    if (n == 1)
        return;
    mm_put(s->mm);
    s->mm = NULL;
}

/* Shorten (and lengthen) the store, or punch a hole into it. */
static void do_truncate(void)
{
    struct object *o = &objects[0];
    struct mapping *m = &o->file->inode->mapping;
    uint64_t keep = rnd(OBJECT_PAGES), n = 1 + rnd(4);

    if (rnd(2)) {
        n = MIN(n, OBJECT_PAGES - keep);
        mapping_punch(m, keep << PAGE_SHIFT, (keep + n) << PAGE_SHIFT);
        memset(&o->value[keep], 0, n * sizeof(uint64_t));
        return;
    }
    mapping_truncate(m, keep << PAGE_SHIFT);
    memset(&o->value[keep], 0, (OBJECT_PAGES - keep) * sizeof(uint64_t));
    for (int k = 0; k < SPACES; k++)
        for (uint64_t i = 0; spaces[k].mm && i < FAKE_PAGES; i++) {
            struct model_page *p = &spaces[k].page[i];

            if (p->mapped && p->object == 0 && p->page >= keep)
                p->own = false;
        }
    o->pages = keep;
    if (rnd(2)) {
        mapping_truncate(m, OBJECT_PAGES << PAGE_SHIFT);
        o->pages = OBJECT_PAGES;
    }
}

/* The largest gap in a part of the tree, by looking at all of them. */
static size_t largest_gap(struct vma *v)
{
    size_t left, right;

    if (!v)
        return 0;
    left = largest_gap(RB_LEFT(v, link));
    right = largest_gap(RB_RIGHT(v, link));
    assert_int_equal(v->max_gap, MAX(v->gap, MAX(left, right)));
    return v->max_gap;
}

/* The tree is in order, joined as far as it can be, and counted. */
static void check_tree(struct space *s)
{
    struct vma *v, *prev = NULL;
    uint64_t pages = 0, n = 0;
    int64_t anon = 0, rss = 0;

    RB_FOREACH (v, vma_tree, &s->mm->vmas) {
        assert_true(v->start < v->end);
        assert_true(!prev || prev->end <= v->start);
        assert_int_equal(v->gap, v->start - (prev ? prev->end : 0));
        pages += (v->end - v->start) >> PAGE_SHIFT;
        n++;
        prev = v;
    }
    assert_int_equal(pages, s->mm->total_vm);
    assert_int_equal(n, s->mm->nr_vmas);
    largest_gap(RB_ROOT(&s->mm->vmas));
    for (uint64_t i = 0; i < FAKE_PAGES; i++) {
        struct mmu_entry e;

        if (!mmu_lookup(&s->mm->mmu, va_of(i), &e))
            continue;
        rss++;
        anon += rss_kind(page_of(e.pa + (va_of(i) - e.va))) == RSS_ANON;
    }
    assert_int_equal(anon, s->mm->rss_anon);
    assert_int_equal(rss, s->mm->rss_anon + s->mm->rss_file + s->mm->rss_shmem);
}

static void step(void)
{
    struct space *s = pick_space();

    switch (rnd(20)) {
    case 0 ... 3:
        do_map(s);
        break;
    case 4:
        do_unmap(s);
        break;
    case 5 ... 7:
        do_protect(s);
        break;
    case 8:
        do_dontneed(s);
        break;
    case 9:
        do_remap(s);
        break;
    case 10:
        do_fork(s);
        break;
    case 11:
        if (rnd(3) == 0)
            do_exit(s);
        break;
    case 12:
        if (rnd(8) == 0)
            do_truncate();
        break;
    case 13:
        if (rnd(8) == 0)
            reclaim_pages(rnd(64));
        break;
    default:
        do_touch(s);
        break;
    }
    assert_int_equal(fake_locks_held(), 0);
}

static struct mm *new_mm(void)
{
    struct mm *mm = mm_create();

    assert_non_null(mm);
    mm->mmap_top = FAKE_TOP;
    return mm;
}

/* Keep automatic placement inside the window that has page tables. */
static void fence(struct mm *mm)
{
    assert_int_equal(mm_map_special(mm, USER_BASE, FAKE_BASE - USER_BASE, 0,
                                    VMA_STACK, "low", 0),
                     0);
    assert_int_equal(mm_map_special(mm, FAKE_TOP, USER_TOP - FAKE_TOP, 0,
                                    VMA_STACK, "high", 0),
                     0);
}

static void test_random(void **state)
{
    (void)state;
    objects[0] = (struct object){
        .file = fake_file(NULL, MAPPING_STORE, OBJECT_PAGES << PAGE_SHIFT),
        .pages = OBJECT_PAGES};
    objects[1] =
        (struct object){.file = fake_file(&disk, 0, OBJECT_PAGES << PAGE_SHIFT),
                        .pages = OBJECT_PAGES};
    for (unsigned i = 0; i < OBJECT_PAGES; i++)
        objects[1].value[i] = disk_value(i);
    nr_objects = FILES;
    spaces[0].mm = new_mm();
    fence(spaces[0].mm);
    for (int i = 0; i < 20000; i++) {
        step();
        if (i % 400 == 0)
            for (int k = 0; k < SPACES; k++)
                if (spaces[k].mm) {
                    check_space(&spaces[k]);
                    check_tree(&spaces[k]);
                }
    }
    for (int k = 0; k < SPACES; k++)
        if (spaces[k].mm)
            mm_put(spaces[k].mm);
    file_put(objects[0].file);
    file_put(objects[1].file);
    assert_int_equal(fake_files, 0);
    for (int k = 0; k < RSS_KINDS; k++)
        assert_int_equal(mm_rss_total[k], 0);
}

/* --- cases ---------------------------------------------------------------- */

/* An allocator's arena grows page by page: two areas all the time. */
static void test_arena(void **state)
{
    struct mm *mm = new_mm();
    long at = mm_map(mm, 0, 4ul << 20, 0, MAP_PRIVATE | MAP_NORESERVE, NULL, 0);

    (void)state;
    assert_int_equal(at % (2l << 20), 0);
    for (unsigned i = 0; i < 800; i++) {
        assert_int_equal(
            mm_protect(mm, (vaddr_t)at + i * PAGE_SIZE, PAGE_SIZE, 3), 0);
        assert_true(mm->nr_vmas <= 2);
    }
    assert_int_equal(mm_protect(mm, (vaddr_t)at, 800 * PAGE_SIZE, 0), 0);
    assert_int_equal(mm->nr_vmas, 1);
    mm_put(mm);
}

/* What is touched once is shared by fork without a copy, and not copied by the
 * last owner. */
static void test_cow(void **state)
{
    struct mm *a = new_mm(), *b;
    vaddr_t at = (vaddr_t)mm_map(a, 0, PAGE_SIZE, 3, MAP_PRIVATE, NULL, 0);
    struct mmu_entry ea, eb;
    paddr_t first;

    (void)state;
    assert_int_equal(mm_fault_in(a, at, PROT_W), 0);
    mmu_lookup(&a->mmu, at, &ea);
    first = ea.pa;
    b = mm_fork(a);
    assert_true(mmu_lookup(&a->mmu, at, &ea) && mmu_lookup(&b->mmu, at, &eb));
    assert_int_equal(ea.pa, eb.pa);
    assert_false((ea.prot | eb.prot) & PROT_W);
    assert_int_equal(mm_fault_in(a, at, PROT_W), 0);
    mmu_lookup(&a->mmu, at, &ea);
    assert_int_not_equal(ea.pa, first);
    assert_int_equal(mm_fault_in(b, at, PROT_W), 0);
    mmu_lookup(&b->mmu, at, &eb);
    assert_int_equal(eb.pa, first);
    mm_put(a);
    mm_put(b);
}

static void test_huge(void **state)
{
    struct mm *a = new_mm(), *b;
    vaddr_t at = (vaddr_t)mm_map(a, 0, 8ul << 20, 3, MAP_PRIVATE, NULL, 0);
    struct mmu_entry e;

    (void)state;
    assert_int_equal(at % HUGE_SIZE, 0);
    assert_int_equal(mm_fault_in(a, at + 0x5000, PROT_W), 0);
    assert_true(mmu_lookup(&a->mmu, at, &e));
    assert_int_equal(e.size, HUGE_SIZE);
    assert_int_equal(a->rss_anon, 512);
    b = mm_fork(a);
    assert_int_equal(mm_fault_in(b, at + 0x5000, PROT_W), 0);
    assert_true(mmu_lookup(&b->mmu, at, &e));
    assert_int_equal(e.size, PAGE_SIZE); /* one page was copied */
    mm_put(b);
    assert_int_equal(mm_fault_in(a, at, PROT_W), 0); /* not copied */
    assert_true(mmu_lookup(&a->mmu, at, &e));
    assert_int_equal(e.size, HUGE_SIZE);
    assert_true(e.prot & PROT_W);
    assert_int_equal(mm_unmap(a, at + PAGE_SIZE, PAGE_SIZE), 0);
    assert_int_equal(a->rss_anon, 511);
    mm_put(a);
}

static void test_limits(void **state)
{
    struct mm *mm = new_mm();
    uint64_t total = page_total() << PAGE_SHIFT;

    (void)state;
    assert_int_equal(mm_map(mm, 0, 0, 3, MAP_PRIVATE, NULL, 0), -EINVAL);
    assert_int_equal(mm_map(mm, 0, 1, 3, 0, NULL, 0), -EINVAL);
    assert_int_equal(mm_map(mm, 0, SIZE_MAX, 3, MAP_PRIVATE, NULL, 0), -ENOMEM);
    assert_int_equal(mm_map(mm, USER_TOP - PAGE_SIZE, 2 * PAGE_SIZE, 3,
                            MAP_PRIVATE | MAP_FIXED, NULL, 0),
                     -ENOMEM);
    assert_int_equal(
        mm_map(mm, 0, PAGE_SIZE, 3, MAP_PRIVATE | MAP_FIXED, NULL, 0), -EPERM);
    assert_int_equal(mm_map(mm, 0, PAGE_SIZE, 3, MAP_PRIVATE, NULL, UINT64_MAX),
                     -EOVERFLOW);
    mm->mmap_top = 1ul << 46;
    assert_int_equal(mm_map(mm, 0, total + PAGE_SIZE, 3, MAP_PRIVATE, NULL, 0),
                     -ENOMEM);
    assert_true(
        mm_map(mm, 0, 1ul << 40, 0, MAP_PRIVATE | MAP_NORESERVE, NULL, 0) > 0);
    assert_int_equal(mm_unmap(mm, 1, PAGE_SIZE), -EINVAL);
    assert_int_equal(mm_unmap(mm, PAGE_SIZE, 0), -EINVAL);
    assert_int_equal(mm_unmap(mm, USER_TOP, PAGE_SIZE), -EINVAL);
    assert_int_equal(mm_remap(mm, 1, 1, 1, 0, 0), -EINVAL);
    assert_int_equal(mm_advise(mm, PAGE_SIZE, SIZE_MAX, MADV_DONTNEED),
                     -EINVAL);
    assert_int_equal(mm_advise(mm, FAKE_BASE, PAGE_SIZE, 12345), -EINVAL);
    mm_put(mm);
}

/* brk and the stack. */
static void test_growth(void **state)
{
    struct mm *mm = new_mm();
    vaddr_t b = FAKE_BASE + 0x100123, s = FAKE_BASE + (32ul << 20);

    (void)state;
    mm->brk_start = mm->brk = b;
    assert_int_equal(mm_brk(mm, 0), b);
    assert_int_equal(mm_brk(mm, b + 0x21000), b + 0x21000);
    assert_int_equal(mm_fault_in(mm, b + 0x20000, PROT_W), 0);
    assert_int_equal(mm_brk(mm, b + 0x42000), b + 0x42000);
    assert_int_equal(mm->nr_vmas, 1);
    assert_int_equal(mm_brk(mm, b + 0x1000), b + 0x1000);
    assert_int_equal(mm_fault_in(mm, b + 0x20000, PROT_W), -EFAULT);
    assert_int_equal(mm_brk(mm, USER_TOP + 5), b + 0x1000);

    assert_int_equal(mm_map_special(mm, s - 0x4000, 0x4000, 3,
                                    VMA_STACK | VMA_GROWSDOWN | VMA_MAYWRITE,
                                    "[stack]", 0),
                     0);
    /* No process in this test: the limit is 0, so it does not grow. */
    assert_int_equal(mm_fault_in(mm, s - 0x9000, PROT_W), -EFAULT);
    mm_put(mm);
}

static void test_access(void **state)
{
    struct mm *mm = new_mm();
    vaddr_t at = (vaddr_t)mm_map(mm, 0, 3 * PAGE_SIZE, 3, MAP_PRIVATE, NULL, 0);
    char out[5000], back[5000];
    struct futex_key k1, k2;

    (void)state;
    for (unsigned i = 0; i < sizeof(out); i++)
        out[i] = (char)random_u64();
    assert_int_equal(mm_access(mm, at + 100, out, 5000, true), 5000);
    assert_int_equal(mm_access(mm, at + 100, back, 5000, false), 5000);
    assert_memory_equal(out, back, 5000);
    assert_int_equal(mm_access(mm, at + 2 * PAGE_SIZE, back, 5000, false),
                     PAGE_SIZE);
    assert_int_equal(mm_access(mm, UINT64_MAX - 2, back, 10, false), -EFAULT);

    assert_int_equal(mm_futex_key(mm, at, true, &k1), 0);
    assert_ptr_equal(k1.object, mm);
    assert_int_equal(mm_futex_key(mm, PAGE_SIZE, true, &k1), -EFAULT);
    at = (vaddr_t)mm_map(mm, 0, 3 * PAGE_SIZE, 3, MAP_SHARED, NULL, 0);
    assert_int_equal(mm_futex_key(mm, at + PAGE_SIZE + 8, true, &k1), 0);
    at = (vaddr_t)mm_remap(mm, at, 0, 3 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
    assert_int_equal(mm_futex_key(mm, at + PAGE_SIZE + 8, true, &k2), 0);
    assert_ptr_equal(k1.object, k2.object);
    assert_int_equal(k1.offset, k2.offset);
    mm_put(mm);
}

static uint64_t free_at_start;

static int setup(void **state)
{
    (void)state;
    fake_machine_mib(768);
    free_at_start = fake_free_pages();
    return 0;
}

/* What is missing are a few slabs. */
static int teardown(void **state)
{
    (void)state;
    return fake_free_pages() + 40 < free_at_start;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),  cmocka_unit_test(test_cow),
        cmocka_unit_test(test_huge),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_growth), cmocka_unit_test(test_access),
        cmocka_unit_test(test_random)};

    return cmocka_run_group_tests_name("mm", tests, setup, teardown);
}
