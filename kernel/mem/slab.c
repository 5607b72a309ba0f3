/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * slab.c - caches of equal objects, and kmalloc on top.
 *
 * A slab is a block of pages cut into objects; free ones are chained through
 * their first word. Slabs with free objects hang on their cache's list. In
 * front of that each CPU has a magazine per cache, a small stack of free
 * objects: allocating and freeing touch nothing shared and take no lock (the
 * kernel is not preempted and hard interrupts do not allocate).
 *
 * Fields of struct page in a slab: mapping = the cache (all pages); in the
 * first page index = the free chain, mapcount = objects in use, lru = the
 * cache's list. Blocks are aligned to their size, so any address leads to the
 * first page.
 *
 * Debug builds fill free objects with a pattern and check it, and mark them in
 * their second word, which finds double frees and writes after free.
 */
#include "mem/slab.h"

#include "lib/log.h"
#include "lib/string.h"
#include "mem/page_priv.h"
#include "sched/cpu.h"
#include "sched/lock.h"

#define CACHE_MAX      64
#define MAG_SIZE       15
#define SLAB_ORDER_MAX 3

struct magazine {
    uint64_t count;         /* o */
    void *object[MAG_SIZE]; /* o */
};
_Static_assert(sizeof(struct magazine) * CACHE_MAX == 2 * PAGE_SIZE,
               "one order-1 block per CPU");

/* I immutable; l lock; a atomic */
struct slab_cache {
    const char *name;  /* I */
    uint32_t size;     /* I of an object, with alignment */
    uint32_t per_slab; /* I */
    uint8_t order;     /* I of a slab */
    uint8_t id;        /* I index into the magazines */
    struct spinlock lock;
    struct list partial;    /* l slabs with free objects; empty ones last */
    unsigned nr_empty;      /* l of those, without any object in use */
    _Atomic int64_t in_use; /* a out of the slabs: used or in magazines */
    _Atomic int64_t cached; /* a in magazines */
    _Atomic int64_t slabs;  /* a */
};

static struct slab_cache caches[CACHE_MAX]; /* [create_lock] grows only */
static _Atomic unsigned nr_caches;
static struct spinlock create_lock = SPINLOCK_INIT(RANK_SLAB);
static _Atomic int64_t slab_pages; /* in slabs and large blocks */

static const uint16_t class_size[] = {16,  32,  48,  64,   96,   128,  192, 256,
                                      384, 512, 768, 1024, 1536, 2048, 4096};
#define NR_CLASSES       ARRAY_SIZE(class_size)
#define KMALLOC_SLAB_MAX 4096u
static struct slab_cache *class_cache[NR_CLASSES];
static uint8_t class_of[KMALLOC_SLAB_MAX / 16 + 1]; /* by 16-byte steps */

uint64_t slab_page_count(void)
{
    return (uint64_t)atomic_load_explicit(&slab_pages, memory_order_relaxed);
}

/* --- debugging ------------------------------------------------------------ */

#ifdef DEBUG
#define POISON    0x6b
#define FREE_MARK 0xf4eef4eef4eef4eeul

static void poison(struct slab_cache *c, void *obj)
{
    memset(obj, POISON, c->size);
    ((uint64_t *)obj)[1] = FREE_MARK ^ (uint64_t)obj;
}

static void check_used(struct slab_cache *c, void *obj)
{
    if (((uint64_t *)obj)[1] == (FREE_MARK ^ (uint64_t)obj))
        panic("%s: object %p freed twice", c->name, obj);
}

static void check_poison(struct slab_cache *c, void *obj)
{
    uint64_t *w = obj;
    const uint8_t *b = obj;

    if (w[1] != (FREE_MARK ^ (uint64_t)obj))
        panic("%s: free object %p was written to", c->name, obj);
    for (unsigned i = 16; i < c->size; i++)
        if (b[i] != POISON)
            panic("%s: free object %p was written to at +%u", c->name, obj, i);
    w[1] = 0;
}
#else
static inline void poison(struct slab_cache *c, void *obj)
{
    (void)c, (void)obj;
}
static inline void check_used(struct slab_cache *c, void *obj)
{
    (void)c, (void)obj;
}
static inline void check_poison(struct slab_cache *c, void *obj)
{
    (void)c, (void)obj;
}
#endif

