/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * trace_args.c - arguments of system calls as strace(1) writes them: names of
 * flags and commands, text of buffers. What is not listed here is printed as
 * the number it is, by the type in syscalls.def.
 */
#include <asm/ioctls.h>
#include <asm/unistd_64.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#include "arch/x86_64/arch.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/user.h"
#include "sys/trace.h"

struct name {
    uint64_t value;
    const char *text;
};
#define N(x)                                                                   \
    {                                                                          \
        (uint64_t)(x), #x                                                      \
    }

static const struct name open_flags[] = {
    N(O_CREAT),   N(O_EXCL),      N(O_NOCTTY),   N(O_TRUNC),
    N(O_APPEND),  N(O_NONBLOCK),  N(O_SYNC),     N(O_DSYNC),
    N(O_TMPFILE), N(O_DIRECTORY), N(O_NOFOLLOW), N(O_CLOEXEC),
    N(O_PATH),    N(O_NOATIME),   N(O_DIRECT),   {0}};
static const struct name prots[] = {
    N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), {0}};
static const struct name map_flags[] = {
    N(MAP_SHARED),          N(MAP_PRIVATE),   N(MAP_FIXED),    N(MAP_ANONYMOUS),
    N(MAP_NORESERVE),       N(MAP_STACK),     N(MAP_POPULATE), N(MAP_DENYWRITE),
    N(MAP_FIXED_NOREPLACE), N(MAP_GROWSDOWN), N(MAP_32BIT),    {0}};
static const struct name clone_flags[] = {N(CLONE_VM),
                                          N(CLONE_FS),
                                          N(CLONE_FILES),
                                          N(CLONE_SIGHAND),
                                          N(CLONE_VFORK),
                                          N(CLONE_THREAD),
                                          N(CLONE_SYSVSEM),
                                          N(CLONE_SETTLS),
                                          N(CLONE_PARENT_SETTID),
                                          N(CLONE_CHILD_CLEARTID),
                                          N(CLONE_CHILD_SETTID),
                                          N(CLONE_PIDFD),
                                          {0}};
static const struct name at_flags[] = {N(AT_SYMLINK_NOFOLLOW), N(AT_REMOVEDIR),
                                       N(AT_SYMLINK_FOLLOW),   N(AT_EMPTY_PATH),
                                       N(AT_NO_AUTOMOUNT),     {0}};
static const struct name wait_options[] = {
    N(WNOHANG), N(WUNTRACED), N(WEXITED), N(WCONTINUED), N(WNOWAIT), {0}};
/* The numbers of the two are those of O_NONBLOCK and O_CLOEXEC. */
static const struct name socket_flags[] = {
    {O_NONBLOCK, "SOCK_NONBLOCK"}, {O_CLOEXEC, "SOCK_CLOEXEC"}, {0}};
static const struct name events[] = {
    N(EPOLLIN),    N(EPOLLPRI),     N(EPOLLOUT), N(EPOLLERR),       N(EPOLLHUP),
    N(EPOLLRDHUP), N(EPOLLONESHOT), N(EPOLLET),  N(EPOLLEXCLUSIVE), {0}};

static const struct name accesses[] = {
    N(O_RDONLY), N(O_WRONLY), N(O_RDWR), {~0ul, NULL}};
static const struct name whences[] = {{0, "SEEK_SET"},  {1, "SEEK_CUR"},
                                      {2, "SEEK_END"},  {3, "SEEK_DATA"},
                                      {4, "SEEK_HOLE"}, {~0ul, NULL}};
static const struct name fcntls[] = {
    N(F_DUPFD),         N(F_GETFD),     N(F_SETFD),  N(F_GETFL),
    N(F_SETFL),         N(F_GETLK),     N(F_SETLK),  N(F_SETLKW),
    N(F_DUPFD_CLOEXEC), N(F_ADD_SEALS), {~0ul, NULL}};
