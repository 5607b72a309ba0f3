/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * procfs.c - /proc: the root directory, and the inodes of what lies below
 * /proc/PID.
 *
 * Two kinds of content meet here: a tree of fixed files (nodes.h), and
 * directories made from the process table when they are looked up. Nothing is
 * kept between look-ups but what an open file refers to; so an inode holds a
 * reference on its process, and everything about a process that is gone
 * answers ESRCH or ENOENT.
 */
#include <linux/magic.h>
#include <linux/stat.h>

#include "fs/procfs.h"
#include "fs/readdir.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/cpu.h"

#define FIRST_PID_POS 0x10000 /* positions from here on: pid + this */

static struct node *root;
static const struct inode_ops text_ops, link_ops, self_ops;
static const struct file_ops closed_ops;

struct node *proc_tree(void)
{
    if (!root)
        root = node_root();
    return root;
}

struct node *proc_net_node(void)
{
    return node_find(proc_tree(), "net", 3);
}

int proc_add_rw(const char *name, void (*show)(struct seq *, void *),
                int (*store)(const char *, size_t, void *), void *arg)
{
    return node_add(proc_tree(), name, S_IFREG | (store ? 0644 : 0444), show,
                    store, arg, NULL);
}

int proc_add(const char *name, void (*show)(struct seq *, void *), void *arg)
{
    return proc_add_rw(name, show, NULL, arg);
}

/* --- inodes below /proc/PID --- */

/* A zombie still has its directory; what was reaped has not. */
bool proc_alive(struct process *p)
{
    return p->state != PROCESS_DEAD;
}

static void evict(struct inode *i)
{
    struct proc_ref *r = i->private;

    if (r)
        process_put(r->process);
    kfree(r);
}

static int text_file_open(struct inode *i, struct file *f)
{
    struct proc_ref *r = i->private;

    return text_open(f, r->entry->show, r->entry->store, NULL, r->process,
                     r->tid, r->fd);
}

static void set_kind(struct inode *i, const struct proc_entry *e)
{
    static const unsigned types[] = {S_IFREG, S_IFLNK, S_IFDIR};

    inode_set_mode(i, types[e->kind] | e->mode, 0);
    switch (e->kind) {
    case PROC_TEXT:
        i->ops = &text_ops;
        i->fops = &closed_ops;
        i->open = text_file_open;
        break;
    case PROC_LINK:
        i->ops = &link_ops;
        break;
    case PROC_DIR:
        i->ops = e->dir_ops;
        i->fops = e->dir_fops;
        i->nlink = 2;
        break;
    }
}

struct inode *proc_inode(struct super_block *sb, struct process *p, pid_t tid,
                         int fd, const struct proc_entry *entry)
{
    struct inode *i = inode_alloc(sb);
    struct proc_ref *r = kmalloc(sizeof(*r), 0);

    if (!i || !r) {
        kfree(r);
        if (i)
            inode_put(i);
        return ERR_PTR(-ENOMEM);
    }
    process_get(p);
    *r = (struct proc_ref){p, tid, fd, entry};
    i->private = r;
    i->uid = p->euid;
    i->gid = p->egid;
    /* Stable while the process lives, and no two alike in practice. */
    i->ino = ((uint64_t)(tid ? tid : p->pid) << 16) ^
             ((uintptr_t)entry >> 3 & 0xffff) ^ ((uint64_t)(fd + 1) << 40) ^
             (tid ? 1ull << 60 : 0);
    set_kind(i, entry);
    return i;
}

struct inode *proc_entry_lookup(struct inode *dir,
                                const struct proc_entry *table,
                                const char *name, size_t len)
{
    struct proc_ref *r = dir->private;

    if (!proc_alive(r->process))
        return ERR_PTR(-ENOENT);
    for (const struct proc_entry *e = table; e->name; e++)
        if (!strncmp(e->name, name, len) && !e->name[len])
            return proc_inode(dir->sb, r->process, r->tid, -1, e);
    return ERR_PTR(-ENOENT);
}

int proc_entry_list(struct file *f, struct dir_context *ctx,
                    const struct proc_entry *table)
{
    static const unsigned dtypes[] = {S_IFREG >> 12, S_IFLNK >> 12,
                                      S_IFDIR >> 12};
    struct proc_ref *r = f->inode->private;
    uint64_t pos = 2;

    if (!proc_alive(r->process))
        return -ENOENT;
    if (!readdir_dots(f, ctx))
        return 0;
    for (const struct proc_entry *e = table; e->name; e++) {
        if (pos++ < f->pos)
            continue;
        if (!ctx->emit(ctx, e->name, strlen(e->name), f->inode->ino + pos,
                       dtypes[e->kind], pos))
            break;
        f->pos = pos;
    }
    return 0;
}

