/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtq_fuzz.c - a virtqueue and a device that writes anything anywhere in the
 * rings. Whatever it does, each token comes back at most once, no longer than
 * offered, and nothing outside the queue is touched (ASan looks on).
 */
#include "fuzz.h"
#include "virtq_model.h"

extern bool fake_log_quiet;

#define TOKENS 256

struct token {
    bool out; /* at the device */
    uint32_t in_len;
};

static struct token tokens[TOKENS];

static void driver_add(struct model *m)
{
    struct virtq_buf b[6];
    unsigned out = (unsigned)(fuzz_random() % 3);
    unsigned in = 1 + (unsigned)(fuzz_random() % 3);
    struct token *t = &tokens[fuzz_random() % TOKENS];

    if (t->out)
        return;
    t->in_len = 0;
    for (unsigned i = 0; i < out + in; i++) {
        b[i] =
            (struct virtq_buf){fuzz_random(), (uint32_t)(fuzz_random() % 5000)};
        if (i >= out)
            t->in_len += b[i].len;
    }
    t->out = !virtqueue_add(m->q, b, out, in, t);
}

static void driver_get(struct model *m)
{
    uint32_t len;
    struct token *t = virtqueue_get(m->q, &len);

    if (!t)
        return;
    if (t < tokens || t >= tokens + TOKENS || !t->out || len > t->in_len)
        abort();
    t->out = false;
}

/* Mostly answer properly, so that the queue lives for a while. */
static void device_step(struct model *m)
{
    uint16_t *words = (uint16_t *)m->q->desc;
    size_t n = virtqueue_ring_bytes(m->q->size) / 2;
    int head;

    switch (fuzz_random() % 64) {
    case 0:
        words[fuzz_random() % n] = (uint16_t)fuzz_random();
        break;
    case 1:
        model_answer(m, (uint32_t)(fuzz_random() % (2 * m->q->size)),
                     (uint32_t)(fuzz_random() % 20000));
        break;
    case 2:
        m->q->used->idx = m->used_idx = (uint16_t)fuzz_random();
        break;
    default:
        head = model_take(m);
        if (head >= 0)
            model_answer(m, (uint32_t)head, 0);
    }
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 1000;
    struct model m = {0};

    fake_log_quiet = true;
    for (long r = 0; r < rounds; r++) {
        if (!m.q || virtqueue_broken(m.q) || r % 5000 == 0) {
            if (m.q)
                model_free(&m);
            memset(tokens, 0, sizeof(tokens));
            model_init(&m, 1u << (2 + fuzz_random() % 7), fuzz_random() % 2);
        }
        driver_add(&m);
        if (fuzz_random() % 2)
            virtqueue_kick(m.q);
        device_step(&m);
        driver_get(&m);
        virtqueue_irq_enable(m.q);
    }
    model_free(&m);
    return 0;
}
