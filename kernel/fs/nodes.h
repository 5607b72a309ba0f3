/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * nodes.h - trees of synthetic files: /sys, and the fixed part of /proc.
 */
#pragma once

#include "fs/fs_priv.h"

typedef void node_show_fn(struct seq *s, void *arg);
typedef int node_store_fn(const char *text, size_t n, void *arg);

/* Nodes are added, never removed; (n) the tree's lock for writers. */
struct node {
    struct node *parent;           /* I */
    struct node *_Atomic next;     /* n sibling */
    struct node *_Atomic children; /* n */
    uint64_t ino;                  /* I */
    unsigned mode;                 /* I */
    node_show_fn *show;            /* I */
    node_store_fn *store;          /* I */
    void *arg;                     /* I */
    const char *target;            /* I of a link */
    char name[];                   /* I */
};

/* The root of a new tree; panics without memory (start-up). */
struct node *node_root(void);
/* Add (name), with directories for its slashes. A directory that exists is
 * fine; anything else: -EEXIST. -ENOTDIR, -ENOMEM. */
int node_add(struct node *root, const char *name, unsigned mode,
             node_show_fn *show, node_store_fn *store, void *arg,
             const char *target);
struct node *node_find(struct node *dir, const char *name, size_t len);
/* A fresh inode for a node; NULL = no memory. */
struct inode *node_inode(struct super_block *sb, struct node *n);
/* List the children of a directory, from position 2 on, then (*next). False:
 * the buffer is full. */
bool node_list(struct node *dir, struct file *f, struct dir_context *ctx);

/* --- files that are text made when they are read: text.c --- */

struct process;
struct text;
/* 0 or -errno, which read(2) answers. */
typedef int text_show_fn(struct text *t, struct seq *s);
typedef int text_store_fn(struct text *t, const char *text, size_t n);

struct text {
    text_show_fn *show;
    text_store_fn *store;
    void *arg;
    struct process *process; /* reference, or NULL */
    pid_t tid;
    int fd;
    struct mutex lock;
    struct seq seq; /* lock: the text, or the piece of it last made */
    bool made;      /* lock */
    /* Of a text whose (show) makes one piece after the other: */
    uint64_t start;  /* lock: where the piece begins in the text */
    uint64_t cursor; /* lock, of (show): 0 = from the beginning */
    bool more;       /* lock, set by (show): there may be another piece */
};
/* To be called by an open function. Takes its own reference to (p). */
int text_open(struct file *f, text_show_fn *show, text_store_fn *store,
              void *arg, struct process *p, pid_t tid, int fd);
