/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cred.c - user and group ids (credentials(7)).
 *
 * They belong to the process. (On Linux each thread has its own, and libc
 * changes them in all threads by a signal; here the second and later threads
 * find nothing left to change, with the same result.) Capabilities follow
 * effective uid 0: all or none.
 */
#include <linux/capability.h>

#include "lib/string.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

#define KEEP UINT32_MAX /* (uid_t)-1: leave as it is */

/* Real, effective and saved id, of user or group. */
struct ids {
    uint32_t *r, *e, *s, *fs;
};

static struct ids uids(struct process *p)
{
    return (struct ids){&p->uid, &p->euid, &p->suid, &p->fsuid};
}

static struct ids gids(struct process *p)
{
    return (struct ids){&p->gid, &p->egid, &p->sgid, &p->fsgid};
}

static bool privileged(const struct process *p)
{
    return p->euid == 0;
}

static bool is_one_of(const struct ids *i, uint32_t id)
{
    return id == *i->r || id == *i->e || id == *i->s;
}

static int set_one(struct process *p, struct ids i, uint32_t id)
{
    if (id == KEEP)
        return -EINVAL;
    if (privileged(p))
        *i.r = *i.s = id;
    else if (id != *i.r && id != *i.s)
        return -EPERM;
    *i.e = *i.fs = id;
    return 0;
}

static int set_re(struct process *p, struct ids i, uint32_t r, uint32_t e)
{
    uint32_t old_r = *i.r;

    if (!privileged(p)) {
        if (r != KEEP && r != *i.r && r != *i.e)
            return -EPERM;
        if (e != KEEP && !is_one_of(&i, e))
            return -EPERM;
    }
    if (r != KEEP)
        *i.r = r;
    if (e != KEEP)
        *i.e = e;
    if (r != KEEP || (e != KEEP && e != old_r))
        *i.s = *i.e;
    *i.fs = *i.e;
    return 0;
}

static int set_res(struct process *p, struct ids i, uint32_t r, uint32_t e,
                   uint32_t s)
{
    if (!privileged(p) &&
        ((r != KEEP && !is_one_of(&i, r)) || (e != KEEP && !is_one_of(&i, e)) ||
         (s != KEEP && !is_one_of(&i, s))))
        return -EPERM;
    if (r != KEEP)
        *i.r = r;
    if (e != KEEP)
        *i.e = e;
    if (s != KEEP)
        *i.s = s;
    *i.fs = *i.e;
    return 0;
}

static long set_fs(struct process *p, struct ids i, uint32_t id)
{
    uint32_t old = *i.fs;

    if (id != KEEP && (privileged(p) || is_one_of(&i, id) || id == old))
        *i.fs = id;
    return old;
}

/* Run (expr) on the caller's ids under the lock that covers them. */
#define WITH_IDS(expr)                                                         \
    ({                                                                         \
        struct process *p = current_process();                                 \
        long _rc;                                                              \
        spin_lock(&p->siglock);                                                \
        _rc = (expr);                                                          \
        spin_unlock(&p->siglock);                                              \
        _rc;                                                                   \
    })

long sys_setuid(unsigned id)
{
    return WITH_IDS(set_one(p, uids(p), id));
}

long sys_setgid(unsigned id)
{
    return WITH_IDS(set_one(p, gids(p), id));
}

long sys_setreuid(unsigned r, unsigned e)
{
    return WITH_IDS(set_re(p, uids(p), r, e));
}

long sys_setregid(unsigned r, unsigned e)
{
    return WITH_IDS(set_re(p, gids(p), r, e));
}

long sys_setresuid(unsigned r, unsigned e, unsigned s)
{
    return WITH_IDS(set_res(p, uids(p), r, e, s));
}

long sys_setresgid(unsigned r, unsigned e, unsigned s)
{
    return WITH_IDS(set_res(p, gids(p), r, e, s));
}

long sys_setfsuid(unsigned id)
{
    return WITH_IDS(set_fs(p, uids(p), id));
}

long sys_setfsgid(unsigned id)
{
    return WITH_IDS(set_fs(p, gids(p), id));
}

long sys_getuid(void)
{
    return current_process()->uid;
}

long sys_geteuid(void)
{
    return current_process()->euid;
}

long sys_getgid(void)
{
    return current_process()->gid;
}

long sys_getegid(void)
{
    return current_process()->egid;
}

