/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dentry.c - the directory entry cache.
 *
 * A hash table from (directory entry, name) to entries, positive (with an
 * inode) and negative (the name is known not to exist). One spinlock covers
 * the table, the tree, the mounts and every process's root and working
 * directory, so a path whose components are all cached is walked under one
 * acquisition and without touching a reference count (walk.c).
 *
 * References: an entry holds one on its parent. With none left an entry stays,
 * on the unused list, until the cache exceeds its bound or memory is short;
 * deleted and detached entries are freed at once. A walk that takes a
 * reference does not take the entry off the list: who prunes the list does.
 *
 * An entry is only added to a directory's names with the directory's dir_lock
 * held for reading or writing, so a negative entry cannot appear while the
 * name is being made.
 */
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"

static struct spinlock lock = SPINLOCK_INIT(RANK_DCACHE);
static struct dentry **table; /* lock */
static unsigned table_shift;  /* I hash >> shift is the index */
static struct list unused = LIST_HEAD_INIT(unused); /* lock */
static uint64_t nr_entries, nr_unused, max_entries; /* lock */
static struct slab_cache *cache;

void dcache_lock(void)
{
    spin_lock(&lock);
}

void dcache_unlock(void)
{
    spin_unlock(&lock);
}

uint64_t dentry_count(void)
{
    return nr_entries;
}

uint32_t name_hash(const char *name, size_t len)
{
    uint64_t h = 0, word;

    for (; len >= 8; name += 8, len -= 8) {
        __builtin_memcpy(&word, name, 8);
        h = name_hash_step(h, word);
    }
    if (len) {
        word = 0;
        for (size_t k = 0; k < len; k++)
            word |= (uint64_t)(uint8_t)name[k] << (8 * k);
        h = name_hash_step(h, word);
    }
    return (uint32_t)h;
}

static struct dentry **bucket(const struct dentry *parent, uint32_t hash)
{
    uint64_t key = ((uint64_t)(uintptr_t)parent >> 4) + hash;

    return &table[(uint32_t)(key * 0x9e3779b1u) >> table_shift];
}

struct dentry *dentry_find(struct dentry *parent, const char *name, size_t len,
                           uint32_t hash)
{
    for (struct dentry *d = *bucket(parent, hash); d; d = d->hash_next)
        if (d->hash == hash && d->parent == parent && d->name_len == len &&
            name_equal(d->name, name, len)) {
            d->referenced = true;
            return d;
        }
    return NULL;
}

static void hash_insert(struct dentry *d)
{
    struct dentry **b = bucket(d->parent, d->hash);

    d->hash_next = *b;
    *b = d;
    d->hashed = true;
}

static void hash_remove(struct dentry *d)
{
    struct dentry **p = bucket(d->parent, d->hash);

    if (!d->hashed)
        return;
    while (*p != d)
        p = &(*p)->hash_next;
    *p = d->hash_next;
    d->hashed = false;
}

static void unused_remove(struct dentry *d)
{
    if (!list_empty(&d->lru)) {
        list_del_init(&d->lru);
        nr_unused--;
    }
}

/* lock held. Take (d) out of every structure; it is put on (dead), to be freed
 * by entries_free. Its parent loses a reference, and may follow. */
static void entry_kill(struct dentry *d, struct list *dead)
{
    for (;;) {
        struct dentry *parent = d->parent;

        hash_remove(d);
        unused_remove(d);
        list_del_init(&d->sibling);
        list_add_tail(dead, &d->lru);
        nr_entries--;
        if (parent == d || atomic_fetch_sub(&parent->refs, 1) != 1)
            return;
        if (parent->hashed) {
            if (list_empty(&parent->lru)) {
                list_add_tail(&unused, &parent->lru);
                nr_unused++;
            }
            return;
        }
        d = parent;
    }
}

static void entries_free(struct list *dead)
{
    struct dentry *d, *n;

    list_for_each_safe (d, n, dead, lru) {
        if (d->inode)
            inode_put(d->inode);
        if (d->anonymous)
            file_put(d->anonymous);
        if (d->name != d->inline_name)
            kfree(d->name);
        slab_free(cache, d);
    }
}

/* lock held. Move up to (want) unused entries to (dead), those found since
 * they were queued last. */
static size_t prune(size_t want, struct list *dead)
{
    size_t found = 0, scan = MIN(nr_unused, (uint64_t)want * 4);

    while (scan-- && found < want && !list_empty(&unused)) {
        struct dentry *d = list_entry(unused.next, struct dentry, lru);

        unused_remove(d);
        if (d->refs)
            continue; /* comes back when it is put */
        if (d->referenced) {
            d->referenced = false;
            list_add_tail(&unused, &d->lru);
            nr_unused++;
            continue;
        }
        entry_kill(d, dead);
        found++;
    }
    return found;
}

