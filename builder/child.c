/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_MESSAGES 65536

struct pipes {
    int out[2];
    int err[2];
    int exec[2]; /* why it could not be started */
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipe(int fds[2])
{
    close_fd(&fds[0]);
    close_fd(&fds[1]);
}

static int make_pipes(struct pipes *p)
{
    *p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(p->out, O_CLOEXEC) || pipe2(p->err, O_CLOEXEC) ||
        pipe2(p->exec, O_CLOEXEC))
        return -1;
    fcntl(p->out[0], F_SETFL, O_NONBLOCK);
    fcntl(p->err[0], F_SETFL, O_NONBLOCK);
    return 0;
}

static _Noreturn void in_child(char *const argv[], const int *keep,
                               const struct pipes *p, pid_t parent)
{
    int null = open("/dev/null", O_RDONLY), err;

    dup2(null, STDIN_FILENO);
    dup2(p->out[1], STDOUT_FILENO);
    dup2(p->err[1], STDERR_FILENO);
    for (; *keep >= 0; keep++)
        fcntl(*keep, F_SETFD, 0);
    setenv("LC_ALL", "C", 1);
    signal(SIGXFSZ, SIG_DFL); /* execvp() keeps what is ignored */
    setpgid(0, 0);            /* for child_end() */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execvp(argv[0], argv);
    err = errno;
    if (write(p->exec[1], &err, sizeof(err)) < 0)
        _exit(126);
    _exit(127);
}

/* What the child says of execvp(): 0 when it worked. */
static int exec_result(struct pipes *p)
{
    int err = 0;

    close_fd(&p->exec[1]);
    if (read(p->exec[0], &err, sizeof(err)) != sizeof(err))
        err = 0;
    return err;
}

int child_start(struct child *c, char *const argv[], const int *keep)
{
    pid_t parent = getpid();
    struct pipes p;
    int err = make_pipes(&p) ? errno : 0;

    *c = (struct child){.out = -1, .err = -1};
    if (!err) {
        c->pid = fork();
        if (c->pid == 0)
            in_child(argv, keep, &p, parent);
        err = c->pid < 0 ? errno : exec_result(&p);
    }
    if (err && c->pid > 0)
        waitpid(c->pid, NULL, 0);
    if (err) {
        c->pid = 0;
    } else {
        c->out = p.out[0];
        c->err = p.err[0];
        p.out[0] = p.err[0] = -1;
    }
    close_pipe(p.out);
    close_pipe(p.err);
    close_pipe(p.exec);
    return err;
}

bool child_poll(struct child *c)
{
    if (c->pid > 0 && !c->ended &&
        waitpid(c->pid, &c->status, WNOHANG) == c->pid)
        c->ended = true;
    return c->ended;
}

void child_read(int *fd, struct buf *to)
{
    char data[4096];
    ssize_t n = 0;

    while (*fd >= 0 && (n = read(*fd, data, sizeof(data))) > 0)
        buf_add(to, data, (size_t)n);
    if (*fd >= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR)))
        close_fd(fd);
}

void child_end(struct child *c)
{
    if (c->pid > 0 && !child_poll(c)) {
        kill(-c->pid, SIGKILL);
        kill(c->pid, SIGKILL); /* it may not have its group yet */
        while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
            ;
        c->ended = true;
    }
    c->pid = 0;
    close_fd(&c->out);
    close_fd(&c->err);
}

char *child_status_text(int status)
{
    if (WIFSIGNALED(status))
        return xasprintf("signal %d (%s)", WTERMSIG(status),
                         strsignal(WTERMSIG(status)));
    return xasprintf("status %d", WEXITSTATUS(status));
}

int child_run(char *const argv[], const int *keep, struct buf *messages)
{
    struct buf out = {0};
    struct child c;
    int err = child_start(&c, argv, keep);

    if (err) {
        errno = err;
        return -1;
    }
    while (c.out >= 0 || c.err >= 0) {
        struct pollfd p[] = {{.fd = c.out, .events = POLLIN},
                             {.fd = c.err, .events = POLLIN}};

        poll(p, 2, -1);
        child_read(&c.out, &out);
        child_read(&c.err, messages);
        buf_trim(&out, 0);
        buf_trim(messages, MAX_MESSAGES);
    }
    while (waitpid(c.pid, &c.status, 0) < 0 && errno == EINTR)
        ;
    c.ended = true;
    buf_release(&out);
    return c.status;
}
