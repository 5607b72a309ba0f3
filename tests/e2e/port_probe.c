/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * port_probe - a port program that tells what it was started with, and what
 * becomes of its writes. Linked statically, it runs on any system.
 *
 *   state        its arguments, signals, descriptors, group and session
 *   ignore FILE  runs on when its input ends; FILE then has what write(2) gave
 *   pipe FILE    the same with SIGPIPE at its default: it should not get there
 *   fds IN OUT   copies descriptor IN to OUT
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show_signals(void)
{
    struct sigaction sa;
    sigset_t blocked;

    sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int s = 1; s < 65; s++) {
        if (sigaction(s, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
            printf("ignores %d\n", s);
        if (sigismember(&blocked, s) == 1)
            printf("blocks %d\n", s);
    }
}

/* Flags of those that are the port's own. */
static void show_descriptors(void)
{
    struct stat st;

    for (int fd = 0; fd < 100; fd++) {
        if (fstat(fd, &st))
            continue;
        if (S_ISFIFO(st.st_mode))
            printf("fd %d pipe %o,%d\n", fd,
                   fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND),
                   fcntl(fd, F_GETFD));
        else
            printf("fd %d\n", fd);
    }
}

static int state(int argc, char **argv)
{
    mode_t mask = umask(0);

    for (int i = 0; i < argc; i++)
        printf("arg %s\n", argv[i]);
    show_signals();
    printf("umask %o\n", mask);
    printf("leader %d %d\n", getpgrp() == getpid(), getsid(0) == getpid());
    show_descriptors();
    return 0;
}

static void note(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (write(fd, text, strlen(text)) < 0)
        _exit(1);
    close(fd);
}

/* Both ends of a closed port. */
static int after_close(const char *path)
{
    char c;
    char text[64];
    ssize_t in = read(0, &c, 1);
    ssize_t out = write(1, "x", 1);

    snprintf(text, sizeof(text), "read %d, write %d %s\n", (int)in, (int)out,
             out < 0 ? strerror(errno) : "");
    note(path, text);
    return 0;
}

static int copy(int in, int out)
{
    char buf[65536];
    ssize_t n;

    while ((n = read(in, buf, sizeof(buf))) > 0)
        if (write(out, buf, (size_t)n) != n)
            return 1;
    return n < 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "state";

    if (!strcmp(what, "ignore") && argc == 3)
        return after_close(argv[2]);
    if (!strcmp(what, "pipe") && argc == 3) {
        signal(SIGPIPE, SIG_DFL);
        return after_close(argv[2]);
    }
    if (!strcmp(what, "fds") && argc == 4)
        return copy(atoi(argv[2]), atoi(argv[3]));
    return state(argc, argv);
}
