/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * exec_priv.h - the parts of execve: the files (exec_file.c), the strings
 * (exec_args.c), the memory image (exec_image.c), and what drives them
 * (exec.c).
 */
#pragma once

#include "fs/file.h"
#include "lib/types.h"
#include "mem/mm.h"
#include "proc/elf.h"

/* --- exec_args.c --------------------------------------------------------- */

/* Strings one after the other, each with its NUL. */
struct arg_list {
    char *data;
    size_t len, room;
    unsigned n;
};
#define ARG_STRING_MAX (128 * 1024ul) /* of one string, with NUL; as Linux */

void arg_list_release(struct arg_list *l);
/* Append. (left): bytes all strings and pointers may still take; reduced. 0,
 * -E2BIG, -ENOMEM, -EFAULT. */
int arg_list_add(struct arg_list *l, const char *s, size_t *left);
int arg_list_add_user(struct arg_list *l, char __user *const __user *strings,
                      size_t *left);
/* Put strings before all others, in place of the first if there is one. */
int arg_list_replace_first(struct arg_list *l, const char *const *strings,
                           unsigned n, size_t *left);

/* --- exec_file.c --------------------------------------------------------- */

#define EXEC_HEAD 1024 /* usually has the program headers and PT_INTERP too */

struct exec_file {
    struct file *file;
    char head[EXEC_HEAD];
    size_t head_len;
    struct elf_image image;
};
/* Open for execution: a regular file the caller may execute, -EACCES if not;
 * and read its beginning. (at_flags): AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW. */
int exec_file_open(struct exec_file *x, int dirfd, const char *name,
                   unsigned at_flags);
int exec_file_parse(struct exec_file *x); /* ELF headers -> image */
void exec_file_close(struct exec_file *x);
/* The name in PT_INTERP: 0, -ENOEXEC, -EIO. */
int exec_file_interp(struct exec_file *x, char *name);

/* --- exec_image.c -------------------------------------------------------- */

/* Of whom executes; for process 1 the defaults. */
struct exec_creds {
    uint32_t uid, euid, gid, egid;
    bool secure; /* privileges gained: AT_SECURE */
    bool no_randomize;
    uint64_t stack_limit;
};

struct exec {
    struct exec_file program, interp;
    struct arg_list args, envs;
    const char *name; /* AT_EXECFN */
    struct exec_creds creds;
    struct mm *mm;
    vaddr_t bias, interp_base; /* interp_base 0: none */
    vaddr_t stack_top;         /* end of the stack's area */
    uint64_t entry, sp;        /* where it starts */
};
/* Make x->mm with everything in it. Only an error code to return: the caller
 * of execve is not touched. */
int exec_image_build(struct exec *x);
