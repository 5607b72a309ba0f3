/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio_blk.c - virtio block devices (VIRTIO 1.2, section 5.2).
 *
 * One queue, many requests in flight. Each request owns a slot: the header the
 * device reads, the status byte it writes, and a wait queue its thread sleeps
 * on. The interrupt raises SOFTIRQ_BLOCK, which takes finished chains off the
 * queue and wakes the owners. There is no polling before the sleep: the host's
 * I/O takes tens of microseconds even from its cache, more than a halt and a
 * wake-up cost.
 *
 *   FREE --slot_get--> BUSY --submit--> at the device
 *        --complete (softirq)--> done --slot_put--> FREE
 *
 * A device that answers nonsense is reset first (so that it writes to no
 * buffer any more), then every request waiting on it ends with -EIO.
 *
 * Locking: (lock) covers the queue, the slot list and the flags; it is taken
 * by threads and deferred work only.
 */
#include <linux/virtio_blk.h>

#include <stdatomic.h>

#include "arch/x86_64/arch.h"
#include "dev/blockdev.h"
#include "dev/drivers.h"
#include "dev/random_priv.h"
#include "dev/virtio.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/lock.h"
#include "sched/softirq.h"
#include "sched/time.h"
#include "sched/wait.h"

#define QUEUE_WANTED 256
#define MAX_DEVICES  8
#define MAX_SEGMENTS 62  /* a request's descriptors on the submitter's stack */
#define MAX_SLOTS    64  /* requests in flight */
#define BLK_MAJOR    254 /* first of Linux's dynamic range, as its virtblk */
#define MINORS       16  /* per disk: itself and 15 partitions */
#define LATE         (30 * NSEC_PER_SEC)
#define STATUS_NONE  0xff /* not a value a device writes */

/* In memory of the direct map; header and status are read or written by the
 * device, so they keep clear of the other fields' cache line. */
struct blk_slot {
    struct virtio_blk_outhdr header;
    struct virtio_blk_discard_write_zeroes range; /* for DISCARD */
    uint8_t status;
    _Atomic bool done __aligned(64); /* release by complete(), acquire by its
                                      * waiter: orders (status) and data */
    bool failed;                     /* lock: device given up */
    bool late;                       /* lock: reported */
    nsec_t started;                  /* lock */
    struct list link;                /* lock: free or in flight */
    struct wait_queue wait;
};

/* I immutable after probe; l lock */
struct virtio_blk {
    struct blockdev disk;      /* I */
    struct virtio_device *dev; /* I */
    struct spinlock lock;
    struct virtqueue *queue; /* l */
    struct list free, busy;  /* l slots */
    bool dead;               /* l given up */
    _Atomic bool resized;    /* configuration interrupt */
    bool watching;           /* l watchdog is armed */
    struct timer watchdog;
    uint32_t size_max;      /* I largest segment */
    struct wait_queue room; /* waiting for a slot or descriptors */
};

static struct virtio_blk *disks[MAX_DEVICES];
static unsigned nr_disks;

/* --- completion ---------------------------------------------------------- */

static void blk_irq(void *arg)
{
    softirq_raise(SOFTIRQ_BLOCK);
}

static void slot_finish(struct virtio_blk *b, struct blk_slot *s)
{
    if (s->late)
        knote("%s: the late request is done", b->disk.name);
    atomic_store_explicit(&s->done, true, memory_order_release);
    wq_wake(&s->wait, 0);
}

/* Move every request in flight to (out). Lock held. */
static void give_up(struct virtio_blk *b, struct list *out)
{
    struct blk_slot *s;

    b->dead = true;
    virtio_reset(b->dev);
    list_for_each (s, &b->busy, link)
        s->failed = true;
    list_splice_tail(out, &b->busy);
}

/* Wake-ups come after the lock: RANK_WAITQ is below RANK_VIRTQ. A slot is off
 * every list when its owner learns that it is done. */
static void complete(struct virtio_blk *b)
{
    struct list finished = LIST_HEAD_INIT(finished);
    struct blk_slot *s;
    bool room;

    spin_lock(&b->lock);
    do {
        while ((s = virtqueue_get(b->queue, NULL))) {
            list_del_init(&s->link);
            list_add_tail(&finished, &s->link);
        }
    } while (virtqueue_irq_enable(b->queue));
    if (virtqueue_broken(b->queue) && !b->dead)
        give_up(b, &finished);
    room = !list_empty(&finished) || b->dead;
    spin_unlock(&b->lock);
    while ((s = list_first(&finished, struct blk_slot, link))) {
        list_del_init(&s->link);
        slot_finish(b, s);
    }
    if (room && wq_active(&b->room))
        wq_wake_all(&b->room, 0);
}

