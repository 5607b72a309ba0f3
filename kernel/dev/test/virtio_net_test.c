/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio_net_test.c - the network driver when memory or slots run out. The
 * device is played by the test, through real virtqueues.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86_64/arch.h"
#include "dev/drivers.h"
#include "dev/random.h"
#include "dev/virtio/virtqueue.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "net/net.h"
#include "sched/softirq.h"

enum { RX, TX };

static struct virtio_device device;
static struct netdev *dev;
static unsigned queue_len, received, rooms, softirqs;
static long allocated; /* buffers the driver has or lent */
static bool no_memory;
static uint16_t avail_seen[2];

/* --- what the driver stands on ----------------------------------------- */

struct slab_cache {
    size_t size;
};

struct slab_cache *slab_cache_create(const char *name, size_t size,
                                     size_t align)
{
    static struct slab_cache c;

    (void)name, (void)align;
    c.size = size;
    return &c;
}

void *slab_alloc(struct slab_cache *c, unsigned flags)
{
    (void)flags;
    if (no_memory)
        return NULL;
    allocated++;
    return malloc(c->size);
}

void slab_free(struct slab_cache *c, void *p)
{
    (void)c;
    allocated--;
    free(p);
}

void memory_stats(struct memory_stats *s)
{
    *s = (struct memory_stats){.total = 65536};
}

void random_bytes(void *p, size_t n)
{
    memset(p, 1, n);
}

void softirq_raise(enum softirq nr)
{
    assert_int_equal(nr, SOFTIRQ_NET);
    softirqs++;
}

void net_lock(void)
{
}

void net_unlock(void)
{
}

int net_register(struct netdev *d)
{
    dev = d;
    return 0;
}

void netif_receive(struct netdev *d, void *data, uint32_t len, bool csum_ok,
                   void (*give_back)(void *arg), void *arg)
{
    (void)d, (void)data, (void)len, (void)csum_ok;
    received++;
    give_back(arg);
}

void netif_tx_room(struct netdev *d)
{
    (void)d;
    rooms++;
}

void netif_link_changed(struct netdev *d, bool up)
{
    d->link_up = up;
}

void virtio_driver_ok(struct virtio_device *d)
{
    (void)d;
}

void virtio_reset(struct virtio_device *d)
{
    (void)d;
}

/* --- the device -------------------------------------------------------- */

static unsigned queue_size(struct virtio_device *d, unsigned index)
{
    (void)d;
    return index <= TX ? queue_len : 0;
}

static int setup_queue(struct virtio_device *d, unsigned index,
                       struct virtqueue *q)
{
    (void)d, (void)index, (void)q;
    return 0;
}

static void notify(struct virtio_device *d, struct virtqueue *q)
{
    (void)d, (void)q;
}

static const struct virtio_transport_ops transport = {
    .queue_size = queue_size,
    .setup_queue = setup_queue,
    .notify = notify,
};

/* Answer up to (n) chains; interrupts as EVENT_IDX asks. Returns how many. */
static unsigned answer(unsigned index, unsigned n, uint32_t len)
{
    struct virtqueue *q = device.queues[index];
    unsigned done = 0;

    for (; done < n && avail_seen[index] != q->avail->idx; done++) {
        uint16_t id = q->avail->ring[avail_seen[index]++ % q->size];
        struct vring_used_elem *e = &q->used->ring[q->used->idx % q->size];
        e->id = id;
        e->len = len;
        if (q->avail->ring[q->size] == q->used->idx++ && q->irq)
            q->irq(q->irq_arg);
    }
    return done;
}

static int start(void **state)
{
    (void)state;
    device = (struct virtio_device){
        .ops = &transport, .features = 1ull << VIRTIO_RING_F_EVENT_IDX};
    queue_len = 128;
    received = rooms = softirqs = 0;
    memset(avail_seen, 0, sizeof(avail_seen));
    assert_int_equal(virtio_net_driver.probe(&device), 0);
    assert_int_equal(allocated, 128);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (unsigned i = RX; i <= TX; i++) {
        struct virtqueue *q = device.queues[i];
        for (unsigned k = 0; k < q->size; k++)
            if (q->slots[k].token)
                slab_free(NULL, q->slots[k].token);
        free(q->desc);
        free(q);
    }
    free(dev->private);
    assert_int_equal(allocated, 0);
    return 0;
}

static int send_frame(void)
{
    static const char frame[60];
    struct net_piece p = {frame, sizeof(frame)};

    return dev->ops->transmit(dev, &p, 1, 0, 0);
}

/* Frames are lost while there is no memory, but not the ring. */
static void test_receive_without_memory(void **state)
{
    (void)state;
    no_memory = true;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(answer(RX, 128, 72), 128);
        while (dev->ops->poll(dev, 64))
            ;
    }
    assert_int_equal(received, 0);
    assert_int_equal(dev->rx_dropped, 1280);
    no_memory = false;
    assert_int_equal(answer(RX, 1, 72), 1);
    assert_int_equal(softirqs, 11); /* it still asks for interrupts */
    assert_false(dev->ops->poll(dev, 64));
    assert_int_equal(received, 1);
}

/* A full queue says when it has room again; else it stays silent. */
static void test_transmit_queue_full(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 128; i++)
        assert_int_equal(send_frame(), 0);
    assert_int_equal(send_frame(), -ENOBUFS);
    assert_int_equal(softirqs, 0);
    assert_int_equal(answer(TX, 1, 0), 1); /* what was refused was shown */
    assert_int_equal(softirqs, 1);
    assert_false(dev->ops->poll(dev, 64));
    assert_int_equal(rooms, 0);
    assert_int_equal(answer(TX, 128, 0), 127);
    assert_int_equal(softirqs, 2);
    assert_false(dev->ops->poll(dev, 64));
    assert_int_equal(rooms, 1);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(send_frame(), 0);
        dev->ops->flush(dev);
        answer(TX, 128, 0);
    }
    assert_true(softirqs <= 3); /* the one still asked for */
    assert_int_equal(rooms, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_receive_without_memory, start,
                                        stop),
        cmocka_unit_test_setup_teardown(test_transmit_queue_full, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