static const struct name ioctls[] = {
    N(TCGETS),     N(TCSETS),    N(TCSETSW),    N(TCSETSF),   N(TIOCGWINSZ),
    N(TIOCSWINSZ), N(TIOCGPGRP), N(TIOCSPGRP),  N(TIOCSCTTY), N(FIONREAD),
    N(FIONBIO),    N(TIOCGPTN),  N(TIOCSPTLCK), {~0ul, NULL}};
static const struct name epoll_ops[] = {
    N(EPOLL_CTL_ADD), N(EPOLL_CTL_DEL), N(EPOLL_CTL_MOD), {~0ul, NULL}};
static const struct name families[] = {{1, "AF_UNIX"},
                                       {2, "AF_INET"},
                                       {10, "AF_INET6"},
                                       {16, "AF_NETLINK"},
                                       {~0ul, NULL}};
static const struct name socket_types[] = {{1, "SOCK_STREAM"},
                                           {2, "SOCK_DGRAM"},
                                           {3, "SOCK_RAW"},
                                           {5, "SOCK_SEQPACKET"},
                                           {~0ul, NULL}};
static const struct name mask_hows[] = {
    {0, "SIG_BLOCK"}, {1, "SIG_UNBLOCK"}, {2, "SIG_SETMASK"}, {~0ul, NULL}};
static const struct name clocks[] = {
    N(CLOCK_REALTIME),          N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID),
    N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_BOOTTIME),  {~0ul, NULL}};
static const struct name advices[] = {
    N(MADV_NORMAL),   N(MADV_WILLNEED),   N(MADV_DONTNEED), N(MADV_FREE),
    N(MADV_HUGEPAGE), N(MADV_NOHUGEPAGE), N(MADV_DONTFORK), {~0ul, NULL}};
static const struct name futex_ops[] = {
    N(FUTEX_WAIT),        N(FUTEX_WAKE),    N(FUTEX_REQUEUE),
    N(FUTEX_CMP_REQUEUE), N(FUTEX_WAKE_OP), N(FUTEX_WAIT_BITSET),
    N(FUTEX_WAKE_BITSET), {~0ul, NULL}};
static const char *const signals[] = {
    "0",       "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP",
    "SIGABRT", "SIGBUS",  "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV",
    "SIGUSR2", "SIGPIPE", "SIGALRM",   "SIGTERM", "SIGSTKFLT", "SIGCHLD",
    "SIGCONT", "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU",   "SIGURG",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",
    "SIGPWR",  "SIGSYS"};

/* --- single values ---------------------------------------------------------
 */

struct out {
    char *at;
    size_t left;
};

static __printf(2, 3) void put(struct out *o, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = kvsnprintf(o->at, o->left, fmt, ap);
    va_end(ap);
    n = MIN(n, (int)o->left - 1);
    o->at += n;
    o->left -= (size_t)n;
}

static void put_bits(struct out *o, const struct name *names, uint64_t v,
                     const char *separator)
{
    for (; names->text; names++) {
        if ((v & names->value) != names->value)
            continue;
        put(o, "%s%s", separator, names->text);
        separator = "|";
        v &= ~names->value;
    }
    if (v || !*separator)
        put(o, v ? "%s%#llx" : "%s0", separator, (unsigned long long)v);
}

static void put_value(struct out *o, const struct name *names, uint64_t v)
{
    for (; names->text; names++)
        if (v == names->value) {
            put(o, "%s", names->text);
            return;
        }
    put(o, "%#llx", (unsigned long long)v);
}

static void put_text(struct out *o, const void *user, size_t n)
{
    char text[32];
    size_t shown = MIN(n, sizeof(text));

    if (copy_from_user(text, user, shown)) {
        put(o, "%p", user);
        return;
    }
    put(o, "\"");
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\n' || c == '\t' || c == '\r')
            put(o, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        else if (c == '"' || c == '\\')
            put(o, "\\%c", c);
        else
            put(o, c < ' ' || c > '~' ? "\\%o" : "%c", c);
    }
    put(o, n > shown ? "\"..." : "\"");
}