static void resize(struct virtio_blk *b)
{
    uint64_t capacity;

    b->dev->ops->read_config(
        b->dev, offsetof(struct virtio_blk_config, capacity), &capacity, 8);
    if (capacity != b->disk.sectors)
        knote("%s: size changed to %llu sectors", b->disk.name,
              (unsigned long long)capacity);
    b->disk.sectors = capacity;
}

static void blk_softirq(void)
{
    random_add_timing();
    for (unsigned i = 0; i < nr_disks; i++) {
        complete(disks[i]);
        if (atomic_exchange_explicit(&disks[i]->resized, false,
                                     memory_order_acquire))
            resize(disks[i]);
    }
}

static void blk_config_changed(struct virtio_device *d)
{
    struct virtio_blk *b = d->private;

    if (!b)
        return;
    atomic_store_explicit(&b->resized, true, memory_order_release);
    softirq_raise(SOFTIRQ_BLOCK);
}

/* --- submission ---------------------------------------------------------- */

/* A request's buffers belong to the device until it answers: there is no way
 * to give up waiting, but a silent hang is worse than a message. One timer for
 * the device looks at the oldest request; a timer for each would cost more
 * than the request. */
static void watch_start(struct virtio_blk *b, struct blk_slot *s)
{
    s->started = time_monotonic();
    s->late = false;
    if (!b->watching)
        timer_arm(&b->watchdog, s->started + LATE);
    b->watching = true;
}

static void watch(struct timer *t)
{
    struct virtio_blk *b = t->arg;
    nsec_t now = time_monotonic();
    struct blk_slot *s;

    spin_lock(&b->lock);
    s = list_first(&b->busy, struct blk_slot, link);
    if (s && !s->late && now - s->started >= LATE) {
        s->late = true;
        kerr("%s: no answer for %lld s (request type %u, sector %llu); "
             "waiting on",
             b->disk.name, (long long)(LATE / NSEC_PER_SEC), s->header.type,
             (unsigned long long)s->header.sector);
    }
    b->watching = s != NULL;
    if (s)
        timer_arm(t, s->late ? now + LATE : s->started + LATE);
    spin_unlock(&b->lock);
    if (s)
        complete(b); /* perhaps only the interrupt was lost */
}

static struct blk_slot *slot_take(struct virtio_blk *b)
{
    struct blk_slot *s = list_first(&b->free, struct blk_slot, link);

    if (s) {
        list_del_init(&s->link);
        list_add_tail(&b->busy, &s->link);
    }
    return s;
}

static void slot_put(struct virtio_blk *b, struct blk_slot *s)
{
    spin_lock(&b->lock);
    list_del_init(&s->link);
    list_add_head(&b->free, &s->link); /* the warmest first */
    spin_unlock(&b->lock);
    if (wq_active(&b->room))
        wq_wake(&b->room, 0);
}

struct blk_request {
    struct virtio_blk *b;
    uint32_t type;
    uint64_t sector;
    struct virtq_buf buf[MAX_SEGMENTS + 2]; /* header, data, status */
    unsigned out, in; /* data buffers of either direction */
    uint64_t discard; /* sectors */
    struct blk_slot *slot;
    int error;
};

static bool room_for(struct virtio_blk *b, unsigned n)
{
    return b->dead ||
           (!list_empty(&b->free) && virtqueue_free_slots(b->queue) >= n);
}

/* Data buffers already stand in buf[1..]; fill in the ends and offer it. */
static void offer(struct blk_request *r, struct blk_slot *s)
{
    unsigned n = r->out + r->in;

    s->header =
        (struct virtio_blk_outhdr){.type = r->type, .sector = r->sector};
    s->status = STATUS_NONE;
    s->failed = false;
    atomic_store_explicit(&s->done, false, memory_order_relaxed);
    if (r->discard) {
        s->range = (struct virtio_blk_discard_write_zeroes){
            .sector = r->sector, .num_sectors = (uint32_t)r->discard};
        s->header.sector = 0;
        r->buf[1] =
            (struct virtq_buf){virt_to_phys(&s->range), sizeof(s->range)};
    }
    r->buf[0] = (struct virtq_buf){virt_to_phys(&s->header), sizeof(s->header)};
    r->buf[n + 1] = (struct virtq_buf){virt_to_phys(&s->status), 1};
    r->slot = s;
    virtqueue_add(r->b->queue, r->buf, r->out + 1, r->in + 1, s);
    virtqueue_kick(r->b->queue);
    watch_start(r->b, s);
}

