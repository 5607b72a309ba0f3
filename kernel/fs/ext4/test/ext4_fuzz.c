/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ext4_fuzz.c - the ext4 reader on damaged images: mount, list and look up
 * everything, read the beginning and the end of every file.
 */
#include "fs_fakes.h"
#include "mem/slab.h"

#define DEPTH_MAX 4
#define NODES_MAX 200

static int nodes;

struct names {
    struct dir_context ctx;
    int n;
    char name[64][256];
};

static bool keep(struct dir_context *c, const char *name, size_t len,
                 uint64_t ino, unsigned dtype, uint64_t next)
{
    struct names *l = container_of(c, struct names, ctx);

    if (l->n == 64)
        return false;
    memcpy(l->name[l->n], name, len);
    l->name[l->n++][len] = '\0';
    return true;
}

static void visit(struct inode *i, int depth);

static void visit_names(struct inode *i, struct file *f, int depth)
{
    struct names *l = kzalloc(sizeof(*l), 0);

    l->ctx.emit = keep;
    f->ops->readdir(f, &l->ctx);
    for (int k = 0; k < l->n && nodes < NODES_MAX; k++) {
        struct inode *c = i->ops->lookup(i, l->name[k], strlen(l->name[k]));

        if (IS_ERR(c))
            continue;
        visit(c, depth + 1);
        inode_put(c);
    }
    kfree(l);
}

static void visit(struct inode *i, int depth)
{
    static char buf[3 * PAGE_SIZE];
    uint64_t size = i->mapping.size;
    struct file *f;

    if (nodes++ > NODES_MAX || depth > DEPTH_MAX)
        return;
    if (i->ops->readlink)
        i->ops->readlink(i, buf, sizeof(buf));
    if (!i->fops)
        return;
    f = file_alloc(i, NULL, i->fops, O_RDONLY);
    if (f->ops->readdir) {
        visit_names(i, f, depth);
    } else {
        file_read_kernel(f, buf, sizeof(buf), 0);
        file_read_kernel(f, buf, sizeof(buf),
                         size > sizeof(buf) ? size - sizeof(buf) : 0);
    }
    file_put(f);
}

/* The first 1024 bytes mean nothing to the reader, but the mutator likes them:
 * what it puts there goes to where the metadata of a small image is. */
static void aim(uint8_t *p, size_t n)
{
    for (size_t k = 0; n > 2048 && k < 1024; k++)
        if (p[k]) {
            size_t room = MIN(n - 1024, (size_t)(k % 2 ? 65536 : 4096));

            p[1024 + (k * 2654435761u ^ p[k] * 40503u) % room] = p[k];
        }
}

void fuzz_target(const uint8_t *data, size_t n);

void fuzz_target(const uint8_t *data, size_t n)
{
    struct blockdev d;
    struct super_block *sb;
    uint8_t *copy = kmalloc(n, 0);

    fake_log_quiet = true;
    fake_vfs_start();
    memcpy(copy, data, n);
    aim(copy, n);
    fake_disk(&d, copy, n);
    sb = ext4_mount(&d);
    if (IS_ERR(sb)) {
        kfree(copy);
        return;
    }
    nodes = 0;
    visit(sb->root, 0);
    inode_put(sb->root);
    kfree(copy);
    fake_unmount(sb);
    if (fake_pages || fake_locks)
        panic("left over: %ld pages, %d locks", fake_pages, fake_locks);
}
