/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cache_fake.c - a page cache that is a linked list, uio on kernel memory, and
 * disks that are buffers.
 */
#include "arch/x86_64/arch.h"
#include "fs_fakes.h"
#include "mem/slab.h"
#include "mem/uio.h"

long fake_pages;

struct fake_page {
    struct page page; /* index: its own */
    struct fake_page *next;
    char *data;
};

/* --- pages --- */

paddr_t page_paddr(const struct page *p)
{
    return (paddr_t)((const struct fake_page *)p)->data - (paddr_t)fake_memory;
}

void page_get(struct page *p)
{
    p->refs++;
}

void page_put(struct page *p)
{
    struct fake_page *f = (struct fake_page *)p;

    if (--p->refs)
        return;
    fake_pages--;
    kfree(f->data);
    kfree(f);
}

static struct page *page_new(uint64_t index)
{
    struct fake_page *f = kmalloc(sizeof(*f), 0);

    f->data = kmalloc(PAGE_SIZE, 0);
    f->page.refs = 1;
    f->page.index = index;
    fake_pages++;
    return &f->page;
}

/* --- mappings --- */

void mapping_init(struct mapping *m, const struct mapping_ops *ops, void *owner,
                  unsigned flags)
{
    memset(m, 0, sizeof(*m));
    m->ops = ops;
    m->owner = owner;
    m->flags = flags;
    list_init(&m->i_mmap);
}

/* The list's head is where the kernel keeps its tree. */
static struct fake_page **head(struct mapping *m)
{
    return (struct fake_page **)&m->ra_next;
}

static void drop(struct mapping *m, struct fake_page **at)
{
    struct fake_page *f = *at;

    *at = f->next;
    m->nr_pages--;
    if (m->ops && m->ops->uncharge)
        m->ops->uncharge(m, 1);
    page_put(&f->page);
}

static void drop_range(struct mapping *m, uint64_t from, uint64_t to)
{
    for (struct fake_page **p = head(m); *p;)
        if ((*p)->page.index >= from && (*p)->page.index < to)
            drop(m, p);
        else
            p = &(*p)->next;
}

void mapping_destroy(struct mapping *m)
{
    drop_range(m, 0, UINT64_MAX);
}

struct page *mapping_peek(struct mapping *m, uint64_t index)
{
    for (struct fake_page *f = *head(m); f; f = f->next)
        if (f->page.index == index) {
            page_get(&f->page);
            return &f->page;
        }
    return NULL;
}

static void insert(struct mapping *m, struct page *p)
{
    struct fake_page *f = (struct fake_page *)p;

    f->next = *head(m);
    *head(m) = f;
    m->nr_pages++;
}

/* Reads two pages at a time where the file has them: runs matter. */
static struct page *read_in(struct mapping *m, uint64_t index)
{
    struct page *pages[2] = {page_new(index), page_new(index + 1)};
    bool two = (index + 1) * PAGE_SIZE < m->size;
    struct page *second = mapping_peek(m, index + 1);
    int err;

    if (second) {
        page_put(second);
        two = false;
    }
    err = m->ops->read(m, index, pages, two ? 2 : 1);
    if (err) {
        page_put(pages[0]);
        page_put(pages[1]);
        return ERR_PTR(err);
    }
    insert(m, pages[0]);
    if (two)
        insert(m, pages[1]);
    else
        page_put(pages[1]);
    page_get(pages[0]);
    return pages[0];
}

static struct page *store_page(struct mapping *m, uint64_t index)
{
    struct page *p = mapping_peek(m, index);
    int err;

    if (p)
        return p;
    err = m->ops->charge ? m->ops->charge(m, 1) : 0;
    if (err)
        return ERR_PTR(err);
    p = page_new(index);
    insert(m, p);
    page_get(p);
    return p;
}

struct page *mapping_get(struct mapping *m, uint64_t index, bool create)
{
    struct page *p = mapping_peek(m, index);

    if (p)
        return p;
    if (index >= (m->size + PAGE_SIZE - 1) / PAGE_SIZE)
        return ERR_PTR(-ENXIO);
    if (!(m->flags & MAPPING_STORE))
        return read_in(m, index);
    return create ? store_page(m, index) : NULL;
}

ssize_t mapping_read(struct mapping *m, struct uio *u, uint64_t pos)
{
    ssize_t done = 0;

    while (u->left && pos < m->size) {
        size_t off = pos % PAGE_SIZE;
        size_t n = MIN(MIN(PAGE_SIZE - off, u->left), m->size - pos);
        struct page *p = mapping_get(m, pos / PAGE_SIZE, false);

        if (IS_ERR(p))
            return done ? done : PTR_ERR(p);
        if (p) {
            uio_copy_out(u, (char *)page_virt(p) + off, n);
            page_put(p);
        } else {
            uio_zero(u, n);
        }
        pos += n;
        done += (ssize_t)n;
    }
    return done;
}