long proc_parse_number(const char *name, size_t len)
{
    long n = 0;

    if (!len || len > 9 || (name[0] == '0' && len > 1))
        return -1;
    for (size_t k = 0; k < len; k++) {
        if (name[k] < '0' || name[k] > '9')
            return -1;
        n = n * 10 + (name[k] - '0');
    }
    return n;
}

/* Links that lead to an object; their text is its name. */
bool proc_may_inspect(const struct process *p)
{
    struct cred c = cred_current();

    return p == current_process() || !c.uid ||
           (p->dumpable && c.uid == p->uid && c.uid == p->euid &&
            c.uid == p->suid);
}

static int link_follow(struct inode *i, struct path *out)
{
    struct proc_ref *r = i->private;

    return proc_may_inspect(r->process) ? r->entry->follow(r->process, out)
                                        : -EACCES;
}

static ssize_t link_readlink(struct inode *i, char *buf, size_t size)
{
    struct path p;
    char *text, *name;
    ssize_t n = link_follow(i, &p);

    if (n)
        return n;
    text = kmalloc(PATH_MAX, 0);
    name = text ? path_name(&p, text, PATH_MAX) : ERR_PTR(-ENOMEM);
    if (IS_ERR(name)) {
        n = PTR_ERR(name);
    } else {
        n = (ssize_t)MIN(strlen(name), size);
        memcpy(buf, name, (size_t)n);
    }
    kfree(text);
    path_put(&p);
    return n;
}

static int text_setattr(struct inode *i, unsigned what)
{
    (void)i;
    return what & ATTR_SIZE ? 0 : -EPERM;
}

static const struct inode_ops text_ops = {.setattr = text_setattr,
                                          .evict = evict};
static const struct inode_ops link_ops = {
    .readlink = link_readlink, .follow = link_follow, .evict = evict};
static const struct file_ops closed_ops = {.kind = "text"};

/* --- /proc/PID --- */

static struct inode *pid_lookup(struct inode *dir, const char *name, size_t len)
{
    return proc_entry_lookup(dir, proc_pid_entries, name, len);
}

static int pid_readdir(struct file *f, struct dir_context *ctx)
{
    return proc_entry_list(f, ctx, proc_pid_entries);
}

const struct inode_ops proc_pid_dir_ops = {
    .lookup = pid_lookup, .evict = evict, .uncached = true};
const struct file_ops proc_pid_dir_fops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = pid_readdir};

static struct inode *task_lookup(struct inode *dir, const char *name,
                                 size_t len)
{
    return proc_entry_lookup(dir, proc_task_entries, name, len);
}

static int task_readdir(struct file *f, struct dir_context *ctx)
{
    return proc_entry_list(f, ctx, proc_task_entries);
}

const struct inode_ops proc_task_dir_ops = {
    .lookup = task_lookup, .evict = evict, .uncached = true};
const struct file_ops proc_task_dir_fops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = task_readdir};

/* /proc/PID/net: the fixed files, the same for all. */
static struct inode *net_lookup(struct inode *dir, const char *name, size_t len)
{
    struct node *net = proc_net_node();
    struct node *n = net ? node_find(net, name, len) : NULL;
    struct inode *i;

    if (!n)
        return ERR_PTR(-ENOENT);
    i = node_inode(dir->sb, n);
    return i ? i : ERR_PTR(-ENOMEM);
}

static int net_readdir(struct file *f, struct dir_context *ctx)
{
    struct node *net = proc_net_node();

    if (readdir_dots(f, ctx) && net)
        node_list(net, f, ctx);
    return 0;
}

const struct inode_ops proc_net_dir_ops = {
    .lookup = net_lookup, .evict = evict, .uncached = true};
const struct file_ops proc_net_dir_fops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = net_readdir};

/* --- the root --- */

static ssize_t self_readlink(struct inode *i, char *buf, size_t size)
{
    struct process *p = current_process();
    char text[48];
    int n;

    if (!p)
        return -ENOENT;
    n = i->private
            ? ksnprintf(text, sizeof(text), "%d/task/%d", p->pid, current->tid)
            : ksnprintf(text, sizeof(text), "%d", p->pid);
    n = (int)MIN((size_t)n, size);
    memcpy(buf, text, (size_t)n);
    return n;
}

