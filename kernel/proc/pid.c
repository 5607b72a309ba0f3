/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pid.c - numbers of threads, processes, groups and sessions.
 *
 * A table in two levels: 64 leaves of 512 pointers, made when first used, so
 * that looking one up and finding the next one in order are both plain array
 * accesses. Numbers are given out in order and start again at PID_LOW, so that
 * one is not reused soon.
 */
#include "lib/log.h"
#include "mem/slab.h"
#include "proc/proc_priv.h"

#define LEAF_SIZE 512
#define PID_LOW   300 /* after a wrap, as Linux: leaves the first to daemons */

struct spinlock proc_tree_lock = SPINLOCK_INIT(RANK_PROC_TREE);

static struct pid **leaves[PID_MAX / LEAF_SIZE]; /* T */
static pid_t last_pid;                           /* T */

static struct pid **slot(pid_t nr)
{
    struct pid **leaf;

    if (nr <= 0 || nr >= PID_MAX)
        return NULL;
    leaf = leaves[nr / LEAF_SIZE];
    return leaf ? &leaf[nr % LEAF_SIZE] : NULL;
}

struct pid *pid_find(pid_t nr)
{
    struct pid **s = slot(nr);

    return s ? *s : NULL;
}

/* The next free number after (last_pid), or 0. */
static pid_t find_free(void)
{
    pid_t nr = last_pid;

    for (int tries = 0; tries < PID_MAX; tries++) {
        if (++nr >= PID_MAX)
            nr = PID_LOW;
        if (!pid_find(nr))
            return nr;
    }
    return 0;
}

static bool enter(struct pid *pid)
{
    pid_t nr = find_free();
    struct pid ***leaf = &leaves[nr / LEAF_SIZE];

    if (!nr)
        return false;
    if (!*leaf) /* under a spinlock: what there is, or nothing */
        *leaf = kzalloc(LEAF_SIZE * sizeof(**leaf), ALLOC_NOWAIT);
    if (!*leaf)
        return false;
    pid->nr = last_pid = nr;
    *slot(nr) = pid;
    return true;
}

static struct slab_kind pid_kind = SLAB_KIND("pid", struct pid);

struct pid *pid_alloc(void)
{
    struct pid *pid = slab_kind_alloc(&pid_kind, 0);
    bool ok;

    if (!pid)
        return NULL;
    list_init(&pid->group);
    spin_lock(&proc_tree_lock);
    ok = enter(pid);
    spin_unlock(&proc_tree_lock);
    if (ok)
        return pid;
    kfree(pid);
    return NULL;
}

void pid_release(struct pid *pid)
{
    if (pid->thread || pid->process || pid->sessions ||
        !list_empty(&pid->group))
        return;
    *slot(pid->nr) = NULL;
    kfree(pid);
}

pid_t pid_last(void)
{
    return last_pid;
}

struct process *pid_next_process(pid_t from)
{
    pid_t nr = MAX(from, 1);

    while (nr < PID_MAX) {
        struct pid **s = slot(nr);
        if (!s) {
            nr = ALIGN_DOWN(nr, LEAF_SIZE) + LEAF_SIZE;
            continue;
        }
        if (*s && (*s)->process)
            return (*s)->process;
        nr++;
    }
    return NULL;
}
