/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ext4_priv.h"
#include "layout.h"
#include "report.h"
#include "tree.h"

#define FAST_LINK 60 /* shorter targets live in the inode */
/* Extents an inode holds itself, and (half of what fits, since blocks that were
 * split are half full) what a block of the extent tree holds. */
#define INODE_EXTENTS 4
#define BLOCK_EXTENTS 170

/* The numbers of a file's blocks have 32 bits, and the last is reserved. */
#define MAX_FILE (0xffffffffull * EXT4_BLOCK - EXT4_BLOCK)

static void push(struct ext4_plan *p, struct node *n)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 256;
        p->node = xrealloc(p->node, p->cap, sizeof(*p->node));
    }
    p->node[p->n++] = n;
}

static uint64_t file_blocks(const struct node *n)
{
    uint64_t blocks = (n->size + EXT4_BLOCK - 1) / EXT4_BLOCK;
    /* an extent between any two holes, and one more for each piece of 128 MiB
     * or block group it crosses */
    uint64_t extents = n->nzeros + 1 + blocks / 16384;

    for (size_t i = 0; i < n->nzeros; i++)
        blocks -= n->zeros[i].count;
    if (extents > INODE_EXTENTS)
        blocks += extents / BLOCK_EXTENTS + 2;
    return blocks;
}

/* What is copied of the file: not its holes. */
static uint64_t data_bytes(const struct node *n)
{
    uint64_t bytes = n->size;

    for (size_t i = 0; i < n->nzeros; i++) {
        uint64_t first = (uint64_t)n->zeros[i].first * EXT4_BLOCK;
        uint64_t hole = (uint64_t)n->zeros[i].count * EXT4_BLOCK;

        bytes -= hole < n->size - first ? hole : n->size - first;
    }
    return bytes;
}

static int collect(struct node *n, void *arg)
{
    struct ext4_plan *p = arg;
    char *path;

    if (n->same_as) {
        n->same_as->names++;
        return 0;
    }
    n->names++;
    path = tree_path(n);
    n->rank = n->type == NODE_FILE ? layout_rank(path) : 0;
    free(path);
    if (n->type == NODE_FILE) {
        if (n->size > MAX_FILE)
            return fail("'%s' is too large: a file can have 16 TiB",
                        n->host ? n->host : n->name);
        if (ext4_find_zeros(n))
            return -1;
        p->blocks += file_blocks(n);
        p->bytes += data_bytes(n);
    } else if (n->type == NODE_DIR) {
        p->blocks += ext4_dir_blocks(n);
    } else if (strlen(n->target) >= FAST_LINK) {
        p->blocks++;
    }
    push(p, n);
    return 0;
}

static int type_order(const struct node *n)
{
    return n->type == NODE_DIR ? 0 : n->type == NODE_LINK ? 1 : 2;
}

/* Inode numbers hold the order in which the tree was walked until sorted. */
static int by_place(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a;
    const struct node *y = *(struct node *const *)b;

    if (type_order(x) != type_order(y))
        return type_order(x) - type_order(y);
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

int ext4_plan_make(struct ext4_plan *p, struct tree *t)
{
    *p = (struct ext4_plan){.blocks = ext4_dir_blocks(t->root)};
    if (tree_walk(t, collect, p))
        return -1;
    for (size_t i = 0; i < p->n; i++)
        p->node[i]->ino = (uint32_t)i;
    qsort(p->node, p->n, sizeof(*p->node), by_place);
    for (size_t i = 0; i < p->n; i++)
        p->node[i]->ino = (uint32_t)(EXT4_FIRST_INO + i);
    t->root->ino = EXT2_ROOT_INO;
    return 0;
}

void ext4_plan_release(struct ext4_plan *p)
{
    free(p->node);
    *p = (struct ext4_plan){0};
}