static const struct inode_ops self_ops = {.readlink = self_readlink};

static struct inode *self_inode(struct super_block *sb, bool thread)
{
    struct inode *i = inode_alloc(sb);

    if (!i)
        return ERR_PTR(-ENOMEM);
    inode_set_mode(i, S_IFLNK | 0777, 0);
    i->ops = &self_ops;
    i->ino = thread ? 3 : 2;
    i->private = thread ? (void *)1 : NULL;
    return i;
}

static struct inode *net_link(struct super_block *sb)
{
    static struct node link = {
        .mode = S_IFLNK | 0777, .ino = 4, .target = "self/net"};
    struct inode *i = node_inode(sb, &link);

    return i ? i : ERR_PTR(-ENOMEM);
}

static const struct proc_entry pid_entry = {.name = "",
                                            .kind = PROC_DIR,
                                            .mode = 0555,
                                            .dir_ops = &proc_pid_dir_ops,
                                            .dir_fops = &proc_pid_dir_fops};

static struct inode *process_lookup(struct super_block *sb, long pid)
{
    struct process *p = pid > 0 ? process_find((pid_t)pid) : NULL;
    struct inode *i;

    if (!p)
        return ERR_PTR(-ENOENT);
    i = proc_inode(sb, p, 0, -1, &pid_entry);
    process_put(p);
    return i;
}

static bool is(const char *name, size_t len, const char *what)
{
    return len == strlen(what) && !memcmp(name, what, len);
}

static struct inode *root_lookup(struct inode *dir, const char *name,
                                 size_t len)
{
    struct node *n;
    struct inode *i;

    if (name[0] >= '0' && name[0] <= '9')
        return process_lookup(dir->sb, proc_parse_number(name, len));
    if (is(name, len, "self") || is(name, len, "thread-self"))
        return self_inode(dir->sb, len > 4);
    if (is(name, len, "net"))
        return net_link(dir->sb);
    n = node_find(root, name, len);
    if (!n)
        return ERR_PTR(-ENOENT);
    i = node_inode(dir->sb, n);
    return i ? i : ERR_PTR(-ENOMEM);
}

static bool list_processes(struct file *f, struct dir_context *ctx)
{
    struct process *p;
    char name[16];

    while ((p = process_next((pid_t)(f->pos - FIRST_PID_POS)))) {
        int n = ksnprintf(name, sizeof(name), "%d", p->pid);
        uint64_t next = (uint64_t)p->pid + 1 + FIRST_PID_POS;
        bool ok = ctx->emit(ctx, name, (size_t)n, (uint64_t)p->pid << 16,
                            S_IFDIR >> 12, next);

        process_put(p);
        if (!ok)
            return false;
        f->pos = next;
    }
    return true;
}

/* Fixed files, then self, thread-self, then processes. */
static int root_readdir(struct file *f, struct dir_context *ctx)
{
    if (f->pos < FIRST_PID_POS - 2) {
        if (!readdir_dots(f, ctx) || !node_list(root, f, ctx))
            return 0;
        f->pos = FIRST_PID_POS - 2;
    }
    if (f->pos == FIRST_PID_POS - 2) {
        if (!ctx->emit(ctx, "self", 4, 2, S_IFLNK >> 12, FIRST_PID_POS - 1))
            return 0;
        f->pos++;
    }
    if (f->pos == FIRST_PID_POS - 1) {
        if (!ctx->emit(ctx, "thread-self", 11, 3, S_IFLNK >> 12,
                       FIRST_PID_POS + 1))
            return 0;
        f->pos = FIRST_PID_POS + 1;
    }
    list_processes(f, ctx);
    return 0;
}

static const struct inode_ops root_ops = {.lookup = root_lookup,
                                          .uncached = true};
static const struct file_ops root_fops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = root_readdir};

struct super_block *procfs_create(void)
{
    struct super_block *sb = super_alloc("proc", PROC_SUPER_MAGIC);

    if (!sb)
        return ERR_PTR(-ENOMEM);
    node_add(proc_tree(), "net", S_IFDIR | 0555, NULL, NULL, NULL, NULL);
    node_add(proc_tree(), "mounts", S_IFLNK | 0777, NULL, NULL, NULL,
             "self/mounts");
    procfs_add_system();
    procfs_add_sysctls();
    sb->root = node_inode(sb, proc_tree());
    if (!sb->root)
        return ERR_PTR(-ENOMEM);
    sb->root->ino = 1;
    sb->root->ops = &root_ops;
    sb->root->fops = &root_fops;
    return sb;
}
