/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * elf_closure.h - every file the ELF files of an image need to start.
 *
 * For each program and library added, the closure follows the program
 * interpreter and DT_NEEDED the way the loader in the guest will: RPATH of the
 * object and of those that load it, RUNPATH, the loader's configuration, the
 * built-in directories; names are looked up in the image first, in the sysroot
 * second.  What is found goes into the tree at the path it was found under,
 * with the links on the way.
 *
 * Kept simpler than the loaders: CPU-specific directories (glibc-hwcaps) are
 * not searched, since every library in one has a plain twin; LD_LIBRARY_PATH
 * and LD_PRELOAD are not looked at.
 */
#pragma once

#include <stdbool.h>

#include "elf_file.h"
#include "finding.h"
#include "ldcache.h"
#include "ldconf.h"
#include "sysroot.h"
#include "tree.h"

enum libc_kind { LIBC_NONE, LIBC_GLIBC, LIBC_MUSL };

struct closure_object {
    struct closure_object *next; /* [objects] */
    struct closure_object *next_todo;
    const struct closure_object *loader; /* who needed it first, or NULL */
    char *path;                          /* as the loader names it */
    char *real;                          /* with no link in it */
    char *inherited; /* RPATHs it was loaded under; part of its identity */
    enum libc_kind libc;
    struct elf_info info;
    /* For each of info.needed the real path of what the loader takes; "" where
     * it takes nothing, or itself. */
    struct strvec deps;
    bool incomplete; /* something it needs is missing */
};

/* A file for other machines. */
struct closure_foreign {
    char *path;
    char *machine; /* "64-bit ARM" */
};

struct closure {
    const struct sysroot *sysroot;
    struct tree *tree;
    struct ldconf conf;
    bool allow_missing;        /* a missing library is a note, not an error */
    struct findings *findings; /* or NULL: report at once */
    enum libc_kind runtime;    /* of libraries that no program pulls in */
    bool uses_glibc;
    bool uses_musl;
    struct closure_object *objects; /* newest first */
    struct closure_object *todo;
    struct ldcache cache;
    struct closure_foreign *foreign; /* ELF files for other machines */
    size_t nforeign;
    unsigned missing;
};

void closure_init(struct closure *c, const struct sysroot *s, struct tree *t,
                  bool allow_missing);
void closure_release(struct closure *c);

/* Take the emulator at (path) for the one that loads the libraries no other
 * program does.  Fails when it is not a program for this machine. */
int closure_set_runtime(struct closure *c, const char *path);

/* Follow the file at the guest path (path), which is in the tree.  Files that
 * are not ELF are passed over. */
int closure_add(struct closure *c, const char *path);

/* Follow the library (name), looked for as if (why) were said by a program of
 * the image; *(found) tells whether there is one. */
int closure_add_library(struct closure *c, const char *name, const char *why,
                        bool *found);

/* Follow every file below (dir) that is ELF. */
int closure_add_tree(struct closure *c, struct node *dir);

/* Say which files are for other machines, and whether something stands in for
 * them. */
void closure_report_foreign(const struct closure *c);

/* The object of the real guest path (real), or NULL. */
const struct closure_object *closure_object(const struct closure *c,
                                            const char *real);

/* The real guest path of the first object whose file name starts with
 * (prefix), or NULL; owned by the closure. */
const char *closure_find(const struct closure *c, const char *prefix);
