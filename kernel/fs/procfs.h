/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * procfs.h - what the files of /proc share.
 */
#pragma once

#include "fs/nodes.h"
#include "proc/process.h"

/* A file, link or directory below /proc/PID or /proc/PID/task/TID. */
enum proc_kind { PROC_TEXT, PROC_LINK, PROC_DIR };

struct proc_entry {
    const char *name;
    enum proc_kind kind;
    unsigned mode;      /* permission bits */
    text_show_fn *show; /* PROC_TEXT */
    text_store_fn *store;
    int (*follow)(struct process *p, struct path *out); /* PROC_LINK */
    const struct inode_ops *dir_ops;                    /* PROC_DIR */
    const struct file_ops *dir_fops;
};
extern const struct proc_entry proc_pid_entries[]; /* end: name NULL */
extern const struct proc_entry proc_task_entries[];

/* inode->private of everything below /proc/PID. */
struct proc_ref {
    struct process *process; /* reference */
    pid_t tid;               /* 0: the process */
    int fd;                  /* of fd/N and fdinfo/N */
    const struct proc_entry *entry;
};
/* A new inode for (entry) of (p); it takes its own reference. ERR_PTR. */
struct inode *proc_inode(struct super_block *sb, struct process *p, pid_t tid,
                         int fd, const struct proc_entry *entry);
/* lookup and readdir of a directory with fixed entries. */
struct inode *proc_entry_lookup(struct inode *dir,
                                const struct proc_entry *table,
                                const char *name, size_t len);
int proc_entry_list(struct file *f, struct dir_context *ctx,
                    const struct proc_entry *table);
/* A decimal number without leading zeros, or -1. */
long proc_parse_number(const char *name, size_t len);
bool proc_alive(struct process *p);
/* May the caller see what (p) has open and where its memory is? Those with its
 * user IDs and root may: proc(5), ptrace(2). */
bool proc_may_inspect(const struct process *p);

extern const struct inode_ops proc_pid_dir_ops, proc_fd_dir_ops,
    proc_fdinfo_dir_ops, proc_task_list_ops, proc_task_dir_ops,
    proc_net_dir_ops;
extern const struct file_ops proc_pid_dir_fops, proc_fd_dir_fops,
    proc_fdinfo_dir_fops, proc_task_list_fops, proc_task_dir_fops,
    proc_net_dir_fops;

/* A thread's facts, copied under its process's siglock. */
struct proc_thread {
    pid_t tid;
    char name[16];
    char state; /* R S D T Z X */
    unsigned cpu;
    nsec_t user, system;
    uint64_t switches_vol, switches_invol;
    uint64_t pending, blocked;
    uint64_t affinity;
};
/* (tid) 0: the leader. False: there is no such thread any more. */
bool proc_thread_get(struct process *p, pid_t tid, struct proc_thread *out);
/* The tids of a process in an allocated array; count or -errno. */
long proc_thread_list(struct process *p, pid_t **out);

struct node *proc_tree(void);
struct node *proc_net_node(void);

/* Writers of single files. */
text_show_fn proc_show_stat, proc_show_statm, proc_show_status, proc_show_maps,
    proc_show_smaps, proc_show_smaps_rollup, proc_show_mounts,
    proc_show_mountinfo;
struct vma;
/* Its line in maps and smaps. (buf) of PATH_MAX bytes. */
void proc_put_area(struct seq *s, const struct vma *v, char *buf);
