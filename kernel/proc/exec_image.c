/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * exec_image.c - the memory of a new program.
 *
 * From high to low addresses (each base random, as on Linux):
 *
 *   stack       grows down from stack_top; arguments and auxv at its top
 *   (gap)       at least what RLIMIT_STACK allows, plus room for randomness
 *   vdso        its data page and its code
 *   mmap area   grows down: interpreter, libraries, mmap
 *   heap        from a random distance above the program
 *   program     at PIE_BASE, or where an ET_EXEC file wants it
 *
 * The address space is built while the old program is still there: all that
 * can go wrong goes wrong before anything is lost.
 */
#include <linux/auxvec.h>
#include <linux/mman.h>
#include <linux/resource.h>

#include "arch/x86_64/arch.h"
#include "dev/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/exec_priv.h"

/* Since Linux 6.3; older headers lack them. */
#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN        28
#endif

/* Linux's ELF_ET_DYN_BASE: two thirds of the address space. */
#define PIE_BASE      (USER_TOP / 3 * 2 & PAGE_MASK)
#define STACK_RANDOM  22 /* bits of pages: 16 GiB */
#define MMAP_RANDOM   28
#define PIE_RANDOM    28
#define BRK_RANDOM    13             /* 32 MiB */
#define STACK_INITIAL (132 * 1024ul) /* mapped beyond what is used at once */

static vaddr_t random_offset(const struct exec *x, unsigned bits)
{
    return x->creds.no_randomize ? 0 : mm_random_offset(bits);
}

/* --- layout -------------------------------------------------------------- */

static void choose_layout(struct exec *x)
{
    uint64_t gap = x->creds.stack_limit;
    uint64_t pad = (PAGE_SIZE << STACK_RANDOM) + 256 * PAGE_SIZE;

    x->stack_top = USER_TOP - random_offset(x, STACK_RANDOM);
    gap = gap > UINT64_MAX - pad ? UINT64_MAX : gap + pad;
    gap = MAX(gap, 128ul << 20);
    gap = MIN(gap, USER_TOP / 6 * 5);
    x->mm->stack_top = x->stack_top;
    x->mm->mmap_top =
        (USER_TOP - gap - random_offset(x, MMAP_RANDOM)) & PAGE_MASK;
}

/* --- segments ------------------------------------------------------------ */

static int zero_tail(struct mm *mm, vaddr_t from, vaddr_t to)
{
    static const char zeros[512];

    for (size_t n; from < to; from += n) {
        n = MIN(to - from, sizeof(zeros));
        if (mm_access(mm, from, (void *)(uintptr_t)zeros, n, true) !=
            (ssize_t)n)
            return -ENOMEM;
    }
    return 0;
}

static int map_segment(struct mm *mm, struct file *f,
                       const struct elf_segment *s, vaddr_t bias)
{
    unsigned fixed = MAP_PRIVATE | MAP_FIXED;
    long at;

    if (s->file_end > s->start) {
        at = mm_map(mm, s->start + bias, s->file_end - s->start, s->prot, fixed,
                    f, s->pgoff);
        if (at < 0)
            return (int)at;
    }
    if (s->end > s->file_end) {
        at = mm_map(mm, s->file_end + bias, s->end - s->file_end, s->prot,
                    fixed | MAP_ANONYMOUS, NULL, 0);
        if (at < 0)
            return (int)at;
    }
    /* After the file's last byte come zeros, not more of the file. */
    if (s->mem_end > s->data_end && (s->prot & PROT_W))
        return zero_tail(mm, s->data_end + bias, s->file_end + bias);
    return 0;
}

static int map_image(struct mm *mm, const struct exec_file *x, vaddr_t bias)
{
    const struct elf_image *img = &x->image;
    int rc = 0;

    for (unsigned i = 0; i < img->nr_segments && !rc; i++)
        rc = map_segment(mm, x->file, &img->segment[i], bias);
    return rc;
}

static int map_program(struct exec *x)
{
    const struct elf_image *img = &x->program.image;
    vaddr_t base;

    x->bias = 0;
    if (img->pie) {
        base = ALIGN_DOWN(PIE_BASE + random_offset(x, PIE_RANDOM), img->align);
        if (img->high - img->low > x->mm->mmap_top - base)
            return -ENOMEM;
        x->bias = base - img->low;
    }
    x->entry = img->entry + x->bias;
    return map_image(x->mm, &x->program, x->bias);
}