/* True when (r) was offered or cannot ever be. */
static bool try_submit(struct blk_request *r)
{
    struct virtio_blk *b = r->b;
    bool done = false;

    spin_lock(&b->lock);
    if (b->dead) {
        r->error = -EIO;
        done = true;
    } else if (room_for(b, r->out + r->in + 2)) {
        offer(r, slot_take(b));
        done = true;
    }
    spin_unlock(&b->lock);
    return done;
}

static bool slot_done(struct blk_slot *s)
{
    return atomic_load_explicit(&s->done, memory_order_acquire);
}

static int result(struct blk_request *r)
{
    uint8_t status = r->slot->status;

    if (r->slot->failed)
        return -EIO;
    if (status == VIRTIO_BLK_S_OK)
        return 0;
    if (r->type == VIRTIO_BLK_T_GET_ID)
        return -EOPNOTSUPP; /* old devices have no number */
    kerr("%s: %s error (status %u) at sector %llu", r->b->disk.name,
         r->type == VIRTIO_BLK_T_IN ? "read" : "write", status,
         (unsigned long long)r->sector);
    return status == VIRTIO_BLK_S_UNSUPP ? -EOPNOTSUPP : -EIO;
}

static int request_run(struct blk_request *r)
{
    r->error = 0;
    r->slot = NULL;
    WAIT_EVENT(&r->b->room, try_submit(r));
    if (r->error)
        return r->error;
    WAIT_EVENT(&r->slot->wait, slot_done(r->slot));
    int rc = result(r);
    slot_put(r->b, r->slot);
    return rc;
}

/* Cut a segment at the device's limit; buffers used, 0 = too many. */
static unsigned add_segment(struct blk_request *r, unsigned at,
                            const struct block_segment *s)
{
    uint32_t left = s->len, limit = r->b->size_max;
    paddr_t pa = s->pa;

    for (; left; at++) {
        uint32_t n = MIN(left, limit);
        if (at > MAX_SEGMENTS)
            return 0;
        r->buf[at] = (struct virtq_buf){pa, n};
        pa += n;
        left -= n;
    }
    return at;
}

static int blk_transfer(struct blockdev *d, bool write, uint64_t sector,
                        const struct block_segment *seg, unsigned nr)
{
    struct blk_request r = {
        .b = d->private,
        .type = write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN,
        .sector = sector,
    };
    unsigned at = 1;

    if (nr > d->max_segments)
        return -EINVAL;
    for (unsigned i = 0; i < nr; i++) {
        at = add_segment(&r, at, &seg[i]);
        if (!at)
            return -EINVAL;
    }
    if (write)
        r.out = at - 1;
    else
        r.in = at - 1;
    return request_run(&r);
}

static int blk_flush(struct blockdev *d)
{
    struct virtio_blk *b = d->private;
    struct blk_request r = {.b = b, .type = VIRTIO_BLK_T_FLUSH};

    /* Without the feature the device has no volatile cache (5.2.5.2). */
    if (!virtio_has(b->dev, VIRTIO_BLK_F_FLUSH))
        return 0;
    return request_run(&r);
}

static int blk_discard(struct blockdev *d, uint64_t sector, uint64_t n)
{
    struct virtio_blk *b = d->private;
    struct blk_request r = {
        .b = b,
        .type = VIRTIO_BLK_T_DISCARD,
        .sector = sector,
        .discard = n,
        .out = 1,
    };

    if (!virtio_has(b->dev, VIRTIO_BLK_F_DISCARD))
        return -EOPNOTSUPP;
    if (!n || n > UINT32_MAX)
        return -EINVAL;
    return request_run(&r);
}

static const struct blockdev_ops blk_ops = {
    .transfer = blk_transfer,
    .flush = blk_flush,
    .discard = blk_discard,
};

/* --- probe --------------------------------------------------------------- */

#define CONFIG(d, field, var)                                                  \
    (d)->ops->read_config((d), offsetof(struct virtio_blk_config, field),      \
                          &(var), sizeof(var))

static int slots_create(struct virtio_blk *b)
{
    unsigned n = MIN(virtqueue_size(b->queue) / 3 + 1, (unsigned)MAX_SLOTS);
    struct blk_slot *s = kzalloc(n * sizeof(*s), 0);

    if (!s)
        return -ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        wq_init(&s[i].wait);
        list_add_tail(&b->free, &s[i].link);
    }
    return 0;
}

