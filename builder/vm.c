/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/machine.h"
#include "report.h"
#include "tty.h"

#define MAX_QMP_LINE (1u << 20)
/* QEMU drops a press that comes before the guest has switched the button on. */
#define PRESS_AGAIN_MS 1000
#define LOOK_AGAIN_MS  500 /* at the size of a terminal that does not tell */

struct run {
    struct vm *vm;
    struct keeper *keeper; /* or NULL */
    pid_t pid;
    int signals;
    struct exit_log log;
    struct buf qmp_line;
    char reason[32];   /* QEMU's word for why it stops */
    int stop_signal;   /* the first that asked for it, 0: none */
    long long pressed; /* when the button was, in ms */
    bool up;           /* it has answered */
    bool killed;
    bool ended;
    int wait_status;
    struct tty_state tty;
    unsigned columns, rows; /* as last seen */
};

static int pair(int *ours, int *theirs)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return fail("cannot make a socket: %s", strerror(errno));
    *ours = ends[0];
    *theirs = ends[1];
    return 0;
}

int vm_init(struct vm *vm, bool size, bool console)
{
    *vm = (struct vm){-1, -1, -1, -1, -1, -1, -1, -1};
    if (pair(&vm->qmp, &vm->qmp_child) || pair(&vm->log, &vm->log_child) ||
        (size && pair(&vm->size, &vm->size_child)) ||
        (console && pair(&vm->console, &vm->console_child)))
        return -1;
    return 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void vm_release(struct vm *vm)
{
    close_fd(&vm->qmp);
    close_fd(&vm->log);
    close_fd(&vm->qmp_child);
    close_fd(&vm->log_child);
    close_fd(&vm->size);
    close_fd(&vm->size_child);
    close_fd(&vm->console);
    close_fd(&vm->console_child);
}

/* ---- the child ---- */

static _Noreturn void start_qemu(const struct vm *vm, char *const argv[],
                                 const int *keep, const sigset_t *mask,
                                 pid_t parent, int error_fd)
{
    const int inherited[] = {vm->qmp_child, vm->log_child, vm->size_child,
                             vm->console_child};
    int err;

    for (size_t i = 0; i < sizeof(inherited) / sizeof(*inherited); i++)
        if (inherited[i] >= 0)
            fcntl(inherited[i], F_SETFD, 0);
    for (; *keep >= 0; keep++)
        fcntl(*keep, F_SETFD, 0);
    /* Without a terminal, signals to our group are ours to pass on.  With one,
     * QEMU must stay in the foreground group to read from it. */
    if (!isatty(STDIN_FILENO))
        setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) {
        sigprocmask(SIG_SETMASK, mask, NULL);
        execv(argv[0], argv);
    }
    err = errno;
    if (write(error_fd, &err, sizeof(err)) < 0)
        _exit(126);
    _exit(127);
}

static int spawn(struct run *r, char *const argv[], const int *keep,
                 const sigset_t *mask)
{
    pid_t parent = getpid();
    int pipes[2], err;
    ssize_t n;

    if (pipe2(pipes, O_CLOEXEC))
        return fail("cannot make a pipe: %s", strerror(errno));
    r->pid = fork();
    if (r->pid == 0)
        start_qemu(r->vm, argv, keep, mask, parent, pipes[1]);
    close(pipes[1]);
    if (r->pid < 0) {
        close(pipes[0]);
        return fail("cannot start QEMU: %s", strerror(errno));
    }
    n = read(pipes[0], &err, sizeof(err));
    close(pipes[0]);
    close_fd(&r->vm->qmp_child);
    close_fd(&r->vm->log_child);
    close_fd(&r->vm->size_child);
    close_fd(&r->vm->console_child);
    if (n <= 0)
        return 0;
    waitpid(r->pid, NULL, 0);
    return fail("cannot start '%s': %s", argv[0], strerror(err));
}

/* ---- QMP ---- */

/* Whether QEMU can still hear it; what it said before may yet be unread. */
static bool qmp_send(const struct run *r, const char *command)
{
    struct buf b = {0};
    bool sent;

    buf_addf(&b, "{\"execute\":\"%s\"}\n", command);
    sent = r->vm->qmp >= 0 && send(r->vm->qmp, b.data, b.len, MSG_NOSIGNAL) > 0;
    buf_release(&b);
    return sent;
}

static void qmp_line(struct run *r)
{
    json_t *j = json_loadb(r->qmp_line.data, r->qmp_line.len, 0, NULL);
    const char *event = json_string_value(json_object_get(j, "event"));
    const char *reason;

    if (event && !strcmp(event, "SHUTDOWN")) {
        reason = json_string_value(
            json_object_get(json_object_get(j, "data"), "reason"));
        if (reason)
            snprintf(r->reason, sizeof(r->reason), "%s", reason);
    }
    /* the answer to our first command: all that was asked for is there */
    if (r->keeper && !r->up && json_object_get(j, "return"))
        keeper_up(r->keeper);
    r->up |= json_object_get(j, "return") != NULL;
    json_decref(j);
    buf_trim(&r->qmp_line, 0);
}

static void qmp_take(struct run *r, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n')
            qmp_line(r);
        else if (r->qmp_line.len < MAX_QMP_LINE)
            buf_add(&r->qmp_line, &data[i], 1);
    }
}

/* ---- the loop ---- */

/* Read what there is; closes (*fd) at its end.  Returns the count. */
static size_t drain(int *fd, char *data, size_t size)
{
    ssize_t n = *fd < 0 ? 0 : recv(*fd, data, size, MSG_DONTWAIT);

    if (n > 0)
        return (size_t)n;
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(fd);
    return 0;
}

