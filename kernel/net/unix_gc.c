/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_gc.c - sockets that only live in each other's queues.
 *
 * A descriptor sent over a socket and not yet received is a reference from
 * that socket's queue. Sockets can refer to each other in a ring this way,
 * with no descriptor left anywhere. Nothing tells when that happens; as in
 * Linux, they are looked for whenever some other socket is closed while sockets
 * are in flight:
 *
 *  1. Candidates are those all of whose file references are in messages.
 *  2. Subtract what candidates' queues hold of each: who has some left is
 *     referred to from outside, and so is everything reachable from its queue.
 *  3. The queues of the rest are emptied, which lets their files go.
 *
 * Nobody can gain a descriptor to a candidate meanwhile: it would have to be
 * received from a queue, under unix_lock.
 */
#include "net/unix_sock.h"

static struct list inflight = LIST_HEAD_INIT(inflight);
static unsigned total;

static struct unix_sock *file_unix(const struct file *f)
{
    struct socket *s = file_socket(f);

    return s && s->family == AF_UNIX ? unix_sk(s) : NULL;
}

void unix_inflight(struct file *f, int by)
{
    struct unix_sock *u = file_unix(f);

    if (!u)
        return;
    if (!u->inflight)
        list_add_tail(&inflight, &u->inflight_link);
    u->inflight += (unsigned)by;
    total += (unsigned)by;
    if (!u->inflight)
        list_del_init(&u->inflight_link);
}

typedef void visit_fn(struct unix_sock *u);

static void visit_queue(struct list *queue, visit_fn *fn)
{
    struct unix_msg *m;

    list_for_each (m, queue, link)
        for (unsigned i = 0; i < m->nr_files; i++) {
            struct unix_sock *u = file_unix(m->files[i]);
            if (u)
                fn(u);
        }
}

/* All that (u) holds in its queue, and a listener in its embryos'. */
static void visit_children(struct unix_sock *u, visit_fn *fn)
{
    struct unix_sock *e;

    visit_queue(&u->queue, fn);
    list_for_each (e, &u->embryos, embryo_link)
        visit_queue(&e->queue, fn);
}

static void subtract(struct unix_sock *u)
{
    if (u->gc_count >= 0)
        u->gc_count--;
}

static bool marked_some;

static void mark(struct unix_sock *u)
{
    if (!u->gc_live && u->gc_count >= 0) {
        u->gc_live = true;
        marked_some = true;
    }
}

static bool is_garbage(const struct unix_sock *u)
{
    return u->gc_count >= 0 && !u->gc_live;
}

static void find_candidates(void)
{
    struct unix_sock *u;

    list_for_each (u, &inflight, inflight_link) {
        uint32_t refs = u->s.file ? atomic_load(&u->s.file->refs) : 0;
        u->gc_count = refs == u->inflight ? (int)refs : -1;
        u->gc_live = false;
    }
    list_for_each (u, &inflight, inflight_link)
        if (u->gc_count >= 0)
            visit_children(u, subtract);
}

static void find_live(void)
{
    struct unix_sock *u;

    list_for_each (u, &inflight, inflight_link)
        if (u->gc_count > 0)
            u->gc_live = true;
    do {
        marked_some = false;
        list_for_each (u, &inflight, inflight_link)
            if (u->gc_live)
                visit_children(u, mark);
    } while (marked_some);
}

void unix_gc(struct list *garbage)
{
    struct unix_sock *u, *e;

    if (!total)
        return;
    find_candidates();
    find_live();
    list_for_each (u, &inflight, inflight_link) {
        if (!is_garbage(u))
            continue;
        list_splice_tail(garbage, &u->queue);
        u->nr_queued = 0;
        u->rx_bytes = 0;
        list_for_each (e, &u->embryos, embryo_link) {
            list_splice_tail(garbage, &e->queue);
            e->nr_queued = 0;
            e->rx_bytes = 0;
        }
    }
}