ssize_t mapping_write(struct mapping *m, struct uio *u, uint64_t pos)
{
    ssize_t done = 0;

    if (!(m->flags & MAPPING_STORE))
        return -EROFS;
    while (u->left) {
        size_t off = pos % PAGE_SIZE, n = MIN(PAGE_SIZE - off, u->left);
        struct page *p = store_page(m, pos / PAGE_SIZE);

        if (IS_ERR(p))
            return done ? done : PTR_ERR(p);
        uio_copy_in(u, (char *)page_virt(p) + off, n);
        page_put(p);
        pos += n;
        done += (ssize_t)n;
        m->size = MAX(m->size, pos);
    }
    return done;
}

static void zero_part(struct mapping *m, uint64_t from, uint64_t to)
{
    struct page *p = from < to ? mapping_peek(m, from / PAGE_SIZE) : NULL;

    if (!p)
        return;
    memset((char *)page_virt(p) + from % PAGE_SIZE, 0, to - from);
    page_put(p);
}

int mapping_truncate(struct mapping *m, uint64_t size)
{
    uint64_t end = ALIGN_UP(size, PAGE_SIZE);

    zero_part(m, size, end);
    drop_range(m, end / PAGE_SIZE, UINT64_MAX);
    m->size = size;
    return 0;
}

int mapping_punch(struct mapping *m, uint64_t start, uint64_t end)
{
    uint64_t first = ALIGN_UP(start, PAGE_SIZE);
    uint64_t last = ALIGN_DOWN(end, PAGE_SIZE);

    if (first > last) {
        zero_part(m, start, end);
        return 0;
    }
    zero_part(m, start, first);
    zero_part(m, last, end);
    drop_range(m, first / PAGE_SIZE, last / PAGE_SIZE);
    return 0;
}

int64_t mapping_seek(struct mapping *m, uint64_t pos, bool hole)
{
    for (; pos < m->size; pos = ALIGN_DOWN(pos, PAGE_SIZE) + PAGE_SIZE) {
        struct page *p = mapping_peek(m, pos / PAGE_SIZE);

        if (p)
            page_put(p);
        if (!p == hole)
            return (int64_t)pos;
    }
    return hole ? (int64_t)m->size : -ENXIO;
}

/* --- uio, kernel memory only --- */

void uio_init_kernel(struct uio *u, void *p, size_t n)
{
    u->fast[0] = (struct iovec_user){p, n};
    u->iov = u->fast;
    u->nr = 1;
    u->skip = 0;
    u->left = n;
    u->kernel = true;
    u->owned = NULL;
}

static char *next(struct uio *u, size_t *n)
{
    while (u->skip == u->iov->len) {
        u->iov++;
        u->nr--;
        u->skip = 0;
    }
    *n = MIN(*n, u->iov->len - u->skip);
    return (char *)u->iov->base + u->skip;
}

void uio_advance(struct uio *u, size_t n)
{
    u->left -= n;
    while (n) {
        size_t part = n;

        next(u, &part);
        u->skip += part;
        n -= part;
    }
}

ssize_t uio_copy_out(struct uio *u, const void *src, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t part = n - done;
        char *p = next(u, &part);

        memcpy(p, (const char *)src + done, part);
        uio_advance(u, part);
        done += part;
    }
    return (ssize_t)n;
}

ssize_t uio_copy_in(struct uio *u, void *dst, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t part = n - done;
        char *p = next(u, &part);

        memcpy((char *)dst + done, p, part);
        uio_advance(u, part);
        done += part;
    }
    return (ssize_t)n;
}

ssize_t uio_zero(struct uio *u, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t part = n - done;
        char *p = next(u, &part);

        memset(p, 0, part);
        uio_advance(u, part);
        done += part;
    }
    return (ssize_t)n;
}

/* --- disks --- */

void fake_disk(struct blockdev *d, const void *data, size_t size)
{
    *d = (struct blockdev){.name = "disk",
                           .sectors = size / 512,
                           .max_segments = 3,
                           .major = 254,
                           .minor = 1,
                           .private = (void *)data};
    d->whole = d;
}

/* Like the real one, checks the range: the reader must not ask for more. */
int blockdev_transfer(struct blockdev *d, bool write, uint64_t sector,
                      const struct block_segment *seg, unsigned nr)
{
    if (write || nr > d->max_segments)
        panic("unexpected request");
    for (unsigned k = 0; k < nr; k++) {
        uint64_t n = seg[k].len / 512;

        if (!n || seg[k].len % 512 || sector > d->sectors ||
            n > d->sectors - sector)
            panic("request beyond the disk: sector %lu, %u bytes", sector,
                  seg[k].len);
        memcpy((void *)(seg[k].pa + (uintptr_t)fake_memory),
               (char *)d->private + sector * 512, seg[k].len);
        sector += n;
    }
    return 0;
}

int blockdev_read(struct blockdev *d, uint64_t sector, void *buf, size_t len)
{
    if (sector > d->sectors || len / 512 > d->sectors - sector)
        return -EINVAL;
    memcpy(buf, (char *)d->private + sector * 512, len);
    return 0;
}
