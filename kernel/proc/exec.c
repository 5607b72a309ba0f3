/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * exec.c - execve(2): another program in the same process.
 *
 *   load      open the file, follow "#!" lines, read headers, find the
 *             interpreter, build the new memory image
 *   commit    be the only thread; the point of no return; change over
 *
 * Loading changes nothing for the caller, so whatever fails there is simply an
 * error. Committing fails only if the process is being killed meanwhile.
 */
#include <linux/fcntl.h>
#include <linux/personality.h>
#include <linux/resource.h>
#include <linux/stat.h>

#include "arch/x86_64/arch.h"
#include "fs/path.h"
#include "fs/vfs.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/exec_priv.h"
#include "proc/fdtable.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

#define SCRIPT_DEPTH 5 /* "#!" lines that may name scripts; then ELOOP */

/* --- life of struct exec ------------------------------------------------- */

static struct exec *exec_alloc(const char *name)
{
    struct exec *x = kmalloc(sizeof(*x), 0);

    if (!x)
        return NULL;
    x->program.file = x->interp.file = NULL;
    x->args = x->envs = (struct arg_list){0};
    x->creds = (struct exec_creds){.stack_limit = 8ul << 20};
    x->name = name;
    x->mm = NULL;
    x->interp_base = 0;
    return x;
}

static void exec_free(struct exec *x)
{
    exec_file_close(&x->program);
    exec_file_close(&x->interp);
    arg_list_release(&x->args);
    arg_list_release(&x->envs);
    if (x->mm)
        mm_put(x->mm);
    kfree(x);
}

/* What all strings and their pointers may take: Linux's bprm_stack_limits(). */
static size_t strings_limit(uint64_t stack_limit)
{
    return MAX(MIN(stack_limit / 4, 6ul << 20), ARG_STRING_MAX);
}

/* --- loading ------------------------------------------------------------- */

static bool is_script(const struct exec_file *x)
{
    return x->head_len >= 2 && x->head[0] == '#' && x->head[1] == '!';
}

/* The script (name) becomes an argument of its interpreter, whose name is left
 * in line->interp. */
static int enter_script(struct exec *x, const char *name,
                        struct script_line *line, size_t *left)
{
    char *script = kmalloc(strlen(name) + 1, 0); /* may be line->interp */
    const char *strings[3];
    unsigned n = 0;
    int rc;

    if (!script)
        return -ENOMEM;
    memcpy(script, name, strlen(name) + 1);
    rc = script_parse(x->program.head, x->program.head_len, line);
    if (!rc) {
        strings[n++] = line->interp;
        if (line->arg[0])
            strings[n++] = line->arg;
        strings[n++] = script;
        rc = arg_list_replace_first(&x->args, strings, n, left);
    }
    kfree(script);
    exec_file_close(&x->program);
    return rc;
}

static int load_program(struct exec *x, int dirfd, const char *name,
                        unsigned at_flags, size_t *left)
{
    struct script_line *line = NULL;
    int rc;

    for (int depth = 0;; depth++) {
        rc = exec_file_open(&x->program, dirfd, name, at_flags);
        if (rc || !is_script(&x->program))
            break;
        rc = depth >= SCRIPT_DEPTH ? -ELOOP : 0;
        /* The interpreter could not open it again. */
        if (!depth && dirfd != AT_FDCWD && x->name != name &&
            fd_get_cloexec(dirfd) > 0)
            rc = -ENOENT;
        if (!rc && !line && !(line = kmalloc(sizeof(*line), 0)))
            rc = -ENOMEM;
        if (!rc)
            rc = enter_script(x, depth ? name : x->name, line, left);
        if (rc)
            break;
        dirfd = AT_FDCWD;
        name = line->interp;
        at_flags = 0;
    }
    kfree(line);
    return rc ? rc : exec_file_parse(&x->program);
}

