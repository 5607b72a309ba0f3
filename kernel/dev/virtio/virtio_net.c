/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio_net.c - network devices (VIRTIO 1.2, section 5.1).
 *
 * Both queues belong to net_lock: the stack calls poll, transmit and flush with
 * it held. Buffers are of one size, from one cache; a received one is lent to
 * the stack, which frees it whenever it likes, once a new one has taken its
 * place in the ring. Without memory for that the frame is dropped and its own
 * buffer goes back: a ring that ran empty would never interrupt again. Sending
 * copies: frames are small, and the copy's buffer can wait for the device as
 * long as it takes while TCP goes on with the original.
 *
 * The receive queue interrupts; its interrupt stays off while there is work.
 * The transmit queue interrupts only when a frame found it full; else finished
 * frames are taken back when the next ones are sent.
 */
#include <linux/virtio_net.h>

#include "arch/x86_64/arch.h"
#include "dev/drivers.h"
#include "dev/random.h"
#include "dev/virtio.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"
#include "net/net.h"
#include "sched/softirq.h"

#define QUEUE_RX  0
#define QUEUE_TX  1
#define MTU       1500
#define FRAME_MAX (MTU + 18) /* Ethernet header and a VLAN tag */
/* With VERSION_1 the header always has num_buffers (5.1.6.1). */
#define HDR_LEN  sizeof(struct virtio_net_hdr_v1)
#define BUF_SIZE 1536
_Static_assert(HDR_LEN == 12, "5.1.6");
_Static_assert(HDR_LEN + FRAME_MAX <= BUF_SIZE, "buffer size");

#define RX_MAX      256 /* 384 KiB */
#define RX_SMALL    64  /* ... on machines with less than SMALL_PAGES */
#define SMALL_PAGES ((256ul << 20) / PAGE_SIZE)
#define TX_MAX      256
#define TX_RECLAIM  64  /* free slots below which finished frames are taken */
#define TX_ROOM     64u /* free slots with which a full queue is open again */

/* n net_lock */
struct virtio_net {
    struct netdev dev;
    struct virtio_device *device;
    struct virtqueue *rx, *tx;   /* n */
    unsigned rx_target;          /* I buffers to keep in the ring */
    unsigned rx_filled;          /* n */
    bool tx_full;                /* n a frame found no slot */
    _Atomic bool config_changed; /* set by the interrupt */
};

static struct slab_cache *buffers;

static void rx_irq(void *arg)
{
    struct virtio_net *v = arg;

    virtqueue_irq_disable(v->rx);
    softirq_raise(SOFTIRQ_NET);
}

static void tx_irq(void *arg)
{
    struct virtio_net *v = arg;

    virtqueue_irq_disable(v->tx);
    softirq_raise(SOFTIRQ_NET);
}

static void config_irq(struct virtio_device *d)
{
    struct virtio_net *v = d->private;

    if (!v)
        return;
    atomic_store_explicit(&v->config_changed, true, memory_order_release);
    softirq_raise(SOFTIRQ_NET);
}

/* --- receiving --------------------------------------------------------- */

static void buffer_free(void *buf)
{
    slab_free(buffers, buf);
}

/* (buf) is the ring's or freed. */
static bool offer(struct virtio_net *v, void *buf)
{
    struct virtq_buf b = {virt_to_phys(buf), BUF_SIZE};

    if (virtqueue_add(v->rx, &b, 0, 1, buf)) {
        buffer_free(buf);
        return false;
    }
    v->rx_filled++;
    return true;
}

static void refill(struct virtio_net *v)
{
    while (v->rx_filled < v->rx_target) {
        void *buf = slab_alloc(buffers, ALLOC_NOWAIT);
        if (!buf || !offer(v, buf))
            break; /* tried again with the next packet */
    }
    virtqueue_kick(v->rx);
}

static void receive(struct virtio_net *v, uint8_t *buf, uint32_t len)
{
    const struct virtio_net_hdr_v1 *h = (const void *)buf;
    const uint8_t good =
        VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID;

    if (len <= HDR_LEN) {
        v->dev.rx_dropped++;
        buffer_free(buf);
        return;
    }
    /* NEEDS_CSUM: from another guest or the host itself, whole by nature
     * (5.1.6.4.2). Without GUEST_CSUM neither bit means anything. */
    netif_receive(&v->dev, buf + HDR_LEN, len - HDR_LEN,
                  v->dev.rx_csum && (h->flags & good), buffer_free, buf);
}

static void take(struct virtio_net *v, void *buf, uint32_t len)
{
    void *fresh = slab_alloc(buffers, ALLOC_NOWAIT);

    v->rx_filled--;
    if (fresh) {
        offer(v, fresh);
        receive(v, buf, len);
    } else {
        v->dev.rx_dropped++;
        offer(v, buf);
    }
}

static void read_link(struct virtio_net *v)
{
    uint16_t status = VIRTIO_NET_S_LINK_UP;

    if (virtio_has(v->device, VIRTIO_NET_F_STATUS))
        v->device->ops->read_config(v->device,
                                    offsetof(struct virtio_net_config, status),
                                    &status, sizeof(status));
    netif_link_changed(&v->dev, status & VIRTIO_NET_S_LINK_UP);
}

static void reclaim(struct virtio_net *v)
{
    void *buf;

    while ((buf = virtqueue_get(v->tx, NULL)))
        buffer_free(buf);
}

/* Is there a free slot now? If not, the next finished frame interrupts. */
static bool tx_wait(struct virtio_net *v)
{
    do
        reclaim(v);
    while (virtqueue_irq_enable(v->tx));
    return virtqueue_free_slots(v->tx);
}