static void put_timespec(struct out *o, const void *user)
{
    struct __kernel_timespec ts;

    if (copy_from_user(&ts, user, sizeof(ts)))
        put(o, "%p", user);
    else
        put(o, "{%lld, %lld}", (long long)ts.tv_sec, (long long)ts.tv_nsec);
}

static void put_event(struct out *o, const void *user)
{
    struct epoll_event ev;

    if (copy_from_user(&ev, user, sizeof(ev))) {
        put(o, "%p", user);
        return;
    }
    put(o, "{");
    put_bits(o, events, ev.events, "");
    put(o, ", %#llx}", (unsigned long long)ev.data);
}

static void put_fd_pair(struct out *o, const void *user)
{
    int fd[2];

    if (copy_from_user(fd, user, sizeof(fd)))
        put(o, "%p", user);
    else
        put(o, "[%d, %d]", fd[0], fd[1]);
}

/* --- which argument of which call --------------------------------------------
 */

enum form {
    BITS,
    VALUE,
    OPEN_FLAGS,
    MODE,
    DIR_FD,
    SIGNAL,
    TEXT_IN,
    TEXT_OUT,
    TIMESPEC,
    EVENT_IN,
    FD_PAIR,
    SOCKET_TYPE,
    FUTEX_OP,
    CLONE_FLAGS,
};

static const struct decoder {
    uint16_t nr;
    uint8_t arg, form;
    const struct name *names;
} decoders[] = {
    {__NR_read, 1, TEXT_OUT, NULL},
    {__NR_write, 1, TEXT_IN, NULL},
    {__NR_pread64, 1, TEXT_OUT, NULL},
    {__NR_pwrite64, 1, TEXT_IN, NULL},
    {__NR_recvfrom, 1, TEXT_OUT, NULL},
    {__NR_sendto, 1, TEXT_IN, NULL},
    {__NR_open, 1, OPEN_FLAGS, NULL},
    {__NR_open, 2, MODE, NULL},
    {__NR_openat, 0, DIR_FD, NULL},
    {__NR_openat, 2, OPEN_FLAGS, NULL},
    {__NR_openat, 3, MODE, NULL},
    {__NR_newfstatat, 0, DIR_FD, NULL},
    {__NR_newfstatat, 3, BITS, at_flags},
    {__NR_statx, 0, DIR_FD, NULL},
    {__NR_statx, 2, BITS, at_flags},
    {__NR_readlinkat, 0, DIR_FD, NULL},
    {__NR_unlinkat, 0, DIR_FD, NULL},
    {__NR_unlinkat, 2, BITS, at_flags},
    {__NR_mkdirat, 0, DIR_FD, NULL},
    {__NR_mkdirat, 2, MODE, NULL},
    {__NR_utimensat, 0, DIR_FD, NULL},
    {__NR_faccessat, 0, DIR_FD, NULL},
    {__NR_mkdir, 1, MODE, NULL},
    {__NR_chmod, 1, MODE, NULL},
    {__NR_fchmod, 1, MODE, NULL},
    {__NR_lseek, 2, VALUE, whences},
    {__NR_fcntl, 1, VALUE, fcntls},
    {__NR_ioctl, 1, VALUE, ioctls},
    {__NR_pipe, 0, FD_PAIR, NULL},
    {__NR_pipe2, 0, FD_PAIR, NULL},
    {__NR_pipe2, 1, BITS, open_flags},
    {__NR_mmap, 2, BITS, prots},
    {__NR_mmap, 3, BITS, map_flags},
    {__NR_mprotect, 2, BITS, prots},
    {__NR_madvise, 2, VALUE, advices},
    {__NR_epoll_create1, 0, BITS, open_flags},
    {__NR_epoll_ctl, 1, VALUE, epoll_ops},
    {__NR_epoll_ctl, 3, EVENT_IN, NULL},
    {__NR_timerfd_create, 0, VALUE, clocks},
    {__NR_socket, 0, VALUE, families},
    {__NR_socket, 1, SOCKET_TYPE, NULL},
    {__NR_socketpair, 0, VALUE, families},
    {__NR_socketpair, 1, SOCKET_TYPE, NULL},
    {__NR_socketpair, 3, FD_PAIR, NULL},
    {__NR_kill, 1, SIGNAL, NULL},
    {__NR_tkill, 1, SIGNAL, NULL},
    {__NR_tgkill, 2, SIGNAL, NULL},
    {__NR_rt_sigaction, 0, SIGNAL, NULL},
    {__NR_rt_sigprocmask, 0, VALUE, mask_hows},
    {__NR_clone, 0, CLONE_FLAGS, NULL},
    {__NR_wait4, 2, BITS, wait_options},
    {__NR_clock_gettime, 0, VALUE, clocks},
    {__NR_clock_nanosleep, 0, VALUE, clocks},
    {__NR_clock_nanosleep, 2, TIMESPEC, NULL},
    {__NR_nanosleep, 0, TIMESPEC, NULL},
    {__NR_futex, 1, FUTEX_OP, NULL},
};