static int load_interp(struct exec *x)
{
    char *name;
    int rc;

    if (!x->program.image.has_interp)
        return 0;
    name = kmalloc(ELF_INTERP_MAX, 0);
    if (!name)
        return -ENOMEM;
    rc = exec_file_interp(&x->program, name);
    if (!rc)
        rc = exec_file_open(&x->interp, AT_FDCWD, name, 0);
    if (!rc) {
        rc = exec_file_parse(&x->interp);
        if (rc == -ENOEXEC)
            rc = -ELIBBAD;
    }
    kfree(name);
    return rc;
}

/* Set-user-ID and set-group-ID bits (execve(2)). */
static void choose_creds(struct exec *x, const struct process *p)
{
    const struct file *f = x->program.file;
    const struct inode *i = f->inode;
    struct exec_creds *c = &x->creds;
    bool allowed = !p->no_new_privs && !(f->path.mount->flags & MOUNT_NOSUID);

    if (allowed && (i->mode & S_ISUID))
        c->euid = i->uid;
    if (allowed && (i->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        c->egid = i->gid;
    c->secure = c->euid != p->euid || c->egid != p->egid || c->euid != c->uid ||
                c->egid != c->gid;
}

static void creds_of_caller(struct exec *x)
{
    const struct process *p = current_process();

    x->creds = (struct exec_creds){
        .uid = p->uid,
        .euid = p->euid,
        .gid = p->gid,
        .egid = p->egid,
        .no_randomize = p->personality & ADDR_NO_RANDOMIZE,
        .stack_limit = p->rlimits[RLIMIT_STACK].rlim_cur,
    };
}

static int load(struct exec *x, int dirfd, const char *name, unsigned at_flags,
                size_t *left)
{
    int rc = load_program(x, dirfd, name, at_flags, left);

    if (!rc)
        rc = load_interp(x);
    if (rc)
        return rc;
    if (current_process())
        choose_creds(x, current_process());
    return exec_image_build(x);
}

/* --- committing ---------------------------------------------------------- */

static void set_names(struct process *p, struct thread *t, const char *path)
{
    const char *slash = strrchr(path, '/');

    strlcpy(t->name, slash ? slash + 1 : path, sizeof(t->name));
    memcpy(p->comm, t->name, sizeof(p->comm));
}

static void change_memory(struct process *p, struct thread *t, struct exec *x)
{
    struct mm *old = t->mm;

    process_leave_words();
    mm_get(x->mm); /* the thread's; the first reference is the process's */
    spin_lock(&p->siglock);
    p->mm = t->mm = x->mm;
    spin_unlock(&p->siglock);
    x->mm = NULL;
    mm_activate(t->mm);
    vfork_release(t);
    mm_put(old);
    mm_put(old);
}

static void change_files(struct process *p, struct fdtable *own)
{
    struct fdtable *old = p->files;

    if (own) {
        spin_lock(&p->siglock);
        p->files = own;
        spin_unlock(&p->siglock);
        fdtable_put(old);
    }
    fdtable_close_on_exec(p->files);
}

static void change_creds(struct process *p, const struct exec_creds *c)
{
    spin_lock(&p->siglock);
    p->euid = p->suid = p->fsuid = c->euid;
    p->egid = p->sgid = p->fsgid = c->egid;
    if (c->secure)
        p->pdeath_signal = 0;
    p->dumpable = !c->secure;
    p->keep_caps = false;
    spin_unlock(&p->siglock);
}

static void reset_thread(struct thread *t)
{
    t->altstack_sp = t->altstack_size = 0;
    t->altstack_flags = SS_DISABLE;
    t->sig_restore_saved = false;
    t->restart.fn = NULL;
    t->robust_list = NULL;
    t->clear_child_tid = NULL;
    t->rseq = NULL;
}

static void reset_processor(struct thread *t, const struct exec *x)
{
    struct trapframe *f = arch_user_frame();

    arch_fpu_reset_current();
    arch_set_tls(t, 0);
    arch_set_gs(t, 0);
    arch_frame_exec(f, x->entry, x->sp);
    f->error = ~0ul; /* no system call to restart */
}

static int commit(struct exec *x)
{
    struct process *p = current_process();
    struct fdtable *own = NULL;
    struct thread *t = current;
    int rc;

    if (atomic_load(&p->files->users) > 1) {
        own = fdtable_clone(p->files);
        if (!own)
            return -ENOMEM;
    }
    rc = process_be_single();
    if (rc) {
        if (own)
            fdtable_put(own);
        return rc;
    }
    posix_timers_exit(p);
    change_memory(p, t, x);
    change_files(p, own);
    spin_lock(&p->siglock);
    signal_exec(p);
    spin_unlock(&p->siglock);
    change_creds(p, &x->creds);
    p->did_exec = true;
    p->exit_signal = SIGCHLD;
    set_names(p, t, x->name);
    reset_thread(t);
    reset_processor(t, x);
    return 0;
}

/* --- system calls -------------------------------------------------------- */

static int copy_strings(struct exec *x, char __user *const __user *argv,
                        char __user *const __user *envp, size_t *left)
{
    int rc = arg_list_add_user(&x->args, argv, left);

    if (!rc)
        rc = arg_list_add_user(&x->envs, envp, left);
    if (!rc && !x->args.n) /* programs rely on argv[0]; so does Linux 5.18 */
        rc = arg_list_add(&x->args, "", left);
    return rc;
}

static long execute(int dirfd, const char *name, unsigned at_flags,
                    const char *shown, char __user *const __user *argv,
                    char __user *const __user *envp)
{
    struct exec *x = exec_alloc(shown);
    size_t left;
    int rc;

    if (!x)
        return -ENOMEM;
    creds_of_caller(x);
    left = strings_limit(x->creds.stack_limit);
    rc = copy_strings(x, argv, envp, &left);
    if (!rc)
        rc = load(x, dirfd, name, at_flags, &left);
    if (!rc)
        rc = commit(x);
    exec_free(x);
    return rc;
}

long sys_execve(const char __user *uname, char __user *const __user *argv,
                char __user *const __user *envp)
{
    char *name = path_from_user(uname, false);
    long rc;

    if (IS_ERR(name))
        return PTR_ERR(name);
    rc = execute(AT_FDCWD, name, 0, name, argv, envp);
    path_free(name);
    return rc;
}

long sys_execveat(int dirfd, const char __user *uname,
                  char __user *const __user *argv,
                  char __user *const __user *envp, int flags)
{
    char *name, *shown;
    long rc;

    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    name = path_from_user(uname, flags & AT_EMPTY_PATH);
    if (IS_ERR(name))
        return PTR_ERR(name);
    shown = name;
    if (dirfd != AT_FDCWD && name[0] != '/') {
        size_t size = strlen(name) + 32;
        shown = kmalloc(size, 0);
        if (shown)
            ksnprintf(shown, size, name[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d",
                      dirfd, name);
    }
    rc = shown ? execute(dirfd, name, (unsigned)flags, shown, argv, envp)
               : -ENOMEM;
    if (shown != name)
        kfree(shown);
    path_free(name);
    return rc;
}

/* --- process 1 ----------------------------------------------------------- */

static int add_all(struct arg_list *l, char *const strings[], size_t *left)
{
    int rc = 0;

    for (size_t i = 0; strings && strings[i] && !rc; i++)
        rc = arg_list_add(l, strings[i], left);
    return rc;
}

int exec_prepare_kernel(const char *path, char *const argv[],
                        char *const envp[], struct exec_start *out)
{
    struct exec *x = exec_alloc(path);
    size_t left = strings_limit(8ul << 20);
    int rc;

    if (!x)
        return -ENOMEM;
    rc = add_all(&x->args, argv, &left);
    if (!rc)
        rc = add_all(&x->envs, envp, &left);
    if (!rc)
        rc = load(x, AT_FDCWD, path, 0, &left);
    if (!rc) {
        *out = (struct exec_start){x->mm, x->entry, x->sp};
        x->mm = NULL;
    }
    exec_free(x);
    return rc;
}