static long put_ids(struct ids i, unsigned __user *r, unsigned __user *e,
                    unsigned __user *s)
{
    if (put_user(*i.r, r) || put_user(*i.e, e) || put_user(*i.s, s))
        return -EFAULT;
    return 0;
}

long sys_getresuid(unsigned __user *r, unsigned __user *e, unsigned __user *s)
{
    return put_ids(uids(current_process()), r, e, s);
}

long sys_getresgid(unsigned __user *r, unsigned __user *e, unsigned __user *s)
{
    return put_ids(gids(current_process()), r, e, s);
}

long sys_getgroups(int n, unsigned __user *list)
{
    struct process *p = current_process();
    uint32_t groups[ARRAY_SIZE(p->groups)];
    unsigned have;

    if (n < 0)
        return -EINVAL;
    spin_lock(&p->siglock);
    have = p->ngroups;
    memcpy(groups, p->groups, sizeof(groups));
    spin_unlock(&p->siglock);
    if (!n)
        return have;
    if ((unsigned)n < have)
        return -EINVAL;
    return copy_to_user(list, groups, have * sizeof(*groups)) ? -EFAULT
                                                              : (long)have;
}

/* Linux takes 65536 of them; here there is room for 32. */
long sys_setgroups(int n, const unsigned __user *list)
{
    struct process *p = current_process();
    uint32_t groups[ARRAY_SIZE(p->groups)];

    if (!privileged(p))
        return -EPERM;
    if (n < 0 || (unsigned)n > ARRAY_SIZE(groups))
        return -EINVAL;
    if (copy_from_user(groups, list, (size_t)n * sizeof(*groups)))
        return -EFAULT;
    spin_lock(&p->siglock);
    memcpy(p->groups, groups, (size_t)n * sizeof(*groups));
    p->ngroups = (unsigned)n;
    spin_unlock(&p->siglock);
    return 0;
}

/* --- capabilities -------------------------------------------------------- */

#define CAPS_ALL ((1ul << (CAP_LAST_CAP + 1)) - 1)

/* Number of 32-bit words per set for a header version, or -EINVAL, when the
 * version we prefer is written back. */
static int caps_words(struct __user_cap_header_struct __user *uhdr, int *pid)
{
    struct __user_cap_header_struct h;

    if (copy_from_user(&h, uhdr, sizeof(h)))
        return -EFAULT;
    *pid = h.pid;
    switch (h.version) {
    case _LINUX_CAPABILITY_VERSION_1:
        return 1;
    case _LINUX_CAPABILITY_VERSION_2:
    case _LINUX_CAPABILITY_VERSION_3:
        return 2;
    }
    if (put_user((uint32_t)_LINUX_CAPABILITY_VERSION_3, &uhdr->version))
        return -EFAULT;
    return -EINVAL;
}

static uint64_t caps_of(const struct process *p)
{
    return p->euid == 0 ? CAPS_ALL : 0;
}

long sys_capget(void __user *hdr, void __user *data)
{
    struct __user_cap_data_struct d[2];
    struct process *p;
    int pid, words = caps_words(hdr, &pid);
    uint64_t caps;

    if (!data && (words > 0 || words == -EINVAL))
        return 0; /* only the version was asked for */
    if (words < 0)
        return words;
    if (pid < 0)
        return -EINVAL;
    p = process_find(pid ? pid : current_process()->pid);
    if (!p)
        return -ESRCH;
    caps = caps_of(p);
    process_put(p);
    for (int i = 0; i < 2; i++) {
        uint32_t w = (uint32_t)(caps >> (32 * i));
        d[i] = (struct __user_cap_data_struct){w, w, 0};
    }
    return copy_to_user(data, d, (size_t)words * sizeof(*d));
}

/* Setting what holds already is fine; a part of root's power cannot be had. */
long sys_capset(void __user *hdr, const void __user *data)
{
    struct __user_cap_data_struct d[2] = {{0}};
    int pid, words = caps_words(hdr, &pid);
    uint64_t caps = caps_of(current_process()), effective, permitted;

    if (words < 0)
        return words;
    if (copy_from_user(d, data, (size_t)words * sizeof(*d)))
        return -EFAULT;
    if (pid && pid != current_process()->pid && pid != current->tid)
        return -EPERM;
    if (words == 1)
        caps &= UINT32_MAX;
    effective = d[0].effective | (uint64_t)d[1].effective << 32;
    permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
    return (effective & CAPS_ALL) == caps && (permitted & CAPS_ALL) == caps
               ? 0
               : -EPERM;
}