static void put_signal(struct out *o, uint64_t v)
{
    if (v < ARRAY_SIZE(signals))
        put(o, "%s", signals[v]);
    else
        put(o, "%lld", (long long)(int)v);
}

static void put_form(struct out *o, const struct decoder *d, uint64_t v,
                     uint64_t next, long ret)
{
    const void *user = (const void *)v;

    switch ((enum form)d->form) {
    case BITS:
        put_bits(o, d->names, (unsigned)v, "");
        break;
    case VALUE:
        put_value(o, d->names, (unsigned)v);
        break;
    case OPEN_FLAGS:
        put_value(o, accesses, v & O_ACCMODE);
        if (v & 0xfffffffcul)
            put_bits(o, open_flags, v & 0xfffffffcul, "|");
        break;
    case MODE:
        put(o, "0%o", (unsigned)v);
        break;
    case DIR_FD:
        put(o, (int)v == AT_FDCWD ? "AT_FDCWD" : "%d", (int)v);
        break;
    case SIGNAL:
        put_signal(o, v);
        break;
    case TEXT_IN:
        put_text(o, user, next);
        break;
    case TEXT_OUT:
        if (ret > 0)
            put_text(o, user, (size_t)ret);
        else
            put(o, "%#llx", (unsigned long long)v);
        break;
    case TIMESPEC:
        put_timespec(o, user);
        break;
    case EVENT_IN:
        put_event(o, user);
        break;
    case FD_PAIR:
        put_fd_pair(o, user);
        break;
    case SOCKET_TYPE:
        put_value(o, socket_types, v & 15);
        if (v & ~15ul)
            put_bits(o, socket_flags, v & ~15ul, "|");
        break;
    case FUTEX_OP:
        put_value(o, futex_ops, v & FUTEX_CMD_MASK & 0xffffffff);
        if (v & FUTEX_PRIVATE_FLAG)
            put(o, "_PRIVATE");
        if (v & FUTEX_CLOCK_REALTIME)
            put(o, "|FUTEX_CLOCK_REALTIME");
        break;
    case CLONE_FLAGS:
        if (v & ~0xfful)
            put_bits(o, clone_flags, v & ~0xfful, "");
        put(o, v & ~0xfful ? "|" : "");
        put_signal(o, v & 0xff);
        break;
    }
}

int trace_put_arg(char *buf, size_t size, uint64_t nr, unsigned arg,
                  const uint64_t *args, long ret)
{
    struct out o = {buf, size};

    for (size_t k = 0; k < ARRAY_SIZE(decoders); k++) {
        const struct decoder *d = &decoders[k];

        if (d->nr != nr || d->arg != arg)
            continue;
        put_form(&o, d, args[arg], arg < 5 ? args[arg + 1] : 0, ret);
        return (int)(o.at - buf);
    }
    return 0;
}
