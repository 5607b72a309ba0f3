/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio_rng.c - entropy from the host (VIRTIO 1.2, section 5.4).
 *
 * One request at start and one every ten minutes: the generator needs a good
 * seed, not a stream. Answers are taken as deferred work.
 */
#include "dev/drivers.h"
#include "dev/random.h"
#include "dev/virtio.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"
#include "sched/lock.h"
#include "sched/softirq.h"
#include "sched/time.h"

#define SEED_BYTES 64
#define RESEED     (600 * NSEC_PER_SEC)

static struct spinlock rng_lock = SPINLOCK_INIT(RANK_VIRTQ);
static struct virtqueue *queue; /* rng_lock */
static struct page *page;       /* I what the device writes to */
static struct timer reseed;     /* armed by deferred work */

static void rng_irq(void *arg)
{
    softirq_raise(SOFTIRQ_RNG);
}

static void request_locked(void)
{
    struct virtq_buf b = {page_paddr(page), SEED_BYTES};

    if (!virtqueue_add(queue, &b, 0, 1, page))
        virtqueue_kick(queue);
}

static void rng_softirq(void)
{
    uint8_t seed[SEED_BYTES];
    uint32_t n = 0;
    bool got;

    spin_lock(&rng_lock);
    got = virtqueue_get(queue, &n);
    if (got)
        memcpy(seed, page_virt(page), sizeof(seed));
    virtqueue_irq_enable(queue);
    spin_unlock(&rng_lock);
    if (!got)
        return;
    random_add(seed, n);
    timer_arm(&reseed, time_monotonic() + RESEED);
}

static void rng_reseed(struct timer *t)
{
    spin_lock(&rng_lock);
    request_locked();
    spin_unlock(&rng_lock);
}

static int rng_probe(struct virtio_device *d)
{
    if (queue)
        return 0; /* one source is enough */
    page = page_alloc(0, ALLOC_ZERO);
    if (!page)
        return -ENOMEM;
    timer_init(&reseed, rng_reseed, NULL);
    softirq_register(SOFTIRQ_RNG, rng_softirq);
    queue = virtqueue_create(d, 0, 8, rng_irq, NULL);
    if (!queue) {
        page_put(page);
        return -EIO;
    }
    virtqueue_irq_enable(queue);
    virtio_driver_ok(d);
    spin_lock(&rng_lock);
    request_locked();
    spin_unlock(&rng_lock);
    return 0;
}

const struct virtio_driver virtio_rng_driver = {
    .name = "entropy",
    .id = 4,
    .probe = rng_probe,
};
