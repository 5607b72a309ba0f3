/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Signals become bytes in a pipe and the main loop waits for the pipe: a
 * signal that comes between looking and sleeping is then never missed, and
 * nothing but write(2) runs in a handler.
 */
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

static int wake[2] = {-1, -1};
static struct pollfd watched = {.fd = -1, .events = POLLIN};
static void (*watched_ready)(void);
static int stop_asked;

static void on_signal(int sig)
{
    int saved = errno;
    char byte = sig == SIGCHLD ? 'c' : sig == SIGINT ? 'i' : 't';

    /* A full pipe already says everything. */
    if (write(wake[1], &byte, 1) < 0)
        errno = saved;
    errno = saved;
}

/* The kernel sends SIGTERM for the power button; SIGINT and SIGPWR are what
 * other init programs take for the same wish. */
static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGPWR};

int supervise_init(struct err *e)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK))
        return err_set(e, "cannot make a pipe: %s", strerror(errno));
    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
        sigaction(handled[i], &sa, NULL);
    return 0;
}

void supervise_watch(int fd, void (*ready)(void))
{
    watched.fd = fd;
    watched_ready = ready;
}

static int status_of(int wstatus)
{
    if (WIFSIGNALED(wstatus))
        return 128 + WTERMSIG(wstatus);
    return WEXITSTATUS(wstatus);
}

/* Make the console, which is stdin, the caller's terminal: what is typed there
 * can interrupt it. Failure (it is no terminal) is fine. */
static void take_console(void)
{
    setsid();
    ioctl(STDIN_FILENO, TIOCSCTTY, 1);
}

enum session { SESSION_OURS, SESSION_OWN, SESSION_CONSOLE };