static void read_geometry(struct virtio_blk *b)
{
    struct virtio_device *d = b->dev;
    uint32_t seg_max = MAX_SEGMENTS, size_max = 0;

    CONFIG(d, capacity, b->disk.sectors);
    if (virtio_has(d, VIRTIO_BLK_F_SEG_MAX))
        CONFIG(d, seg_max, seg_max);
    if (virtio_has(d, VIRTIO_BLK_F_SIZE_MAX))
        CONFIG(d, size_max, size_max);
    /* A limit that is no multiple of a sector would cut sectors in two. */
    size_max = ALIGN_DOWN(size_max, 512u);
    b->size_max = size_max ? size_max : 1u << 30;
    seg_max = MIN(seg_max, virtqueue_size(b->queue) - 2);
    seg_max = MIN(seg_max, (uint32_t)MAX_SEGMENTS);
    b->disk.max_segments = MAX(seg_max, 1u);
    b->disk.readonly = virtio_has(d, VIRTIO_BLK_F_RO);
}

/* Disks are told apart by the serial number the host gave them (the name vdb
 * depends on the order in which they are found); those that can be written are
 * there under the name that udev has for it. */
static void add_serial_name(struct virtio_blk *b)
{
    char name[64], target[32];

    ksnprintf(name, sizeof(name), "disk/by-id/virtio-%s", b->disk.serial);
    ksnprintf(target, sizeof(target), "../../%s", b->disk.name);
    if (devfs_symlink(name, target))
        kwarn("%s: cannot make /dev/%s", b->disk.name, name);
}

static void read_serial(struct virtio_blk *b)
{
    char *id = kzalloc(VIRTIO_BLK_ID_BYTES + 1, 0);
    struct blk_request r = {.b = b, .type = VIRTIO_BLK_T_GET_ID, .in = 1};

    if (!id)
        return;
    r.buf[1] = (struct virtq_buf){virt_to_phys(id), VIRTIO_BLK_ID_BYTES};
    if (!request_run(&r) && id[0]) {
        for (char *c = id; *c; c++)
            if (*c <= ' ' || *c > '~' || *c == '/')
                *c = '_';
        strlcpy(b->disk.serial, id, sizeof(b->disk.serial));
    }
    kfree(id);
}

/* Requests smaller than the device's sectors fail; images have small ones. */
static int check_sector_size(struct virtio_blk *b)
{
    uint32_t size = 512;

    if (virtio_has(b->dev, VIRTIO_BLK_F_BLK_SIZE))
        CONFIG(b->dev, blk_size, size);
    if (size <= 512)
        return 0;
    kerr("vd%c: sectors of %u bytes are not supported, only 512",
         'a' + nr_disks, size);
    return -EOPNOTSUPP;
}

static int blk_probe(struct virtio_device *d)
{
    struct virtio_blk *b;
    int rc;

    if (nr_disks == MAX_DEVICES)
        return -ENOSPC;
    b = kzalloc(sizeof(*b), 0);
    if (!b)
        return -ENOMEM;
    b->dev = d;
    rc = check_sector_size(b);
    if (rc)
        goto fail;
    spin_init(&b->lock, RANK_VIRTQ);
    list_init(&b->free);
    list_init(&b->busy);
    wq_init(&b->room);
    timer_init(&b->watchdog, watch, b);
    b->queue = virtqueue_create(d, 0, QUEUE_WANTED, blk_irq, b);
    rc = -EIO;
    if (!b->queue || virtqueue_size(b->queue) < 4)
        goto fail;
    rc = slots_create(b);
    if (rc)
        goto fail;
    read_geometry(b);
    ksnprintf(b->disk.name, sizeof(b->disk.name), "vd%c", 'a' + nr_disks);
    b->disk.ops = &blk_ops;
    b->disk.major = BLK_MAJOR;
    b->disk.minor = nr_disks * MINORS;
    b->disk.private = b;
    d->private = b;
    disks[nr_disks++] = b;
    softirq_register(SOFTIRQ_BLOCK, blk_softirq);
    virtqueue_irq_enable(b->queue);
    virtio_driver_ok(d); /* the partition table is read now */
    kinfo("%s: %llu MiB%s", b->disk.name,
          (unsigned long long)(b->disk.sectors / 2048),
          b->disk.readonly ? ", read-only" : "");
    read_serial(b);
    if (!b->disk.readonly && *b->disk.serial)
        add_serial_name(b);
    return blockdev_register(&b->disk);
fail:
    kfree(b);
    return rc;
}

const struct virtio_driver virtio_blk_driver = {
    .name = "block",
    .id = 2,
    .features = 1ull << VIRTIO_BLK_F_SIZE_MAX | 1ull << VIRTIO_BLK_F_SEG_MAX |
                1ull << VIRTIO_BLK_F_RO | 1ull << VIRTIO_BLK_F_BLK_SIZE |
                1ull << VIRTIO_BLK_F_FLUSH | 1ull << VIRTIO_BLK_F_DISCARD,
    .probe = blk_probe,
    .config_changed = blk_config_changed,
};