static void read_sockets(struct run *r)
{
    char data[4096];
    size_t n;

    while ((n = drain(&r->vm->log, data, sizeof(data))))
        exit_log_take(&r->log, data, n);
    while ((n = drain(&r->vm->qmp, data, sizeof(data))))
        qmp_take(r, data, n);
}

/* The guest may not listen; then there is no use in waiting.  A line's start
 * may get lost while the guest sets its side up, hence the first newline. */
static void tell_size(struct run *r)
{
    char line[32];

    tty_size(&r->columns, &r->rows);
    if (r->vm->size < 0 || !r->columns)
        return;
    snprintf(line, sizeof(line), "\n%ux%u\n", r->columns, r->rows);
    (void)!send(r->vm->size, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Who started us in a session of its own, as an emulator does with its ports,
 * has the signal; the terminal is ours all the same. */
static bool has_to_look(const struct run *r)
{
    return r->tty.silent && r->vm->size >= 0;
}

static void look_at_size(struct run *r)
{
    unsigned columns, rows;

    tty_size(&columns, &rows);
    if (columns != r->columns || rows != r->rows)
        tell_size(r);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void stop(struct run *r, int sig)
{
    bool first = !r->stop_signal;

    r->stop_signal = sig;
    r->pressed = now_ms();
    if (first && r->keeper)
        keeper_stopping(r->keeper);
    if (first && qmp_send(r, "system_powerdown")) {
        fprintf(stderr,
                "unibeam: pressed the power button; once more to stop at "
                "once%s",
                r->tty.is_tty ? "\r\n" : "\n");
        return;
    }
    r->killed = true;
    kill(r->pid, SIGKILL);
}

static void read_signals(struct run *r)
{
    struct signalfd_siginfo info;

    while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGWINCH)
            tell_size(r);
        else if (info.ssi_signo != SIGCHLD)
            stop(r, (int)info.ssi_signo);
        else if (waitpid(r->pid, &r->wait_status, WNOHANG) == r->pid)
            r->ended = true;
    }
}

/* What others ask for: as the signals do. */
static void serve(struct run *r, const struct pollfd *p)
{
    struct keeper *k = r->keeper;

    keeper_take(k, p);
    if (k->stop && !r->stop_signal)
        stop(r, SIGTERM);
    if (k->kill && !r->killed) {
        r->stop_signal = SIGKILL;
        stop(r, SIGKILL);
    }
}

static void press_again(struct run *r)
{
    if (now_ms() - r->pressed < PRESS_AGAIN_MS)
        return;
    r->pressed = now_ms();
    qmp_send(r, "system_powerdown");
}

static int patience_ms(const struct run *r)
{
    if (r->stop_signal)
        return PRESS_AGAIN_MS;
    return has_to_look(r) ? LOOK_AGAIN_MS : -1;
}

static void supervise(struct run *r)
{
    while (!r->ended) {
        struct pollfd p[3 + KEEPER_FDS] = {
            {.fd = r->signals, .events = POLLIN},
            {.fd = r->vm->log, .events = POLLIN},
            {.fd = r->vm->qmp, .events = POLLIN}};
        size_t n = r->keeper ? keeper_poll(r->keeper, p + 3) : 0;

        if (poll(p, 3 + n, patience_ms(r)) < 0) {
            if (errno != EINTR)
                break;
            continue;
        }
        if (r->stop_signal)
            press_again(r);
        if (has_to_look(r))
            look_at_size(r);
        read_sockets(r);
        if (r->keeper)
            serve(r, p + 3);
        read_signals(r);
    }
    read_sockets(r); /* what came last */
}

/* ---- the end ---- */

static int without_status(const struct run *r, int code)
{
    /* isa-debug-exit makes 2S + 1 of S; 1 is also what QEMU fails with */
    if (code > 1 && code % 2)
        return (code - 1) / 2;
    if (code != 0) {
        fail("QEMU failed with status %d", code);
        return 1;
    }
    if (!strcmp(r->reason, "guest-reset") ||
        !strcmp(r->reason, "guest-panic")) {
        fail("the guest crashed without a word");
        return MACHINE_PANIC_STATUS;
    }
    if (!strncmp(r->reason, "host-", 5))
        return 128 + (r->stop_signal ? r->stop_signal : SIGINT);
    return 0;
}

static int exit_status(const struct run *r)
{
    int status = r->wait_status;

    if (r->killed)
        return 128 + r->stop_signal;
    if (r->log.status >= 0)
        return r->log.status;
    if (WIFEXITED(status))
        return without_status(r, WEXITSTATUS(status));
    fail("QEMU was killed by signal %d (%s)", WTERMSIG(status),
         strsignal(WTERMSIG(status)));
    return 1;
}

int vm_run(struct vm *vm, char *const argv[], const int *keep, struct keeper *k)
{
    struct run r = {.vm = vm, .keeper = k};
    sigset_t set, old;
    int status = 1;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &old);
    r.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    exit_log_init(&r.log);
    tty_save(&r.tty);
    tty_pass_output(&r.tty);
    tty_size(&r.columns, &r.rows);
    if (r.signals < 0)
        fail("cannot wait for signals: %s", strerror(errno));
    else if (!spawn(&r, argv, keep, &old)) {
        qmp_send(&r, "qmp_capabilities");
        supervise(&r);
        tty_restore(&r.tty);
        status = exit_status(&r);
    }
    tty_restore(&r.tty);
    close_fd(&r.signals);
    buf_release(&r.qmp_line);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return status;
}