/* In the child: execs, or tells the parent why not. */
static void child(const char *path, char *const argv[], char *const env[],
                  const char *cwd, enum session session, int report)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    int error;

    for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
        sigaction(handled[i], &dfl, NULL);
    if (session == SESSION_CONSOLE)
        take_console();
    else if (session == SESSION_OWN)
        setsid();
    if (!cwd || chdir(cwd) == 0)
        execve(path, argv, env);
    error = errno;
    if (write(report, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

/* The child's pid once it runs (path), or -1 with the reason in (e). */
static pid_t spawn(const char *path, char *const argv[], char *const env[],
                   const char *cwd, enum session session, struct err *e)
{
    int report[2];
    int error = 0;
    ssize_t n;
    pid_t pid;

    if (pipe2(report, O_CLOEXEC))
        return err_set(e, "cannot make a pipe: %s", strerror(errno));
    pid = fork();
    if (pid == 0)
        child(path, argv, env, cwd, session, report[1]);
    close(report[1]);
    if (pid < 0) {
        err_set(e, "cannot fork: %s", strerror(errno));
    } else {
        do {
            n = read(report[0], &error, sizeof(error));
        } while (n < 0 && errno == EINTR);
        if (n > 0) {
            waitpid(pid, NULL, 0);
            pid = err_set(e, "cannot run '%s': %s", path, strerror(error));
        }
    }
    close(report[0]);
    return pid;
}

int supervise_helper(const char *path, char *const argv[], char *const env[],
                     struct err *e)
{
    int wstatus;
    pid_t pid = spawn(path, argv, env, NULL, SESSION_OURS, e);

    if (pid < 0)
        return -1;
    while (waitpid(pid, &wstatus, 0) < 0)
        if (errno != EINTR)
            return err_set(e, "cannot wait for '%s': %s", path,
                           strerror(errno));
    return status_of(wstatus);
}

#define NEVER UINT64_MAX
/* An emulator that has not yet started its kernel application drops a SIGTERM:
 * a young one is told again. */
#define YOUNG_MS 60000
#define AGAIN_MS 2000

/* Moments of uptime_ms(), or NEVER. */
struct moments {
    uint64_t started;
    uint64_t tick;
    uint64_t again; /* SIGTERM once more */
    uint64_t kill;  /* the end of the grace */
    int stopping;
    int killed;
};

/* Milliseconds until the next thing is due, -1: nothing is. */
static int next_timeout(const struct moments *m)
{
    uint64_t now = uptime_ms();
    uint64_t next = m->tick;

    if (m->again < next)
        next = m->again;
    if (m->kill < next)
        next = m->kill;
    if (next == NEVER)
        return -1;
    if (next <= now)
        return 0;
    return next - now > INT32_MAX ? INT32_MAX : (int)(next - now);
}

enum { STOP_NO, STOP_ASKED, STOP_TYPED };

/* Waits for a signal or (timeout) ms.  Returns whether a stop was asked for,
 * and if that was by somebody at the console. */
static int wait_signal(int timeout)
{
    struct pollfd fds[] = {{.fd = wake[0], .events = POLLIN}, watched};
    struct timespec t = {timeout / 1000, timeout % 1000 * 1000000L};
    char bytes[64];
    ssize_t n;
    int stop = STOP_NO;

    if (ppoll(fds, 2, timeout < 0 ? NULL : &t, NULL) <= 0)
        return 0;
    if (fds[1].revents & POLLIN)
        watched_ready();
    else if (fds[1].revents)
        watched.fd = -1;
    while ((n = read(wake[0], bytes, sizeof(bytes))) > 0)
        if (memchr(bytes, 'i', (size_t)n))
            stop = STOP_TYPED;
        else if (stop == STOP_NO && memchr(bytes, 't', (size_t)n))
            stop = STOP_ASKED;
    return stop;
}

/* Reaps all there is; whether (pid) was among it. */
static int reap(pid_t pid, int *status)
{
    int found = 0;
    int wstatus;
    pid_t who;

    while ((who = waitpid(-1, &wstatus, WNOHANG)) > 0) {
        if (who == pid) {
            *status = status_of(wstatus);
            found = 1;
        }
    }
    return found;
}

static uint64_t next_again(const struct moments *m)
{
    uint64_t now = uptime_ms();

    return now - m->started < YOUNG_MS ? now + AGAIN_MS : NEVER;
}

/* Somebody who asks again at the console will not wait. A power button may
 * bounce, and the host may press it until something happens. */
static void begin_stop(struct moments *m, pid_t pid, unsigned grace, int how)
{
    if (m->stopping) {
        if (how == STOP_TYPED && !m->killed)
            m->kill = 0;
        return;
    }
    m->stopping = stop_asked = 1;
    m->kill = uptime_ms() + (uint64_t)grace * 1000;
    m->again = next_again(m);
    say("stopping, at most %u s%s", grace,
        how == STOP_TYPED ? "; once more to stop at once" : "");
    kill(pid, SIGTERM);
}

static void kill_all(struct moments *m, unsigned grace)
{
    if (m->kill)
        say("not stopped within %u s: killed", grace);
    else
        say("killed");
    m->kill = m->again = NEVER;
    m->killed = 1;
    kill(-1, SIGKILL);
}

static void do_what_is_due(struct moments *m, pid_t pid, unsigned grace,
                           void (*tick)(unsigned *tick_ms), unsigned *tick_ms)
{
    uint64_t now = uptime_ms();

    if (now >= m->tick) {
        tick(tick_ms);
        m->tick = *tick_ms ? now + *tick_ms : NEVER;
    }
    if (now >= m->again) {
        kill(pid, SIGTERM);
        m->again = next_again(m);
    }
    if (now >= m->kill)
        kill_all(m, grace);
}

int supervise_run(const struct release *r, unsigned grace,
                  void (*tick)(unsigned *tick_ms), unsigned tick_ms,
                  struct err *e)
{
    uint64_t now = uptime_ms();
    struct moments m = {.started = now,
                        .tick = tick_ms ? now + tick_ms : NEVER,
                        .again = NEVER,
                        .kill = NEVER};
    int status = -1;
    pid_t pid;

    if (!r->shell)
        take_console();
    pid = spawn(r->path, r->argv.v, r->env.v, r->cwd,
                r->shell ? SESSION_CONSOLE : SESSION_OWN, e);
    if (pid < 0)
        return -1;
    while (!reap(pid, &status)) {
        int how = wait_signal(next_timeout(&m));

        if (how != STOP_NO)
            begin_stop(&m, pid, grace, how);
        do_what_is_due(&m, pid, grace, tick, &tick_ms);
    }
    return status;
}

int supervise_stopping(void)
{
    return stop_asked;
}

void supervise_clear(void)
{
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}

int supervise_pause(unsigned ms)
{
    uint64_t end = uptime_ms() + ms;
    uint64_t now;

    while (!stop_asked && (now = uptime_ms()) < end)
        stop_asked = wait_signal((int)(end - now)) != STOP_NO;
    return stop_asked;
}