/* --- slabs; cache lock held ----------------------------------------------- */

static struct page *slab_of(const struct slab_cache *c, const void *obj)
{
    paddr_t pa = virt_to_phys(obj);

    return page_of(ALIGN_DOWN(pa, PAGE_SIZE << c->order));
}

static void *slab_pop(struct slab_cache *c)
{
    struct page *s = list_first(&c->partial, struct page, lru);
    void **obj;

    if (!s)
        return NULL;
    obj = (void **)s->index;
    s->index = (uint64_t)*obj;
    if (atomic_fetch_add_explicit(&s->mapcount, 1, memory_order_relaxed) == 0)
        c->nr_empty--;
    if (!s->index)
        list_del_init(&s->lru);
    return obj;
}

/* Returns the slab if it is to be freed: one empty slab is kept. */
static struct page *slab_push(struct slab_cache *c, void *obj)
{
    struct page *s = slab_of(c, obj);

    if (!s->index)
        list_add_head(&c->partial, &s->lru);
    *(void **)obj = (void *)s->index;
    s->index = (uint64_t)obj;
    if (atomic_fetch_sub_explicit(&s->mapcount, 1, memory_order_relaxed) != 1)
        return NULL;
    list_del_init(&s->lru);
    if (c->nr_empty)
        return s;
    c->nr_empty++;
    list_add_tail(&c->partial, &s->lru);
    return NULL;
}

/* --- slabs; no lock held -------------------------------------------------- */

static void slab_destroy(struct slab_cache *c, struct page *s)
{
    for (unsigned i = 0; i < 1u << c->order; i++) {
        s[i].mapping = NULL;
        atomic_store_explicit(&s[i].flags, 0, memory_order_relaxed);
    }
    s->index = 0;
    atomic_fetch_sub_explicit(&c->slabs, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&slab_pages, 1l << c->order,
                              memory_order_relaxed);
    page_put(s);
}

static struct page *slab_create(struct slab_cache *c, unsigned flags)
{
    struct page *s = page_alloc(c->order, flags & ALLOC_NOWAIT);
    char *base;

    if (!s)
        return NULL;
    for (unsigned i = 0; i < 1u << c->order; i++) {
        s[i].mapping = (struct mapping *)c;
        atomic_store_explicit(&s[i].flags, PG_SLAB, memory_order_relaxed);
    }
    base = page_virt(s);
    for (unsigned i = 0; i < c->per_slab; i++) {
        void **obj = (void **)(base + i * c->size);

        poison(c, obj);
        *obj = i + 1 < c->per_slab ? base + (i + 1) * c->size : NULL;
    }
    s->index = (uint64_t)base;
    atomic_fetch_add_explicit(&c->slabs, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&slab_pages, 1l << c->order,
                              memory_order_relaxed);
    return s;
}

/* Fill (want) objects into (out); how many there were memory for. */
static unsigned take_objects(struct slab_cache *c, void **out, unsigned want,
                             unsigned flags)
{
    unsigned n = 0;

    for (;;) {
        struct page *s;

        spin_lock(&c->lock);
        while (n < want && (out[n] = slab_pop(c)))
            n++;
        spin_unlock(&c->lock);
        if (n)
            break;
        s = slab_create(c, flags);
        if (!s)
            break;
        spin_lock(&c->lock);
        list_add_tail(&c->partial, &s->lru);
        c->nr_empty++;
        spin_unlock(&c->lock);
    }
    atomic_fetch_add_explicit(&c->in_use, n, memory_order_relaxed);
    return n;
}

static void give_objects(struct slab_cache *c, void **obj, unsigned n)
{
    struct list empty;
    struct page *s, *next;

    list_init(&empty);
    spin_lock(&c->lock);
    for (unsigned i = 0; i < n; i++) {
        s = slab_push(c, obj[i]);
        if (s)
            list_add_tail(&empty, &s->lru);
    }
    spin_unlock(&c->lock);
    list_for_each_safe (s, next, &empty, lru) {
        list_del_init(&s->lru);
        slab_destroy(c, s);
    }
    atomic_fetch_sub_explicit(&c->in_use, n, memory_order_relaxed);
}