/* The interpreter goes where mmap would put it. */
static int map_interp(struct exec *x)
{
    const struct elf_image *img = &x->interp.image;
    size_t span = img->high - img->low;
    vaddr_t bias = 0;
    long at;
    int rc;

    if (!x->interp.file)
        return 0;
    if (img->pie) {
        at = mm_map(x->mm, 0, span + img->align, 0,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);
        if (at < 0)
            return (int)at;
        rc = mm_unmap(x->mm, (vaddr_t)at, span + img->align);
        if (rc)
            return rc;
        bias = ALIGN_UP((vaddr_t)at, img->align) - img->low;
    }
    x->interp_base = img->low + bias;
    x->entry = img->entry + bias;
    return map_image(x->mm, &x->interp, bias);
}

/* --- heap, vdso, stack --------------------------------------------------- */

static void set_heap(struct exec *x)
{
    vaddr_t end = ALIGN_UP(x->program.image.brk + x->bias, PAGE_SIZE);

    x->mm->brk_start = x->mm->brk = end + random_offset(x, BRK_RANDOM);
}

static int map_vdso(struct exec *x)
{
    size_t code = ALIGN_UP((size_t)(vdso_image_end - vdso_image), PAGE_SIZE);
    paddr_t pa = (paddr_t)(uintptr_t)vdso_image - KERNEL_BASE;
    vaddr_t at = x->mm->mmap_top - code;
    int rc;

    rc = mm_map_special(x->mm, at, code, PROT_R | PROT_X, VMA_VDSO | VMA_PFN,
                        "[vdso]", pa);
    if (!rc)
        rc = mm_map_special(x->mm, at - PAGE_SIZE, PAGE_SIZE, PROT_R,
                            VMA_VDSO | VMA_PFN, "[vvar]", arch_vdso_data());
    x->mm->vdso = at;
    x->mm->mmap_top = at - PAGE_SIZE;
    return rc;
}

/* What the stack holds at the start, from high to low addresses: execfn,
 * environment and argument strings, platform, 16 random bytes, auxv, envp,
 * argv, argc. (System V ABI for AMD64, 3.4.1) */
struct stack_plan {
    vaddr_t execfn, envs, args, platform, random, table;
    size_t table_size;
};

#define AUXV_PAIRS 24

static void plan_stack(const struct exec *x, struct stack_plan *s)
{
    vaddr_t p = x->stack_top - sizeof(uint64_t); /* ends in a null word */

    s->execfn = p - (strlen(x->name) + 1);
    s->envs = s->execfn - x->envs.len;
    s->args = s->envs - x->args.len;
    /* Like Linux, start up to 8 KiB lower, so that stacks of several programs
     * do not compete for the same cache lines. */
    p = s->args & ~15ul;
    if (!x->creds.no_randomize)
        p -= random_u64() & 8191 & ~15ul;
    s->platform = p - 16;
    s->random = s->platform - 16;
    s->table_size =
        (1 + x->args.n + 1 + x->envs.n + 1 + 2 * AUXV_PAIRS) * sizeof(uint64_t);
    s->table = (s->random - s->table_size) & ~15ul;
}

static uint64_t *put_pointers(uint64_t *t, const struct arg_list *l, vaddr_t at)
{
    for (size_t i = 0; i < l->len; i += strlen(l->data + i) + 1)
        *t++ = at + i;
    *t++ = 0;
    return t;
}

