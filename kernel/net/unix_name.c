/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_name.c - names of AF_UNIX sockets.
 *
 * A path name is a socket inode in some file system, whose (bound_socket) is
 * the socket while it lives. Abstract names (first byte NUL) exist only here.
 */
#include "net/unix_sock.h"

#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define PATH_OFF  offsetof(struct sockaddr_un, sun_path)
#define PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

#define HASH_BITS 10
static struct unix_sock *abstract_names[1u << HASH_BITS]; /* unix_lock */

struct unix_name *unix_name_get(struct unix_name *n)
{
    if (n)
        atomic_fetch_add_explicit(&n->refs, 1, memory_order_relaxed);
    return n;
}

void unix_name_put(struct unix_name *n)
{
    if (n && atomic_fetch_sub_explicit(&n->refs, 1, memory_order_acq_rel) == 1)
        kfree(n);
}

/* Check an address and put it in its canonical form: a path ends in one NUL
 * that counts. 0 or -EINVAL. */
static int name_parse(struct unix_name *n, const void *addr, unsigned len)
{
    if (len < PATH_OFF || len > sizeof(n->addr))
        return -EINVAL;
    memset(&n->addr, 0, sizeof(n->addr));
    memcpy(&n->addr, addr, len);
    if (n->addr.sun_family != AF_UNIX)
        return -EINVAL;
    n->len = len;
    if (len > PATH_OFF && n->addr.sun_path[0])
        n->len = (unsigned)(PATH_OFF +
                            strnlen(n->addr.sun_path, len - PATH_OFF) + 1);
    return 0;
}

static bool is_path(const struct unix_name *n)
{
    return n->len > PATH_OFF && n->addr.sun_path[0];
}

/* (n->addr) has no room for the NUL of a path of full length. */
static void path_copy(char out[PATH_SIZE + 1], const struct unix_name *n)
{
    size_t len = strnlen(n->addr.sun_path, PATH_SIZE);

    memcpy(out, n->addr.sun_path, len);
    out[len] = '\0';
}

/* --- abstract names; lock held ----------------------------------------- */

static struct unix_sock **abstract_slot(const struct unix_name *n)
{
    uint32_t hash = name_hash((const char *)&n->addr, n->len);

    return &abstract_names[(hash * 0x9e3779b1u) >> (32 - HASH_BITS)];
}

static struct unix_sock *abstract_find(const struct unix_name *n)
{
    for (struct unix_sock *u = *abstract_slot(n); u; u = u->name_next)
        if (u->name->len == n->len && !memcmp(&u->name->addr, &n->addr, n->len))
            return u;
    return NULL;
}

static void abstract_remove(struct unix_sock *u)
{
    struct unix_sock **p = abstract_slot(u->name);

    while (*p != u)
        p = &(*p)->name_next;
    *p = u->name_next;
    u->abstract = false;
}

static int abstract_add(struct unix_sock *u, struct unix_name *n)
{
    if (u->name)
        return -EINVAL;
    if (abstract_find(n))
        return -EADDRINUSE;
    struct unix_sock **slot = abstract_slot(n);
    u->name = n;
    u->name_next = *slot;
    *slot = u;
    u->abstract = true;
    return 0;
}

static int bind_abstract(struct unix_sock *u, struct unix_name *n)
{
    spin_lock(&unix_lock);
    int rc = abstract_add(u, n);
    spin_unlock(&unix_lock);
    return rc;
}

/* unix(7): a NUL and five hexadecimal digits. */
static int autobind(struct unix_sock *u, struct unix_name *n)
{
    uint32_t start = net_random();
    int rc = -EADDRINUSE;

    for (uint32_t i = 0; i < 0x100000 && rc == -EADDRINUSE; i++) {
        char text[8];
        ksnprintf(text, sizeof(text), "%05x", (start + i) & 0xfffff);
        memcpy(n->addr.sun_path + 1, text, 5);
        n->len = PATH_OFF + 6;
        rc = bind_abstract(u, n);
    }
    return rc == -EINVAL ? 0 : rc; /* bound already: nothing to do */
}

/* --- paths ------------------------------------------------------------- */