/* --- magazines ------------------------------------------------------------ */

/* This CPU's magazine of (c), or NULL while there is no memory for them. */
static struct magazine *magazine(struct slab_cache *c)
{
    struct cpu *cpu = this_cpu();

    if (unlikely(!cpu->slab_cache)) {
        struct page *p = page_alloc(1, ALLOC_ZERO | ALLOC_NOWAIT);

        if (!p)
            return NULL;
        cpu->slab_cache = page_virt(p);
    }
    return (struct magazine *)cpu->slab_cache + c->id;
}

static void *alloc_slow(struct slab_cache *c, unsigned flags)
{
    void *got[MAG_SIZE / 2 + 1];
    /* May sleep, and then run on another CPU: its magazine may be fuller. */
    unsigned n =
        take_objects(c, got, c->size > 1024 ? 2 : ARRAY_SIZE(got), flags);
    struct magazine *m = magazine(c);

    if (!n)
        return NULL;
    while (n > 1) {
        if (!m || m->count == MAG_SIZE) {
            give_objects(c, got + 1, n - 1);
            break;
        }
        m->object[m->count++] = got[--n];
        atomic_fetch_add_explicit(&c->cached, 1, memory_order_relaxed);
    }
    return got[0];
}

void *slab_alloc(struct slab_cache *c, unsigned flags)
{
    struct magazine *m = magazine(c);
    void *obj;

    if (unlikely(alloc_inject_on) && alloc_inject_fails(flags))
        return NULL;
    if (likely(m && m->count)) {
        obj = m->object[--m->count];
        atomic_fetch_sub_explicit(&c->cached, 1, memory_order_relaxed);
    } else {
        obj = alloc_slow(c, flags);
        if (!obj)
            return NULL;
    }
    check_poison(c, obj);
    if (flags & ALLOC_ZERO)
        memset(obj, 0, c->size);
    return obj;
}

void slab_free(struct slab_cache *c, void *obj)
{
    struct magazine *m = magazine(c);

    check_used(c, obj);
    poison(c, obj);
    if (unlikely(!m)) {
        give_objects(c, &obj, 1);
        return;
    }
    if (unlikely(m->count == MAG_SIZE)) {
        unsigned n = MAG_SIZE / 2;

        m->count -= n;
        atomic_fetch_sub_explicit(&c->cached, n, memory_order_relaxed);
        give_objects(c, &m->object[m->count], n);
    }
    m->object[m->count++] = obj;
    atomic_fetch_add_explicit(&c->cached, 1, memory_order_relaxed);
}

/* --- caches --------------------------------------------------------------- */

/* The order that wastes at most an eighth, or the largest. */
static unsigned slab_order(size_t size)
{
    for (unsigned o = 0; o < SLAB_ORDER_MAX; o++) {
        size_t bytes = PAGE_SIZE << o;

        if (size * 2 <= bytes && bytes % size <= bytes / 8)
            return o;
    }
    return SLAB_ORDER_MAX;
}

/* create_lock held. */
static struct slab_cache *cache_create(const char *name, size_t size,
                                       size_t align)
{
    unsigned id = atomic_load_explicit(&nr_caches, memory_order_relaxed);
    struct slab_cache *c = &caches[id];

    size = ALIGN_UP(MAX(size, 16ul), MAX(align, 16ul));
    ASSERT(size <= (PAGE_SIZE << SLAB_ORDER_MAX) && align <= PAGE_SIZE);
    ASSERT(id < CACHE_MAX);
    c->name = name;
    c->size = (uint32_t)size;
    c->order = (uint8_t)slab_order(size);
    c->per_slab = (uint32_t)((PAGE_SIZE << c->order) / size);
    c->id = (uint8_t)id;
    spin_init(&c->lock, RANK_SLAB);
    list_init(&c->partial);
    /* Pairs with the load in slab_visit(). */
    atomic_store_explicit(&nr_caches, id + 1, memory_order_release);
    return c;
}

struct slab_cache *slab_cache_create(const char *name, size_t size,
                                     size_t align)
{
    struct slab_cache *c;

    spin_lock(&create_lock);
    c = cache_create(name, size, align);
    spin_unlock(&create_lock);
    return c;
}

