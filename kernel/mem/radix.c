/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * radix.c - sparse arrays (see radix.h).
 *
 * Nodes have 16 slots: most files have few pages, so small nodes cost less
 * memory than the extra level for large files costs time. A node without an
 * element is freed at once, and the root is lowered while only its slot 0 is
 * in use, so an empty array has no memory.
 */
#include "mem/radix.h"

#include "lib/errno.h"
#include "lib/log.h"
#include "mem/slab.h"

#define BITS   4
#define SLOTS  (1u << BITS)
#define LEVELS (64 / BITS)

struct node {
    unsigned count; /* slots in use */
    void *slot[SLOTS];
};

static struct slab_cache *node_cache;

static struct node *node_alloc(void)
{
    /* First used by one CPU during start-up. */
    if (unlikely(!node_cache))
        node_cache = slab_cache_create("radix", sizeof(struct node), 8);
    return slab_alloc(node_cache, ALLOC_ZERO | ALLOC_NOWAIT);
}

static unsigned slot_of(uint64_t index, unsigned level)
{
    return (unsigned)(index >> (level * BITS)) % SLOTS;
}

/* Does (index) lie within a tree of (height)? */
static bool fits(uint64_t index, unsigned height)
{
    return height >= LEVELS || !(index >> (height * BITS));
}

/* The node of the lowest level over (index); height > 0. */
static struct node *leaf_of(const struct radix *r, uint64_t index)
{
    struct node *n = fits(index, r->height) ? r->root : NULL;

    for (unsigned l = r->height; n && l > 1; l--)
        n = n->slot[slot_of(index, l - 1)];
    return n;
}

void radix_get_run(const struct radix *r, uint64_t index, unsigned n,
                   void **out)
{
    while (n) {
        unsigned at = slot_of(index, 0), k = MIN(n, SLOTS - at);
        struct node *leaf = r->height ? leaf_of(r, index) : NULL;

        for (unsigned i = 0; i < k; i++)
            out[i] = leaf ? leaf->slot[at + i] : NULL;
        if (!r->height && !index)
            out[0] = r->root;
        out += k;
        index += k;
        n -= k;
    }
}

void *radix_get(const struct radix *r, uint64_t index)
{
    void *p = r->root;

    if (!fits(index, r->height))
        return NULL;
    for (unsigned l = r->height; p && l > 0; l--)
        p = ((struct node *)p)->slot[slot_of(index, l - 1)];
    return p;
}

/* Add levels on top until (index) fits. */
static int grow(struct radix *r, uint64_t index)
{
    while (!fits(index, r->height)) {
        if (r->root) {
            struct node *n = node_alloc();

            if (!n)
                return -ENOMEM;
            n->slot[0] = r->root;
            n->count = 1;
            r->root = n;
        }
        r->height++;
    }
    return 0;
}

/* Drop levels that hold nothing but their first slot. */
static void shrink(struct radix *r)
{
    while (r->height && r->root) {
        struct node *n = r->root;

        if (n->count != 1 || !n->slot[0])
            return;
        r->root = n->slot[0];
        r->height--;
        slab_free(node_cache, n);
    }
    if (!r->root)
        r->height = 0;
}

/* Undo the nodes made for an insertion that failed: (path) from the root. */
static void prune(struct radix *r, struct node **path, unsigned depth,
                  uint64_t index)
{
    while (depth > 0 && !path[depth - 1]->count) {
        unsigned above = --depth;

        slab_free(node_cache, path[above]);
        if (above == 0) {
            r->root = NULL;
        } else {
            path[above - 1]->slot[slot_of(index, r->height - above)] = NULL;
            path[above - 1]->count--;
        }
    }
    shrink(r);
}

int radix_insert(struct radix *r, uint64_t index, void *item)
{
    struct node *path[LEVELS];
    void **slot = &r->root;
    unsigned depth = 0;

    if (grow(r, index) < 0) {
        shrink(r);
        return -ENOMEM;
    }
    for (unsigned l = r->height; l > 0; l--) {
        struct node *n = *slot;

        if (!n) {
            n = node_alloc();
            if (!n) {
                prune(r, path, depth, index);
                return -ENOMEM;
            }
            *slot = n;
            if (depth)
                path[depth - 1]->count++;
        }
        path[depth++] = n;
        slot = &n->slot[slot_of(index, l - 1)];
    }
    DASSERT(!*slot);
    *slot = item;
    if (depth)
        path[depth - 1]->count++;
    return 0;
}

void *radix_remove(struct radix *r, uint64_t index)
{
    struct node *path[LEVELS];
    void **slot = &r->root;
    unsigned depth = 0;
    void *item;

    if (!fits(index, r->height))
        return NULL;
    for (unsigned l = r->height; *slot && l > 0; l--) {
        path[depth] = *slot;
        slot = &path[depth++]->slot[slot_of(index, l - 1)];
    }
    item = *slot;
    if (!item)
        return NULL;
    *slot = NULL;
    if (depth)
        path[depth - 1]->count--;
    prune(r, path, depth, index);
    return item;
}

void *radix_next(const struct radix *r, uint64_t *index)
{
    uint64_t i = *index;

    while (fits(i, r->height)) {
        void *p = r->root;
        unsigned l = r->height;

        while (p && l > 0)
            p = ((struct node *)p)->slot[slot_of(i, --l)];
        if (p) {
            *index = i;
            return p;
        }
        /* Nothing below the slot at level (l): on to the next slot. */
        i = ((i >> (l * BITS)) + 1) << (l * BITS);
        if (!i || !r->root)
            break;
    }
    return NULL;
}
