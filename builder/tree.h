/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tree.h - the file tree of the image being built, held in memory.
 *
 * Only names and attributes are here; the bytes of a host file are read when
 * the file system is written, so memory does not grow with file sizes.
 *
 * Paths are absolute and as seen in the guest.  Symbolic links in the parents
 * of a path are followed inside the tree, so "/bin/sh" lands in /usr/bin where
 * /bin is a link to it.  The first to add a path wins: adding a file or link
 * that is there already changes nothing and returns what is there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

enum node_type { NODE_DIR, NODE_FILE, NODE_LINK };

struct zero_run;

struct node {
    struct node *parent; /* the root is its own parent */
    char *name;
    enum node_type type;
    unsigned mode; /* permission bits */
    char *why;     /* for the manifest; NULL: as its parent */

    /* NODE_DIR: sorted by name */
    struct node **child;
    size_t nchild;
    size_t cap;

    char *target; /* NODE_LINK */

    /* NODE_FILE: either a host file or bytes in memory */
    char *host;
    char *data;
    uint64_t size;
    struct timespec mtime; /* of the host file, to notice changes */
    dev_t host_dev;
    ino_t host_ino;
    struct node *same_as; /* an earlier name of the same file, or NULL */
    bool is_app;          /* part of the release, not of the system */

    /* filled in by the ext4 writer */
    uint32_t ino;
    uint32_t names;         /* NODE_FILE: how many lead here */
    unsigned rank;          /* place on disk, see layout.h */
    struct zero_run *zeros; /* NODE_FILE: blocks that need not be stored */
    size_t nzeros;
};

/* (count) blocks of a file from block (first) on hold only zeros. */
struct zero_run {
    uint32_t first;
    uint32_t count;
};

struct tree {
    struct node *root;
    struct node **linked; /* files with several names on the host: hashed, */
    size_t nlinked;       /* half of the places are empty */
    size_t caplinked;
};

void tree_init(struct tree *t);
void tree_release(struct tree *t);

/* Each returns the node, or NULL after reporting (a file where a directory is
 * needed, a loop of links). */
struct node *tree_dir(struct tree *t, const char *path, const char *why);
struct node *tree_file(struct tree *t, const char *path, const char *host,
                       const struct stat *st, const char *why);
struct node *tree_data(struct tree *t, const char *path, const void *data,
                       size_t len, const char *why);
struct node *tree_link(struct tree *t, const char *path, const char *target,
                       const char *why);

/* The node of (path), or NULL; links are followed, the last one too if
 * (follow). */
struct node *tree_find(const struct tree *t, const char *path, bool follow);

struct node *tree_child(const struct node *dir, const char *name);

/* The path of (n), for the caller to free. */
char *tree_path(const struct node *n);

/* Call (fn) on every node but the root, parents first, in name order.  Stops
 * at the first return value that is not 0, and returns it. */
int tree_walk(const struct tree *t, int (*fn)(struct node *n, void *arg),
              void *arg);

/* Why (n) is in the image. */
const char *node_why(const struct node *n);
