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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "heart.h"
#include "say.h"

static int wake[2] = {-1, -1};
static struct pollfd watched = {.fd = -1, .events = POLLIN};
static void (*watched_ready)(void);
static int stop_asked;

static void on_signal(int sig)
{
    int saved = errno;
    char byte = sig == SIGCHLD   ? 'c'
                : sig == SIGINT  ? 'i'
                : sig == SIGUSR1 ? 'u'
                                 : 't';

    /* A full pipe already says everything. */
    if (write(wake[1], &byte, 1) < 0)
        errno = saved;
    errno = saved;
}

/* The kernel sends SIGTERM for the power button; SIGINT and SIGPWR are what
 * other init programs take for the same wish. SIGUSR1 is heart's: start again.
 */
static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGPWR, SIGUSR1};

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
/* Between heart's end and the emulator that its command started: scripts. */
#define HEART_MS      10000
#define HEART_POLL_MS 250
/* Heart may ask while the old emulator is still ending; one that is there after
 * that heart could not kill, or was told not to. */
#define RESTART_MS 5000

/* Moments of uptime_ms(), or NEVER. */
struct moments {
    uint64_t started;
    uint64_t tick;
    uint64_t again; /* SIGTERM once more */
    uint64_t kill;  /* the end of the grace */
    uint64_t stuck; /* whether what heart gave up has gone */
    uint64_t look;  /* whether heart has done something */
    uint64_t give_up;
    uint64_t ended; /* the last emulator */
    int stopping;
    int killed;
};

static const struct moments none = {.tick = NEVER,
                                    .again = NEVER,
                                    .kill = NEVER,
                                    .stuck = NEVER,
                                    .look = NEVER};

/* Whether a stop was asked for, and if that was by somebody at the console. */
enum { STOP_NO, STOP_ASKED, STOP_TYPED };

/* The release while it runs. */
struct watch {
    const struct release *r;
    struct moments m;
    pid_t pid;        /* its emulator; 0: heart is going to start one */
    int pidfd;        /* of (pid) when heart's command started it; or -1 */
    int status;       /* of the last one that ended; -1: none has */
    uint64_t restart; /* when heart asked for it, or NEVER */
    int wish;         /* STOP_*, not yet acted on */
};

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Milliseconds until the next thing is due, -1: nothing is. */
static int next_timeout(const struct moments *m)
{
    uint64_t now = uptime_ms();
    uint64_t next = earlier(m->tick, earlier(m->again, m->kill));

    next = earlier(next, earlier(m->stuck, m->look));
    if (next == NEVER)
        return -1;
    if (next <= now)
        return 0;
    return next - now > INT32_MAX ? INT32_MAX : (int)(next - now);
}

/* Takes the signals that came. */
static void take_signals(struct watch *w)
{
    char bytes[64];
    ssize_t n;

    while ((n = read(wake[0], bytes, sizeof(bytes))) > 0) {
        if (memchr(bytes, 'i', (size_t)n))
            w->wish = STOP_TYPED;
        else if (w->wish == STOP_NO && memchr(bytes, 't', (size_t)n))
            w->wish = STOP_ASKED;
        if (!memchr(bytes, 'u', (size_t)n))
            continue;
        w->restart = uptime_ms();
        if (w->pid)
            w->m.stuck = w->restart + RESTART_MS;
    }
}

/* Waits for a signal, for the end of an emulator that is not our child, or for
 * what is due. */
static void wait_signal(struct watch *w)
{
    int timeout = next_timeout(&w->m);
    struct pollfd fds[] = {{.fd = wake[0], .events = POLLIN},
                           {.fd = w->pidfd, .events = POLLIN},
                           watched};
    struct timespec t = {timeout / 1000, timeout % 1000 * 1000000L};

    if (ppoll(fds, 3, timeout < 0 ? NULL : &t, NULL) <= 0)
        return;
    if (fds[2].revents & POLLIN)
        watched_ready();
    else if (fds[2].revents)
        watched.fd = -1;
    take_signals(w);
}