/* What ld.so and libc ask for, also shown in /proc/PID/auxv: words. */
static size_t make_auxv(const struct exec *x, const struct stack_plan *s)
{
    const struct elf_image *img = &x->program.image;
    const uint64_t pairs[][2] = {
        {AT_SYSINFO_EHDR, x->mm->vdso},
        {AT_MINSIGSTKSZ, arch_min_sigstack()},
        {AT_HWCAP, arch_hwcap()},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, 100},
        {AT_PHDR, img->phdr ? img->phdr + x->bias : 0},
        {AT_PHENT, sizeof(Elf64_Phdr)},
        {AT_PHNUM, img->phnum},
        {AT_BASE, x->interp_base},
        {AT_FLAGS, 0},
        {AT_ENTRY, img->entry + x->bias},
        {AT_UID, x->creds.uid},
        {AT_EUID, x->creds.euid},
        {AT_GID, x->creds.gid},
        {AT_EGID, x->creds.egid},
        {AT_SECURE, x->creds.secure},
        {AT_RANDOM, s->random},
        {AT_HWCAP2, arch_hwcap2()},
        {AT_EXECFN, s->execfn},
        {AT_PLATFORM, s->platform},
        {AT_RSEQ_FEATURE_SIZE, 20}, /* up to rseq.flags: proc/rseq.c */
        {AT_RSEQ_ALIGN, 32},
        {AT_NULL, 0},
    };

    _Static_assert(ARRAY_SIZE(pairs) <= AUXV_PAIRS, "room on the stack");
    _Static_assert(sizeof(pairs) <= sizeof(x->mm->auxv), "room in struct mm");
    memcpy(x->mm->auxv, pairs, sizeof(pairs));
    return ARRAY_SIZE(pairs) * 2;
}

static int write_mem(struct mm *mm, vaddr_t at, const void *p, size_t n)
{
    if (!n || mm_access(mm, at, (void *)(uintptr_t)p, n, true) == (ssize_t)n)
        return 0;
    return -ENOMEM;
}

static int write_table(struct exec *x, const struct stack_plan *s)
{
    uint64_t *table = kmalloc(s->table_size, 0), *t = table;
    size_t words;
    int rc;

    if (!table)
        return -ENOMEM;
    *t++ = x->args.n;
    t = put_pointers(t, &x->args, s->args);
    t = put_pointers(t, &x->envs, s->envs);
    words = make_auxv(x, s);
    memcpy(t, x->mm->auxv, words * sizeof(*t));
    t += words;
    rc = write_mem(x->mm, s->table, table, (size_t)(t - table) * 8);
    kfree(table);
    return rc;
}

static int write_stack(struct exec *x, const struct stack_plan *s)
{
    struct {
        uint8_t random[16];
        char platform[16];
    } small = {.platform = "x86_64"};
    int rc;

    random_bytes(small.random, sizeof(small.random));
    rc = write_mem(x->mm, s->random, &small, sizeof(small));
    if (!rc)
        rc = write_mem(x->mm, s->args, x->args.data, x->args.len);
    if (!rc)
        rc = write_mem(x->mm, s->envs, x->envs.data, x->envs.len);
    if (!rc)
        rc = write_mem(x->mm, s->execfn, x->name, strlen(x->name) + 1);
    return rc ? rc : write_table(x, s);
}

static int make_stack(struct exec *x)
{
    unsigned prot = PROT_R | PROT_W;
    struct stack_plan s;
    vaddr_t bottom;
    int rc;

    if (x->program.image.exec_stack)
        prot |= PROT_X;
    plan_stack(x, &s);
    bottom = (s.table - STACK_INITIAL) & PAGE_MASK;
    rc = mm_map_special(x->mm, bottom, x->stack_top - bottom, prot,
                        VMA_STACK | VMA_GROWSDOWN | VMA_MAYWRITE, "[stack]", 0);
    if (!rc)
        rc = write_stack(x, &s);
    x->mm->arg_start = s.args;
    x->mm->arg_end = x->mm->env_start = s.envs;
    x->mm->env_end = s.execfn;
    x->sp = s.table;
    return rc;
}

int exec_image_build(struct exec *x)
{
    int rc;

    x->mm = mm_create();
    if (!x->mm)
        return -ENOMEM;
    choose_layout(x);
    rc = map_vdso(x);
    if (!rc)
        rc = map_program(x);
    if (!rc)
        set_heap(x);
    if (!rc)
        rc = map_interp(x);
    if (!rc)
        rc = make_stack(x);
    if (rc) {
        mm_put(x->mm);
        x->mm = NULL;
        return rc;
    }
    x->mm->exe = x->program.file; /* mm_put() drops it */
    file_get(x->program.file);
    return 0;
}
