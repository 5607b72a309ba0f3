/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtqueue.c - split virtqueues (VIRTIO 1.2, section 2.7).
 *
 * The driver fills descriptors and publishes chain heads in the available
 * ring; the device answers in the used ring. Both indexes count up freely
 * modulo 2^16.
 *
 * Ordering. Device and driver are two processors that share memory:
 *  - virtqueue_kick() makes the descriptors and ring entries visible before
 *    avail->idx (release store; pairs with the device's acquire), then needs a
 *    full barrier before it reads whether the device wants a notification:
 *    otherwise both could see the other's old value and the device would sleep
 *    with work waiting (section 2.7.13.4.1);
 *  - virtqueue_get() reads used->idx with acquire before the entry and the
 *    data it announces;
 *  - virtqueue_irq_enable() stores the wish for an interrupt, full barrier,
 *    then looks whether something arrived before the device saw the wish.
 *
 * Locking: the driver's (see dev/virtio.h).
 *
 * Trust: see struct virtq_slot. Answers are checked against what was offered;
 * a device that fails is not used any more.
 */
#include "dev/virtio/virtqueue.h"

#include "arch/x86_64/arch.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"

static uint16_t load_acquire(const __virtio16 *p)
{
    return __atomic_load_n((const uint16_t *)p, __ATOMIC_ACQUIRE);
}

static void store_release(__virtio16 *p, uint16_t v)
{
    __atomic_store_n((uint16_t *)p, v, __ATOMIC_RELEASE);
}

/* With EVENT_IDX the word after each ring is the other side's wish: the index
 * whose passing it wants to hear of (section 2.7.7.1 and 2.7.10). */
static __virtio16 *used_event(struct virtqueue *q)
{
    return &q->avail->ring[q->size];
}

static __virtio16 *avail_event(struct virtqueue *q)
{
    return (__virtio16 *)&q->used->ring[q->size];
}

static size_t avail_offset(unsigned size)
{
    return sizeof(struct vring_desc) * size;
}

static size_t used_offset(unsigned size)
{
    return ALIGN_UP(avail_offset(size) + 2 * (3 + (size_t)size), 64ul);
}

size_t virtqueue_ring_bytes(unsigned size)
{
    return used_offset(size) + 6 + sizeof(struct vring_used_elem) * size;
}

void virtqueue_init(struct virtqueue *q, unsigned size, bool event_idx,
                    void *ring, paddr_t pa)
{
    char *base = ring;

    q->size = size;
    q->event_idx = event_idx;
    q->desc = ring;
    q->avail = (struct vring_avail *)(base + avail_offset(size));
    q->used = (struct vring_used *)(base + used_offset(size));
    q->desc_pa = pa;
    q->avail_pa = pa + avail_offset(size);
    q->used_pa = pa + used_offset(size);
    q->free_head = 0;
    q->free_count = (uint16_t)size;
    for (unsigned i = 0; i < size; i++)
        q->slots[i].next = (uint16_t)(i + 1);
}

static unsigned order_of(size_t bytes)
{
    unsigned order = 0;

    while ((PAGE_SIZE << order) < bytes)
        order++;
    return order;
}

/* Largest power of two not above (n), the cap, or (wanted). */
static unsigned queue_size(unsigned n, unsigned wanted)
{
    unsigned limit = MIN(n, MIN(wanted, (unsigned)VIRTQUEUE_MAX));
    unsigned size = 1;

    while (size * 2 <= limit)
        size *= 2;
    return size;
}

struct virtqueue *virtqueue_create(struct virtio_device *d, unsigned index,
                                   unsigned max_size, void (*irq)(void *),
                                   void *arg)
{
    unsigned offered, size;

    if (index >= ARRAY_SIZE(d->queues) || d->queues[index])
        return NULL;
    offered = d->ops->queue_size(d, index);
    if (!offered || !max_size)
        return NULL;
    size = queue_size(offered, max_size);
    struct virtqueue *q =
        kzalloc(sizeof(*q) + size * sizeof(struct virtq_slot), 0);
    struct page *p =
        page_alloc(order_of(virtqueue_ring_bytes(size)), ALLOC_ZERO);
    if (!q || !p)
        goto fail;
    q->device = d;
    q->index = index;
    q->irq = irq;
    q->irq_arg = arg;
    virtqueue_init(q, size, d->features >> VIRTIO_RING_F_EVENT_IDX & 1,
                   page_virt(p), page_paddr(p));
    if (!irq)
        virtqueue_irq_disable(q);
    /* Visible to a shared interrupt handler before the device can use it. */
    __atomic_store_n(&d->queues[index], q, __ATOMIC_RELEASE);
    if (!d->ops->setup_queue(d, index, q))
        return q;
    d->queues[index] = NULL;
fail:
    if (p)
        page_put(p);
    kfree(q);
    return NULL;
}

static void write_desc(struct vring_desc *d, const struct virtq_buf *b,
                       bool writable, bool last, uint16_t next)
{
    d->addr = b->pa;
    d->len = b->len;
    d->flags =
        (writable ? VRING_DESC_F_WRITE : 0) | (last ? 0 : VRING_DESC_F_NEXT);
    d->next = next;
}

int virtqueue_add(struct virtqueue *q, const struct virtq_buf *b, unsigned out,
                  unsigned in, void *token)
{
    unsigned n = out + in;
    uint16_t head = q->free_head, at = head;
    uint64_t in_len = 0;

    DASSERT(token && n);
    if (n > q->free_count || q->broken)
        return -ENOSPC;
    for (unsigned i = 0; i < n; i++) {
        uint16_t next = q->slots[at].next;
        write_desc(&q->desc[at], &b[i], i >= out, i == n - 1, next);
        if (i >= out)
            in_len += b[i].len;
        q->free_head = next;
        at = next;
    }
    q->free_count -= (uint16_t)n;
    q->slots[head].token = token;
    q->slots[head].count = (uint16_t)n;
    q->slots[head].in_len = (uint32_t)MIN(in_len, (uint64_t)UINT32_MAX);
    q->avail->ring[q->avail_idx & (q->size - 1)] = head;
    q->avail_idx++;
    return 0;
}

/* Section 2.7.10: the wish (event) lies in the range just published. */
static bool event_passed(uint16_t event, uint16_t new_idx, uint16_t old_idx)
{
    return (uint16_t)(new_idx - event - 1) < (uint16_t)(new_idx - old_idx);
}

void virtqueue_kick(struct virtqueue *q)
{
    uint16_t old = q->kicked_idx;
    bool wanted;

    if (q->avail_idx == old || q->broken)
        return;
    store_release(&q->avail->idx, q->avail_idx);
    q->kicked_idx = q->avail_idx;
    arch_device_barrier();
    if (q->event_idx)
        wanted = event_passed(load_acquire(avail_event(q)), q->avail_idx, old);
    else
        wanted = !(load_acquire(&q->used->flags) & VRING_USED_F_NO_NOTIFY);
    if (wanted)
        q->device->ops->notify(q->device, q);
}

static void *device_nonsense(struct virtqueue *q, const char *what,
                             uint32_t value)
{
    q->broken = true;
    kerr("%s: queue %u: device answers nonsense (%s %u): not used any more",
         q->device->name, q->index, what, value);
    return NULL;
}

/* Give the chain's descriptors back to the free list. */
static void chain_free(struct virtqueue *q, uint16_t head)
{
    uint16_t last = head;

    for (unsigned i = 1; i < q->slots[head].count; i++)
        last = q->slots[last].next;
    q->slots[last].next = q->free_head;
    q->free_head = head;
    q->free_count += q->slots[head].count;
    q->slots[head].token = NULL;
}

void *virtqueue_get(struct virtqueue *q, uint32_t *len)
{
    uint16_t idx = load_acquire(&q->used->idx);
    uint16_t pending = (uint16_t)(idx - q->used_idx);
    volatile struct vring_used_elem *e;

    if (q->broken || !pending)
        return NULL;
    if (pending > (uint16_t)(q->kicked_idx - q->used_idx))
        return device_nonsense(q, "index", idx);
    /* Each field is read once: the device may change it at any time. */
    e = &q->used->ring[q->used_idx & (q->size - 1)];
    uint32_t id = e->id, n = e->len;
    if (id >= q->size || !q->slots[id].token)
        return device_nonsense(q, "id", id);
    if (n > q->slots[id].in_len)
        return device_nonsense(q, "length", n);
    void *token = q->slots[id].token;
    chain_free(q, (uint16_t)id);
    q->used_idx++;
    if (len)
        *len = n;
    return token;
}

unsigned virtqueue_free_slots(struct virtqueue *q)
{
    return q->broken ? 0 : q->free_count;
}

unsigned virtqueue_size(struct virtqueue *q)
{
    return q->size;
}

/* A hint only. With EVENT_IDX the wish is not renewed, so that at most the
 * interrupt already asked for comes. */
void virtqueue_irq_disable(struct virtqueue *q)
{
    q->irq_off = true;
    if (!q->event_idx)
        q->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
    else if (q->used_idx == 0 && q->avail_idx == 0)
        *used_event(q) = UINT16_MAX; /* polled queue: 65536 answers away */
}

bool virtqueue_irq_enable(struct virtqueue *q)
{
    q->irq_off = false;
    if (q->event_idx)
        *used_event(q) = q->used_idx;
    else
        q->avail->flags = 0;
    arch_device_barrier();
    return load_acquire(&q->used->idx) != q->used_idx && !q->broken;
}

bool virtqueue_broken(struct virtqueue *q)
{
    return q->broken;
}