/* The queue was full: go on when a good part of it is free. */
static void tx_poll(struct virtio_net *v)
{
    tx_wait(v);
    if (virtqueue_free_slots(v->tx) < MIN(TX_ROOM, virtqueue_size(v->tx)))
        return;
    virtqueue_irq_disable(v->tx);
    v->tx_full = false;
    netif_tx_room(&v->dev);
}

static bool net_poll(struct netdev *d, unsigned budget)
{
    struct virtio_net *v = d->private;
    unsigned n = 0;
    uint32_t len;
    void *buf;

    if (atomic_load_explicit(&v->config_changed, memory_order_relaxed) &&
        atomic_exchange_explicit(&v->config_changed, false,
                                 memory_order_acquire))
        read_link(v);
    if (unlikely(v->tx_full))
        tx_poll(v);
    while (n < budget && (buf = virtqueue_get(v->rx, &len))) {
        n++;
        take(v, buf, len);
    }
    if (n)
        refill(v);
    if (n == budget)
        return true;
    if (!virtqueue_irq_enable(v->rx))
        return false;
    virtqueue_irq_disable(v->rx);
    return true;
}

/* --- sending ----------------------------------------------------------- */

/* What was not shown to the device yet cannot finish. */
static bool tx_slot(struct virtio_net *v)
{
    if (virtqueue_free_slots(v->tx) < TX_RECLAIM)
        reclaim(v);
    if (likely(virtqueue_free_slots(v->tx)))
        return true;
    virtqueue_kick(v->tx);
    if (tx_wait(v))
        return true;
    v->tx_full = true;
    return false;
}

static int net_transmit(struct netdev *d, const struct net_piece *p, unsigned n,
                        unsigned csum_start, unsigned csum_offset)
{
    struct virtio_net *v = d->private;
    uint32_t len = HDR_LEN;

    if (!tx_slot(v))
        return -ENOBUFS;
    uint8_t *buf = slab_alloc(buffers, ALLOC_NOWAIT);
    if (!buf)
        return -ENOBUFS;
    struct virtio_net_hdr_v1 *h = memset(buf, 0, HDR_LEN);
    if (csum_start) {
        h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h->csum_start = (uint16_t)csum_start;
        h->csum_offset = (uint16_t)csum_offset;
    }
    for (unsigned i = 0; i < n; i++) {
        if (p[i].len > BUF_SIZE - len)
            goto drop;
        memcpy(buf + len, p[i].data, p[i].len);
        len += p[i].len;
    }
    struct virtq_buf b = {virt_to_phys(buf), len};
    if (!virtqueue_add(v->tx, &b, 1, 0, buf))
        return 0;
drop:
    buffer_free(buf);
    return -ENOBUFS;
}

static void net_flush(struct netdev *d)
{
    struct virtio_net *v = d->private;

    virtqueue_kick(v->tx);
}

static const struct netdev_ops net_ops = {
    .transmit = net_transmit,
    .poll = net_poll,
    .flush = net_flush,
};

/* --- start-up ---------------------------------------------------------- */

static void read_mac(struct virtio_net *v)
{
    uint8_t *mac = v->dev.mac;

    if (virtio_has(v->device, VIRTIO_NET_F_MAC)) {
        v->device->ops->read_config(v->device, 0, mac, 6);
        return;
    }
    random_bytes(mac, 6);
    mac[0] = (uint8_t)((mac[0] & 0xfc) | 2); /* locally administered */
}

static unsigned rx_target(struct virtio_net *v)
{
    struct memory_stats mem;

    memory_stats(&mem);
    return MIN(virtqueue_size(v->rx),
               mem.total < SMALL_PAGES ? (unsigned)RX_SMALL : (unsigned)RX_MAX);
}

static int net_probe(struct virtio_device *d)
{
    struct virtio_net *v = kzalloc(sizeof(*v), 0);

    if (!v)
        return -ENOMEM;
    if (!buffers)
        buffers = slab_cache_create("virtio-net", BUF_SIZE, 64);
    v->device = d;
    v->rx = virtqueue_create(d, QUEUE_RX, RX_MAX, rx_irq, v);
    v->tx = v->rx ? virtqueue_create(d, QUEUE_TX, TX_MAX, tx_irq, v) : NULL;
    if (!v->tx) {
        virtio_reset(d);
        kfree(v);
        return -EIO;
    }
    virtqueue_irq_disable(v->tx);
    v->dev.mtu = MTU;
    v->dev.tx_csum = virtio_has(d, VIRTIO_NET_F_CSUM);
    v->dev.rx_csum = virtio_has(d, VIRTIO_NET_F_GUEST_CSUM);
    v->dev.ops = &net_ops;
    v->dev.private = v;
    v->rx_target = rx_target(v);
    read_mac(v);
    int rc = net_register(&v->dev);
    if (rc)
        return rc;
    virtio_driver_ok(d);
    d->private = v;
    net_lock();
    read_link(v);
    refill(v);
    bool more = virtqueue_irq_enable(v->rx);
    net_unlock();
    if (more)
        softirq_raise(SOFTIRQ_NET);
    return 0;
}

const struct virtio_driver virtio_net_driver = {
    .name = "virtio-net",
    .id = 1,
    .features = 1ull << VIRTIO_NET_F_CSUM | 1ull << VIRTIO_NET_F_GUEST_CSUM |
                1ull << VIRTIO_NET_F_MAC | 1ull << VIRTIO_NET_F_STATUS,
    .probe = net_probe,
    .config_changed = config_irq,
};