/* Reaps all there is; whether the emulator was among it. */
static int reap(struct watch *w)
{
    int found = 0;
    int wstatus;
    pid_t who;

    while ((who = waitpid(-1, &wstatus, WNOHANG)) > 0) {
        if (who == w->pid) {
            w->status = status_of(wstatus);
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
static void begin_stop(struct watch *w, unsigned grace)
{
    struct moments *m = &w->m;
    int how = w->wish;

    w->wish = STOP_NO;
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
    if (w->pid)
        kill(w->pid, SIGTERM);
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

/* Heart has asked for another emulator a while ago, and ours is still there.
 * One that a heart looks after is none that a heart has given up. */
static void clear_the_way(struct watch *w)
{
    w->m.stuck = NEVER;
    if (!w->r->heart || !w->pid || w->m.stopping || heart_runs(w->r->bindir))
        return;
    say("heart is to start the release again, which still runs: killed");
    w->restart = uptime_ms();
    kill(w->pid, SIGKILL);
}

static void do_what_is_due(struct watch *w, unsigned grace,
                           void (*tick)(unsigned *tick_ms), unsigned *tick_ms)
{
    struct moments *m = &w->m;
    uint64_t now = uptime_ms();

    if (now >= m->tick) {
        tick(tick_ms);
        m->tick = *tick_ms ? now + *tick_ms : NEVER;
    }
    if (now >= m->stuck)
        clear_the_way(w);
    if (now >= m->again) {
        kill(w->pid, SIGTERM);
        m->again = next_again(m);
    }
    if (now >= m->kill)
        kill_all(m, grace);
}

/* --- heart ---------------------------------------------------------------- */

static int start(struct watch *w, struct err *e)
{
    const struct release *r = w->r;

    w->restart = w->m.stuck = NEVER;
    w->pid = spawn(r->path, r->argv.v, r->env.v, r->cwd,
                   r->shell ? SESSION_CONSOLE : SESSION_OWN, e);
    w->m.started = uptime_ms();
    w->m.look = NEVER;
    return w->pid < 0 ? -1 : 0;
}

/* As heart wishes; whether that failed. */
static int start_again(struct watch *w)
{
    const struct release *r = w->r;
    struct err e;

    say("starting the release again");
    if ((r->config && files_write(r->config, r->config_text, 0600, &e)) ||
        start(w, &e)) {
        say("%s", e.text);
        w->pid = 0;
        return 1;
    }
    return 0;
}

/* The emulator that heart's command started, if there is one. */
static int adopt(struct watch *w)
{
    pid_t pid = heart_find_node(w->r->bindir, w->m.ended);
    int fd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

    if (fd < 0)
        return 0;
    say("heart's command started process %d", (int)pid);
    w->pid = pid;
    w->pidfd = fd;
    w->m.started = uptime_ms();
    w->m.look = NEVER;
    return 1;
}

/* Whether an adopted emulator has ended, waited for or not. */
static int adopted_ended(const struct watch *w)
{
    struct pollfd fd = {.fd = w->pidfd, .events = POLLIN};

    return w->pidfd >= 0 && poll(&fd, 1, 0) == 1;
}

/* Whether the emulator has ended.  The status of one that is somebody else's
 * child is not known: heart lets only such a one go that was told to end. */
static int ended(struct watch *w)
{
    int over = adopted_ended(w);

    if (!w->pid)
        return 0;
    if (!reap(w)) {
        if (!over)
            return 0;
        w->status = 0;
    }
    w->pid = 0;
    if (w->pidfd >= 0)
        close(w->pidfd);
    w->pidfd = -1;
    return 1;
}

/* Whether heart has asked for an emulator, and not for one that ended since. */
static int asked(const struct watch *w)
{
    return w->restart != NEVER && uptime_ms() - w->restart < RESTART_MS;
}

/* The emulator has ended: whether to wait for what heart does, or did before it
 * ended itself.  One that stops in order has sent heart away before. */
static int expect_heart(struct watch *w)
{
    take_signals(w);
    if (w->m.stopping ||
        (!(w->r->heart && asked(w)) && !heart_runs(w->r->bindir)))
        return 0;
    say("the release ended with status %d, heart is to start it again",
        w->status);
    w->m.ended = uptime_ms();
    w->m.look = w->m.ended + HEART_POLL_MS;
    w->m.give_up = NEVER;
    return 1;
}

/* Without a child of ours there is nobody who could start an emulator. */
static int alone(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 &&
           errno == ECHILD;
}

/* No emulator runs: starts it if heart asked for it, or finds the one that
 * heart's command started.  Whether there is nothing left to wait for. */
static int look_for_node(struct watch *w)
{
    uint64_t now;

    reap(w);
    take_signals(w); /* what somebody sent who is now reaped */
    now = uptime_ms();
    if (w->m.stopping)
        return 1;
    if (asked(w))
        return start_again(w);
    if (adopt(w))
        return 0;
    if (heart_runs(w->r->bindir))
        w->m.give_up = NEVER;
    else if (w->m.give_up == NEVER)
        w->m.give_up = now + HEART_MS;
    w->m.look = now + HEART_POLL_MS;
    return now >= w->m.give_up || alone();
}

int supervise_run(const struct release *r, unsigned grace,
                  void (*tick)(unsigned *tick_ms), unsigned tick_ms,
                  struct err *e)
{
    struct watch w = {
        .r = r, .m = none, .pidfd = -1, .status = -1, .restart = NEVER};

    if (tick_ms)
        w.m.tick = uptime_ms() + tick_ms;
    if (!r->shell)
        take_console();
    if (start(&w, e))
        return -1;
    for (;;) {
        if (ended(&w) && !expect_heart(&w))
            return w.status;
        if (!w.pid && look_for_node(&w))
            return w.status;
        if (w.wish == STOP_NO)
            wait_signal(&w);
        if (w.wish != STOP_NO)
            begin_stop(&w, grace);
        do_what_is_due(&w, grace, tick, &tick_ms);
    }
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
    struct watch w = {.m = none, .pidfd = -1};

    w.m.tick = uptime_ms() + ms;
    while (!stop_asked && uptime_ms() < w.m.tick) {
        wait_signal(&w);
        stop_asked = w.wish != STOP_NO;
    }
    return stop_asked;
}
