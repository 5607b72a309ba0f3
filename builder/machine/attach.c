/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "machine/control.h"
#include "report.h"
#include "tty.h"

#define ESCAPE 1 /* Ctrl-A */

struct attach {
    int fd;
    int signals;
    int in; /* -1 after its end */
    bool escaped;
    bool detached;
    bool ended;
    struct tty_state tty;
};

static void send_size(const struct attach *a)
{
    unsigned columns, rows;
    char text[24];

    tty_size(&columns, &rows);
    if (!columns)
        return;
    snprintf(text, sizeof(text), "%ux%u", columns, rows);
    control_send(a->fd, CONTROL_SIZE, text, strlen(text));
}

/* ---- begin ---- */

static int open_console(struct attach *a, const struct machine *m)
{
    char text[CONTROL_MAX];
    enum control kind;
    ssize_t n;

    a->fd = control_connect(m);
    if (a->fd < 0 && !machine_runs(m))
        return fail("the machine '%s' does not run: unibeam logs %s shows what "
                    "it wrote",
                    m->name, m->name);
    if (a->fd < 0 || control_send(a->fd, CONTROL_OPEN, NULL, 0))
        return fail("cannot reach the machine '%s': %s", m->name,
                    strerror(errno));
    n = control_receive(a->fd, &kind, text);
    if (n < 0)
        return fail("the machine '%s' ended", m->name);
    if (kind == CONTROL_OPENED)
        return 0;
    return fail("cannot have the console of '%s': %.*s", m->name, (int)n, text);
}

static int watch_signals(struct attach *a)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    a->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return a->signals < 0 ? fail("cannot wait for signals: %s", strerror(errno))
                          : 0;
}

static void take_terminal(struct attach *a)
{
    struct termios raw;

    tty_save(&a->tty);
    if (!a->tty.is_tty)
        return;
    raw = a->tty.modes;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    fprintf(stderr, "[Ctrl-A D leaves the console]\r\n");
    send_size(a);
}

/* ---- the loop ---- */

/* Without what is meant for us.  Returns how much is left. */
static size_t take_escapes(struct attach *a, char *data, size_t len)
{
    size_t out = 0;

    for (size_t i = 0; i < len && !a->detached; i++) {
        char c = data[i];

        if (!a->escaped && c == ESCAPE) {
            a->escaped = true;
            continue;
        }
        if (a->escaped && (c == 'd' || c == 'D' || c == 'D' - '@')) {
            a->detached = true;
            break;
        }
        a->escaped = false; /* Ctrl-A twice is Ctrl-A */
        data[out++] = c;
    }
    return out;
}

static void read_keys(struct attach *a)
{
    char data[1024];
    ssize_t n = read(a->in, data, sizeof(data));
    size_t len;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        /* a terminal that has gone; the end of a file is no reason to stop */
        a->detached |= a->tty.is_tty;
        a->in = -1;
        return;
    }
    len = a->tty.is_tty ? take_escapes(a, data, (size_t)n) : (size_t)n;
    if (len && control_send(a->fd, CONTROL_INPUT, data, len))
        a->ended = true;
}

static void read_keeper(struct attach *a)
{
    char data[CONTROL_MAX], *p = data;
    enum control kind = CONTROL_REFUSED;
    ssize_t n = control_receive(a->fd, &kind, data);

    a->ended |= n < 0;
    while (kind == CONTROL_OUTPUT && n > 0) {
        ssize_t done = write(STDOUT_FILENO, p, (size_t)n);

        if (done < 0 && errno != EINTR && errno != EAGAIN) {
            a->detached = true; /* nobody reads it */
            return;
        }
        if (done > 0) {
            p += done;
            n -= done;
        }
    }
}

static void read_signals(struct attach *a)
{
    struct signalfd_siginfo info;

    while (read(a->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGWINCH)
            send_size(a);
        else
            a->detached = true;
    }
}

static void pass(struct attach *a)
{
    while (!a->detached && !a->ended) {
        struct pollfd p[] = {{.fd = a->fd, .events = POLLIN},
                             {.fd = a->in, .events = POLLIN},
                             {.fd = a->signals, .events = POLLIN}};

        if (poll(p, 3, -1) < 0 && errno != EINTR)
            break;
        if (p[0].revents)
            read_keeper(a);
        if (p[1].revents)
            read_keys(a);
        if (p[2].revents)
            read_signals(a);
    }
}

int attach_console(const struct machine *m)
{
    struct attach a = {.fd = -1, .signals = -1, .in = STDIN_FILENO};
    int r = open_console(&a, m) || watch_signals(&a) ? -1 : 0;

    if (!r) {
        take_terminal(&a);
        pass(&a);
        tty_restore(&a.tty);
        fprintf(stderr, a.detached
                            ? "\nunibeam: left the console; the machine runs\n"
                            : "\nunibeam: the machine's console was closed\n");
    }
    if (a.fd >= 0)
        close(a.fd);
    if (a.signals >= 0)
        close(a.signals);
    return r;
}