static int make_inode(const char *path, struct inode **out)
{
    unsigned mode = S_IFSOCK | (0777 & ~current_process()->umask);
    struct entry_name n = {.name = NULL};
    struct dentry *d;
    struct path dir;
    int rc = path_lookup_parent(AT_FDCWD, path, &dir, &n.name, &n.len);

    if (rc)
        return rc;
    n.hash = name_hash(n.name, n.len);
    n.slash = n.name[n.len] == '/';
    bool dots = !n.len || (n.name[0] == '.' &&
                           (n.len == 1 || (n.len == 2 && n.name[1] == '.')));
    rc = dots ? -EEXIST : entry_create(dir.dentry, &n, mode, 0, NULL, true, &d);
    path_put(&dir);
    if (rc)
        return rc == -EEXIST ? -EADDRINUSE : rc;
    *out = d->inode;
    inode_get(d->inode);
    dentry_put(d);
    return 0;
}

static int bind_path(struct unix_sock *u, struct unix_name *n)
{
    char path[PATH_SIZE + 1];
    struct inode *inode;
    int rc;

    if (READ_ONCE(u->name))
        return -EINVAL;
    path_copy(path, n);
    rc = make_inode(path, &inode);
    if (rc)
        return rc;
    spin_lock(&unix_lock);
    if (u->name) {
        rc = -EINVAL;
    } else {
        u->name = n;
        u->inode = inode;
        inode->bound_socket = u;
    }
    spin_unlock(&unix_lock);
    if (rc)
        inode_put(inode);
    return rc;
}

int unix_bind(struct socket *s, const void *addr, unsigned len)
{
    struct unix_sock *u = unix_sk(s);
    struct unix_name *n = kzalloc(sizeof(*n), 0);

    if (!n)
        return -ENOMEM;
    atomic_init(&n->refs, 1);
    int rc = name_parse(n, addr, len);
    if (!rc)
        rc = n->len == PATH_OFF ? autobind(u, n)
             : is_path(n)       ? bind_path(u, n)
                                : bind_abstract(u, n);
    if (rc || READ_ONCE(u->name) != n)
        unix_name_put(n);
    return rc;
}

void unix_unbind(struct unix_sock *u)
{
    spin_lock(&unix_lock);
    struct inode *inode = u->inode;
    if (u->abstract)
        abstract_remove(u);
    if (inode)
        inode->bound_socket = NULL;
    u->inode = NULL;
    spin_unlock(&unix_lock);
    if (inode)
        inode_put(inode);
}

static struct unix_sock *find_abstract(const struct unix_name *n)
{
    spin_lock(&unix_lock);
    struct unix_sock *u = abstract_find(n);
    if (u)
        unix_get(u);
    spin_unlock(&unix_lock);
    return u ? u : ERR_PTR(-ECONNREFUSED);
}

static struct unix_sock *find_path(const struct unix_name *n)
{
    char name[PATH_SIZE + 1];
    struct unix_sock *u = NULL;
    struct path p;

    path_copy(name, n);
    int rc = path_lookup(AT_FDCWD, name, LOOKUP_FOLLOW, &p);
    if (rc)
        return ERR_PTR(rc);
    struct inode *inode = p.dentry->inode;
    rc = inode_permission(inode, MAY_WRITE);
    if (!rc && (inode->mode & S_IFMT) == S_IFSOCK) {
        spin_lock(&unix_lock);
        u = inode->bound_socket;
        if (u)
            unix_get(u);
        spin_unlock(&unix_lock);
    }
    path_put(&p);
    return u ? u : ERR_PTR(rc ? rc : -ECONNREFUSED);
}

struct unix_sock *unix_find(const void *addr, unsigned len, int type)
{
    struct unix_name n;
    int rc = name_parse(&n, addr, len);

    if (rc || n.len == PATH_OFF)
        return ERR_PTR(-EINVAL);
    struct unix_sock *u = is_path(&n) ? find_path(&n) : find_abstract(&n);
    if (!IS_ERR(u) && u->s.type != type) {
        unix_put(u);
        return ERR_PTR(-EPROTOTYPE);
    }
    return u;
}

int unix_getname(struct socket *s, void *addr, bool peer)
{
    struct unix_sock *u = unix_sk(s);
    const uint16_t family = AF_UNIX;
    int len = PATH_OFF;

    memcpy(addr, &family, sizeof(family));
    spin_lock(&unix_lock);
    if (peer)
        u = u->peer;
    if (u && u->name) {
        len = (int)u->name->len;
        memcpy(addr, &u->name->addr, (size_t)len);
    }
    spin_unlock(&unix_lock);
    return u ? len : -ENOTCONN;
}