static size_t shrink(size_t want_pages)
{
    size_t want = want_pages * (PAGE_SIZE / sizeof(struct dentry)), found;
    struct list dead = LIST_HEAD_INIT(dead);

    spin_lock(&lock);
    found = prune(want, &dead);
    spin_unlock(&lock);
    entries_free(&dead);
    return found * sizeof(struct dentry) / PAGE_SIZE;
}

void dentry_get(struct dentry *d)
{
    atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
}

void dentry_put(struct dentry *d)
{
    uint32_t refs = atomic_load_explicit(&d->refs, memory_order_relaxed);
    struct list dead = LIST_HEAD_INIT(dead);

    /* Not the last: no lock. Release pairs with the acquire of the lock by
     * whoever drops the last one. */
    while (refs > 1)
        if (atomic_compare_exchange_weak_explicit(&d->refs, &refs, refs - 1,
                                                  memory_order_release,
                                                  memory_order_relaxed))
            return;
    spin_lock(&lock);
    if (atomic_fetch_sub(&d->refs, 1) == 1) {
        if (!d->hashed) {
            entry_kill(d, &dead);
        } else if (list_empty(&d->lru)) {
            list_add_tail(&unused, &d->lru);
            nr_unused++;
        }
    }
    spin_unlock(&lock);
    if (unlikely(!list_empty(&dead)))
        entries_free(&dead);
}

/* Text of a name for (d): inline or allocated. */
static char *name_room(struct dentry *d, size_t len)
{
    return len < DENTRY_INLINE ? d->inline_name : kmalloc(len + 1, 0);
}

/* A new entry with one reference, in no structure yet. */
static struct dentry *entry_new(const char *name, size_t len, uint32_t hash)
{
    struct dentry *d = slab_alloc(cache, 0);
    char *text;

    if (!d)
        return NULL;
    text = name_room(d, len);
    if (!text) {
        slab_free(cache, d);
        return NULL;
    }
    memcpy(text, name, len);
    text[len] = '\0';
    d->name = text;
    d->name_len = (uint16_t)len;
    d->hash = hash;
    d->refs = 1;
    d->hash_next = NULL;
    d->parent = d;
    d->inode = NULL;
    d->mounted = NULL;
    d->unhashed = d->hashed = d->referenced = false;
    d->anonymous = NULL;
    list_init(&d->children);
    list_init(&d->sibling);
    list_init(&d->lru);
    return d;
}

/* lock held. Hang (d), not yet visible, below (parent). */
static void entry_attach(struct dentry *d, struct dentry *parent)
{
    dentry_get(parent);
    d->parent = parent;
    list_add_head(&parent->children, &d->sibling);
}

/* Make (d) findable. Returns it, or the entry of that name that another thread
 * added first; with a reference. */
static struct dentry *entry_publish(struct dentry *d, struct dentry *parent)
{
    struct list dead = LIST_HEAD_INIT(dead);
    struct dentry *found;

    spin_lock(&lock);
    nr_entries++;
    found = dentry_find(parent, d->name, d->name_len, d->hash);
    if (unlikely(found)) {
        dentry_get(found);
        entry_kill(d, &dead);
    } else {
        entry_attach(d, parent);
        hash_insert(d);
        found = d;
        if (unlikely(nr_entries > max_entries))
            prune(16, &dead);
    }
    spin_unlock(&lock);
    if (unlikely(!list_empty(&dead)))
        entries_free(&dead);
    return found;
}

struct dentry *dentry_detached(struct dentry *parent, const char *name,
                               size_t len, struct inode *i)
{
    struct dentry *d = entry_new(name, len, 0);

    if (!d)
        return NULL;
    inode_get(i);
    d->inode = i;
    spin_lock(&lock);
    nr_entries++;
    if (parent)
        entry_attach(d, parent);
    spin_unlock(&lock);
    return d;
}

struct dentry *dentry_root(struct inode *i)
{
    struct dentry *d = dentry_detached(NULL, "/", 1, i);

    if (d)
        inode_put(i);
    return d;
}

