/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * trace.c - an strace-like line for every system call.
 *
 * The line is printed when the call returns; a call that may never return
 * (exit, execve) or that blocks is also shown when it starts, so that a hang is
 * visible. Argument types come from syscalls.def.
 */
#include "sys/trace.h"

#include <asm/unistd_64.h>

#include "arch/x86_64/arch.h"
#include "dev/console.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/user.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

bool trace_enabled;

struct signature {
    uint8_t nr_args;
    char type[6]; /* d int, u unsigned, s string in, p pointer, x word */
};

// clang-format off
#define T(t) _Generic((t)0, int: 'd', unsigned: 'u', int64_t: 'd',             \
                      const char *: 's', unsigned long: 'x', default: 'p')
#define SYSCALL0(nr, name) [nr] = {0, {0}},
#define SYSCALL1(nr, name, t1, a1) [nr] = {1, {T(t1)}},
#define SYSCALL2(nr, name, t1, a1, t2, a2) [nr] = {2, {T(t1), T(t2)}},
#define SYSCALL3(nr, name, t1, a1, t2, a2, t3, a3)                             \
    [nr] = {3, {T(t1), T(t2), T(t3)}},
#define SYSCALL4(nr, name, t1, a1, t2, a2, t3, a3, t4, a4)                     \
    [nr] = {4, {T(t1), T(t2), T(t3), T(t4)}},
#define SYSCALL5(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)             \
    [nr] = {5, {T(t1), T(t2), T(t3), T(t4), T(t5)}},
#define SYSCALL6(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)     \
    [nr] = {6, {T(t1), T(t2), T(t3), T(t4), T(t5), T(t6)}},
static const struct signature signatures[] = {
#include "sys/syscalls.def"
};
#include "sys/syscalls_undef.h"
// clang-format on

/* Made by the build from <asm/unistd_64.h> and <asm-generic/errno*.h>. */
static const char *const names[] = {
#include "gen/syscall_names.h"
};
static const char *const errnos[] = {
#include "gen/errno_names.h"
};

const char *syscall_name(uint64_t nr)
{
    return nr < ARRAY_SIZE(names) && names[nr] ? names[nr] : "?";
}

const char *errno_name(int err)
{
    if (err == ERESTARTSYS || err == ERESTARTNOHAND)
        return "ERESTART";
    return err > 0 && err < (int)ARRAY_SIZE(errnos) && errnos[err] ? errnos[err]
                                                                   : "E?";
}

static int put_string_arg(char *out, size_t size, uint64_t addr)
{
    char text[64];
    long n = strncpy_from_user(text, (const char *)addr, sizeof(text));

    if (n == -EFAULT)
        return ksnprintf(out, size, "%#llx", (unsigned long long)addr);
    if (n < 0)
        text[sizeof(text) - 1] = '\0';
    for (char *p = text; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '.';
    return ksnprintf(out, size, "\"%s\"%s", text, n < 0 ? "..." : "");
}

static int put_arg(char *out, size_t size, char type, uint64_t v)
{
    switch (type) {
    case 'd':
        return ksnprintf(out, size, "%d", (int)v);
    case 'u':
        return ksnprintf(out, size, "%u", (unsigned)v);
    case 's':
        return put_string_arg(out, size, v);
    case 'x': /* a size, or an address */
        return ksnprintf(out, size, v >> 32 ? "%#llx" : "%llu",
                         (unsigned long long)v);
    default:
        return ksnprintf(out, size, v ? "%#llx" : "NULL",
                         (unsigned long long)v);
    }
}

/* A line fits into one write of the console (dev/console.c), so that lines of
 * several processors do not mix. Arguments that do not fit are left out. */
#define TRACE_LINE 250
#define ARG_ROOM   24

/* The call without result into (line); returns the length. */
static int put_call(char *line, size_t size, const struct trapframe *f,
                    uint64_t nr, long ret)
{
    uint64_t arg[6] = {f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9};
    struct signature s = {.nr_args = 6, .type = "xxxxxx"};
    int n;

    if (nr < ARRAY_SIZE(signatures) && signatures[nr].nr_args)
        s = signatures[nr];
    else if (nr < ARRAY_SIZE(names) && names[nr])
        s.nr_args = 0;
    n = ksnprintf(line, size, "[%d] %s(", current->tid, syscall_name(nr));
    for (unsigned i = 0; i < s.nr_args && n < (int)size - ARG_ROOM; i++) {
        int m;

        if (i)
            n += ksnprintf(line + n, size - (size_t)n, ", ");
        m = trace_put_arg(line + n, size - (size_t)n, nr, i, arg, ret);
        n += m ? m : put_arg(line + n, size - (size_t)n, s.type[i], arg[i]);
        n = MIN(n, (int)size - 1);
    }
    n += ksnprintf(line + n, size - (size_t)n, ")");
    return MIN(n, (int)size - 1);
}

void trace_enter(const struct trapframe *f, uint64_t nr)
{
    char line[TRACE_LINE];
    int n;

    if (nr != __NR_execve && nr != __NR_exit && nr != __NR_exit_group &&
        nr != __NR_execveat)
        return;
    n = put_call(line, sizeof(line) - 8, f, nr, 0);
    n += ksnprintf(line + n, sizeof(line) - (size_t)n, " ...\n");
    console_write(line, (size_t)n);
}

void trace_exit(const struct trapframe *f, uint64_t nr, long ret)
{
    bool new_program = !ret && (nr == __NR_execve || nr == __NR_execveat);
    char line[TRACE_LINE];
    int n;

    if (new_program) /* whose registers say nothing about the call */
        n = ksnprintf(line, sizeof(line), "[%d] %s(...)", current->tid,
                      syscall_name(nr));
    else
        n = put_call(line, sizeof(line) - 28, f, nr, ret);
    if (ret < 0 && ret >= -4095)
        n += ksnprintf(line + n, sizeof(line) - (size_t)n, " = -1 %s\n",
                       errno_name((int)-ret));
    else
        n += ksnprintf(line + n, sizeof(line) - (size_t)n,
                       ret > 0xffffff ? " = %#lx\n" : " = %ld\n", ret);
    console_write(line, (size_t)n);
}
