/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtqueue_test.c - a virtqueue and a device that keeps the rules, and the
 * first few ways to break them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "virtq_model.h"

#include "lib/errno.h"

extern bool fake_log_quiet;

static int tokens[1024];

static int add(struct virtqueue *q, int i, unsigned out, unsigned in)
{
    struct virtq_buf b[8];

    for (unsigned k = 0; k < out + in; k++)
        b[k] = (struct virtq_buf){0x1000u * (unsigned)i + k, 100};
    return virtqueue_add(q, b, out, in, &tokens[i]);
}

static void test_chain_layout(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 8, false);
    assert_int_equal(virtqueue_size(m.q), 8);
    assert_int_equal(add(m.q, 1, 1, 2), 0);
    assert_int_equal(m.q->avail->idx, 0); /* not before the kick */
    virtqueue_kick(m.q);
    assert_int_equal(m.notified, 1);
    int head = model_take(&m);
    struct vring_desc *d = &m.q->desc[head];
    assert_int_equal(d->addr, 0x1000);
    assert_int_equal(d->flags, VRING_DESC_F_NEXT);
    d = &m.q->desc[d->next];
    assert_int_equal(d->flags, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
    d = &m.q->desc[d->next];
    assert_int_equal(d->flags, VRING_DESC_F_WRITE);
    uint32_t len = 0;
    assert_null(virtqueue_get(m.q, &len));
    model_answer(&m, (uint32_t)head, 200);
    assert_ptr_equal(virtqueue_get(m.q, &len), &tokens[1]);
    assert_int_equal(len, 200);
    assert_int_equal(virtqueue_free_slots(m.q), 8);
    model_free(&m);
}

/* Many times around the ring and the 16-bit index, answers out of order. */
static void run_long(bool event_idx)
{
    struct model m;
    int heads[4];

    model_init(&m, 16, event_idx);
    for (int round = 0; round < 30000; round++) {
        for (int k = 0; k < 4; k++)
            assert_int_equal(add(m.q, k, 1, 3), 0);
        assert_int_equal(add(m.q, 9, 1, 0), -ENOSPC);
        virtqueue_kick(m.q);
        for (int k = 0; k < 4; k++)
            heads[k] = model_take(&m);
        assert_int_equal(model_take(&m), -1);
        unsigned seen = 0;
        for (int k = 0; k < 4; k++) {
            model_answer(&m, (uint32_t)heads[(k * 3 + round) % 4], 0);
            int *t = virtqueue_get(m.q, NULL);
            assert_non_null(t);
            seen |= 1u << (t - tokens);
        }
        assert_int_equal(seen, 15);
        assert_false(virtqueue_irq_enable(m.q));
    }
    model_free(&m);
}

static void test_long(void **state)
{
    (void)state;
    run_long(false);
    run_long(true);
}

/* Notifications are left out where the device says so, and only there. */
static void test_suppression(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 8, false);
    m.q->used->flags = VRING_USED_F_NO_NOTIFY;
    add(m.q, 1, 1, 0);
    virtqueue_kick(m.q);
    assert_int_equal(m.notified, 0);
    virtqueue_kick(m.q); /* nothing new */
    m.q->used->flags = 0;
    virtqueue_kick(m.q);
    assert_int_equal(m.notified, 0);
    add(m.q, 2, 1, 0);
    virtqueue_kick(m.q);
    assert_int_equal(m.notified, 1);
    model_free(&m);

    model_init(&m, 8, true);
    __virtio16 *avail_event = (__virtio16 *)&m.q->used->ring[8];
    *avail_event = 1; /* wants to hear of the second */
    add(m.q, 1, 1, 0);
    virtqueue_kick(m.q);
    assert_int_equal(m.notified, 0);
    add(m.q, 2, 1, 0);
    virtqueue_kick(m.q);
    assert_int_equal(m.notified, 1);
    model_free(&m);
}

static void test_nonsense(void **state)
{
    static const struct {
        uint32_t id, len;
    } bad[] = {{8, 0}, {0xffffffff, 0}, {5, 0}, {0, 1000}};

    (void)state;
    fake_log_quiet = true;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct model m;
        model_init(&m, 8, false);
        add(m.q, 1, 0, 1);
        virtqueue_kick(m.q);
        model_answer(&m, bad[i].id, bad[i].len);
        assert_null(virtqueue_get(m.q, NULL));
        assert_true(virtqueue_broken(m.q));
        assert_int_equal(add(m.q, 2, 1, 0), -ENOSPC);
        model_free(&m);
    }
    struct model m;
    model_init(&m, 8, false);
    m.q->used->idx = 3; /* more answers than questions */
    assert_null(virtqueue_get(m.q, NULL));
    assert_true(virtqueue_broken(m.q));
    model_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_layout),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_suppression),
        cmocka_unit_test(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