/* Ask the file system; dir_lock held. */
static struct dentry *lookup_uncached(struct dentry *parent, const char *name,
                                      size_t len, uint32_t hash)
{
    struct inode *dir = parent->inode, *i;
    struct dentry *d;

    i = dir->ops->lookup(dir, name, len);
    if (IS_ERR(i)) {
        if (PTR_ERR(i) != -ENOENT || dir->ops->uncached)
            return (void *)i;
        i = NULL;
    }
    if (dir->ops->uncached) {
        d = dentry_detached(parent, name, len, i);
        inode_put(i);
        return d ? d : ERR_PTR(-ENOMEM);
    }
    d = entry_new(name, len, hash);
    if (!d) {
        if (i)
            inode_put(i);
        return ERR_PTR(-ENOMEM);
    }
    d->inode = i;
    return entry_publish(d, parent);
}

static struct dentry *find_get(struct dentry *parent, const char *name,
                               size_t len, uint32_t hash)
{
    struct dentry *d;

    spin_lock(&lock);
    d = dentry_find(parent, name, len, hash);
    if (d)
        dentry_get(d);
    spin_unlock(&lock);
    return d;
}

struct dentry *dentry_lookup(struct dentry *parent, const char *name,
                             size_t len, uint32_t hash, bool locked)
{
    struct inode *dir = parent->inode;
    struct dentry *d;

    if (!dir->ops->lookup)
        return ERR_PTR(-ENOTDIR);
    if (!locked)
        read_lock(&dir->dir_lock);
    d = dir->ops->uncached ? NULL : find_get(parent, name, len, hash);
    if (!d)
        d = lookup_uncached(parent, name, len, hash);
    if (!locked)
        read_unlock(&dir->dir_lock);
    return d;
}

void dentry_instantiate(struct dentry *d, struct inode *i)
{
    spin_lock(&lock);
    d->inode = i;
    spin_unlock(&lock);
}

void dentry_delete(struct dentry *d)
{
    struct list dead = LIST_HEAD_INIT(dead);
    struct dentry *c, *n;

    spin_lock(&lock);
    hash_remove(d);
    unused_remove(d);
    d->unhashed = true;
    /* Names known not to exist in a directory that is gone. */
    list_for_each_safe (c, n, &d->children, sibling)
        if (!c->refs)
            entry_kill(c, &dead);
    spin_unlock(&lock);
    entries_free(&dead);
}

/* lock held. Exchange the names of two entries, whose texts are both outside
 * the entries or fit inside. */
static void swap_names(struct dentry *a, struct dentry *b)
{
    char tmp[DENTRY_INLINE];
    const char *an = a->name, *bn = b->name;
    bool a_in = an == a->inline_name, b_in = bn == b->inline_name;
    uint16_t len = a->name_len;
    uint32_t hash = a->hash;

    memcpy(tmp, a->inline_name, sizeof(tmp));
    memcpy(a->inline_name, b->inline_name, sizeof(tmp));
    memcpy(b->inline_name, tmp, sizeof(tmp));
    a->name = b_in ? a->inline_name : bn;
    b->name = a_in ? b->inline_name : an;
    a->name_len = b->name_len;
    b->name_len = len;
    a->hash = b->hash;
    b->hash = hash;
}

int dentry_move(struct dentry *d, struct dentry *to, bool exchange)
{
    struct dentry *parent;

    spin_lock(&lock);
    hash_remove(d);
    hash_remove(to);
    swap_names(d, to);
    parent = d->parent;
    d->parent = to->parent;
    to->parent = parent;
    list_del_init(&d->sibling);
    list_del_init(&to->sibling);
    list_add_head(&d->parent->children, &d->sibling);
    list_add_head(&to->parent->children, &to->sibling);
    hash_insert(d);
    if (exchange)
        hash_insert(to);
    else if (to->inode)
        to->unhashed = true;
    spin_unlock(&lock);
    return 0;
}

bool dentry_is_ancestor(struct dentry *a, struct dentry *d)
{
    bool yes = false;

    spin_lock(&lock);
    for (;; d = d->parent) {
        yes = d == a;
        if (yes || d->parent == d)
            break;
    }
    spin_unlock(&lock);
    return yes;
}

/* The bound: a thirty-second of memory; one bucket for about four entries. */
void dcache_init(void)
{
    struct memory_stats mem;
    unsigned bits = 10;

    memory_stats(&mem);
    max_entries = MAX(mem.total * (PAGE_SIZE / 32) / sizeof(struct dentry),
                      (uint64_t)2048);
    while (bits < 18 && (4ul << bits) < max_entries)
        bits++;
    table_shift = 32 - bits;
    table = kzalloc(sizeof(*table) << bits, 0);
    if (!table)
        panic("no memory for the directory entry cache");
    cache = slab_cache_create("dentry", sizeof(struct dentry), 16);
    shrinker_register("dentry", shrink);
}