static struct slab_cache *kind_cache(struct slab_kind *k)
{
    struct slab_cache *c;

    spin_lock(&create_lock);
    c = atomic_load_explicit(&k->cache, memory_order_relaxed);
    if (!c) {
        c = cache_create(k->name, k->size, 16);
        /* Pairs with the load in slab_kind_alloc(). */
        atomic_store_explicit(&k->cache, c, memory_order_release);
    }
    spin_unlock(&create_lock);
    return c;
}

void *slab_kind_alloc(struct slab_kind *k, unsigned flags)
{
    struct slab_cache *c =
        atomic_load_explicit(&k->cache, memory_order_acquire);

    return slab_alloc(c ? c : kind_cache(k), flags | ALLOC_ZERO);
}

void slab_init(void)
{
    static const char *const names[NR_CLASSES] = {
        "kmalloc-16",   "kmalloc-32",   "kmalloc-48",  "kmalloc-64",
        "kmalloc-96",   "kmalloc-128",  "kmalloc-192", "kmalloc-256",
        "kmalloc-384",  "kmalloc-512",  "kmalloc-768", "kmalloc-1024",
        "kmalloc-1536", "kmalloc-2048", "kmalloc-4096"};
    unsigned k = 0;

    for (unsigned i = 0; i < NR_CLASSES; i++)
        class_cache[i] = slab_cache_create(names[i], class_size[i], 16);
    for (unsigned i = 0; i < ARRAY_SIZE(class_of); i++) {
        if (i * 16 > class_size[k])
            k++;
        class_of[i] = (uint8_t)k;
    }
}

void slab_visit(slab_visit_fn *fn, void *arg)
{
    unsigned n = atomic_load_explicit(&nr_caches, memory_order_acquire);

    for (unsigned i = 0; i < n; i++) {
        struct slab_cache *c = &caches[i];
        int64_t used = atomic_load(&c->in_use) - atomic_load(&c->cached);

        fn(arg, &(struct slab_counts){
                    .name = c->name,
                    .used = used > 0 ? (size_t)used : 0,
                    .size = c->size,
                    .slabs = (size_t)atomic_load(&c->slabs),
                    .per_slab = c->per_slab,
                    .pages = 1ul << c->order,
                });
    }
}

/* --- kmalloc -------------------------------------------------------------- */

static void *alloc_large(size_t size, unsigned flags)
{
    unsigned order = 0;
    struct page *p;

    while (order <= PAGE_ORDER_MAX && PAGE_SIZE << order < size)
        order++;
    if (order > PAGE_ORDER_MAX)
        return NULL;
    p = page_alloc(order, flags & (ALLOC_ZERO | ALLOC_NOWAIT | ALLOC_NORETRY));
    if (!p)
        return NULL;
    atomic_fetch_add_explicit(&slab_pages, 1l << order, memory_order_relaxed);
    return page_virt(p);
}

void *kmalloc(size_t size, unsigned flags)
{
    if (unlikely(size > KMALLOC_SLAB_MAX))
        return alloc_large(size, flags);
    return slab_alloc(class_cache[class_of[(size + 15) / 16]], flags);
}

void *kzalloc(size_t size, unsigned flags)
{
    return kmalloc(size, flags | ALLOC_ZERO);
}

static struct slab_cache *cache_of(const struct page *p)
{
    return atomic_load_explicit(&p->flags, memory_order_relaxed) & PG_SLAB
               ? (struct slab_cache *)p->mapping
               : NULL;
}

void kfree(const void *obj)
{
    struct slab_cache *c;
    struct page *p;

    if (!obj)
        return;
    p = page_of(virt_to_phys(obj));
    ASSERT(p); /* not from kmalloc */
    c = cache_of(p);
    if (likely(c)) {
        slab_free(c, (void *)(uintptr_t)obj);
        return;
    }
    atomic_fetch_sub_explicit(&slab_pages, 1l << p->order,
                              memory_order_relaxed);
    page_put(p);
}

size_t kmalloc_usable(const void *obj)
{
    struct page *p = page_of(virt_to_phys(obj));
    struct slab_cache *c = cache_of(p);

    return c ? c->size : PAGE_SIZE << p->order;
}
