/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * show.h - for programs whose output on this kernel is compared with their
 * output on Linux.
 *
 * A program consists of SECTION(name) { ... } bodies. Each runs in a process
 * and an empty directory of its own, with a time limit, so a crash or a hang
 * costs one section. R(expr) prints the expression and what it gave: a number,
 * or the name of the error. What legitimately differs (addresses, process
 * numbers, sizes of memory) must not be printed.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECTION_SECONDS
#define SECTION_SECONDS 60
#endif

/* Where nothing is mapped; the compiler does not know. */
__attribute__((unused)) static char *volatile bad = (char *)8;

static const char *section_name;

struct section {
    const char *name;
    void (*run)(void);
    struct section *next;
};
static struct section *sections, **sections_end = &sections;

#define SECTION(id)                                                            \
    static void section_##id(void);                                            \
    __attribute__((constructor)) static void section_add_##id(void)            \
    {                                                                          \
        static struct section s = {#id, section_##id, NULL};                   \
        *sections_end = &s;                                                    \
        sections_end = &s.next;                                                \
    }                                                                          \
    static void section_##id(void)

/* A line of text, in one write. */
__attribute__((format(printf, 1, 2), unused)) static void say(const char *fmt,
                                                              ...)
{
    char line[1500];
    va_list ap;
    int n = snprintf(line, 200, "%s: ", section_name);

    va_start(ap, fmt);
    n += vsnprintf(line + n, sizeof(line) - 2 - (size_t)n, fmt, ap);
    va_end(ap);
    if (n > (int)sizeof(line) - 2)
        n = sizeof(line) - 2;
    line[n++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(99);
}

__attribute__((unused)) static const char *err_name(int e)
{
    const char *s = e ? strerrorname_np(e) : "0";

    return s ? s : "E?";
}

__attribute__((unused)) static long show(int line, const char *text, long v)
{
    int e = errno;

    if (v == -1 && e)
        say("%d: %s = -1 %s", line, text, err_name(e));
    else
        say("%d: %s = %ld", line, text, v);
    errno = e;
    return v;
}

/* The result of a call that sets errno; the value of the expression. */
#define R(e) show(__LINE__, #e, (errno = 0, (long)(e)))
/* A value that never is an error. */
#define V(e) show(__LINE__, #e, ((void)(errno = 0), (long)(e)) + (errno = 0))
/* The same call by number. */
#define SYS(name, ...) R(syscall(SYS_##name, ##__VA_ARGS__))
/* Nothing is said unless it fails. */
#define NEED(e)                                                                \
    do {                                                                       \
        if (!(e)) {                                                            \
            say("%d: needs %s: %s", __LINE__, #e, err_name(errno));            \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

__attribute__((unused)) static void nap(int ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000l};

    while (nanosleep(&ts, &ts) && errno == EINTR)
        ;
}

__attribute__((unused)) static long long now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

__attribute__((unused)) static void put(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    NEED(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

__attribute__((unused)) static const char *get(const char *path)
{
    static char buf[65536];
    int fd = open(path, O_RDONLY);
    ssize_t n, got = 0;

    while (fd >= 0 && (n = read(fd, buf + got, sizeof(buf) - 1 - got)) > 0)
        got += n;
    buf[got] = '\0';
    if (fd >= 0)
        close(fd);
    return buf;
}

/* How a child ended. */
__attribute__((unused)) static const char *ending(int st)
{
    static char text[32];

    if (WIFEXITED(st))
        snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(st));
    else if (WIFSIGNALED(st))
        snprintf(text, sizeof(text), "signal %d", WTERMSIG(st));
    else if (WIFSTOPPED(st))
        snprintf(text, sizeof(text), "stop %d", WSTOPSIG(st));
    else
        snprintf(text, sizeof(text), "%s", WIFCONTINUED(st) ? "cont" : "?");
    return text;
}

/* Runs the following block in a child and shows how it ended. */
#define CHILD                                                                  \
    for (pid_t child_ = fork(); child_ >= 0;                                   \
         child_ = child_ ? (say("%d: child %s", __LINE__,                      \
                                ending(child_wait(child_))),                   \
                            -1)                                                \
                         : (_exit(0), -1))                                     \
        if (child_ == 0)

__attribute__((unused)) static int child_wait(pid_t pid)
{
    int st = -1;

    while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
        ;
    return st;
}

static pid_t section_pid;

static void section_end(int sig)
{
    (void)sig;
    kill(section_pid, SIGKILL);
}

static void section_run(const struct section *s, const char *top)
{
    char dir[128];
    int st;

    long long started = now_ms();

    section_name = s->name;
    snprintf(dir, sizeof(dir), "%s/%s", top, s->name);
    section_pid = fork();
    if (!section_pid) {
        NEED(!mkdir(dir, 0755) && !chdir(dir));
        signal(SIGALRM, SIG_DFL);
        s->run();
        _exit(0);
    }
    alarm(SECTION_SECONDS); /* here, for a section may use its own timer */
    st = child_wait(section_pid);
    alarm(0);
    if (st)
        say("ended with %s", ending(st));
    dprintf(STDOUT_FILENO, "~ %s took %lld ms\n", s->name, now_ms() - started);
}

/* What a program does when a test of its own executes it. */
__attribute__((weak)) int program_child(int argc, char **argv);

int main(int argc, char **argv)
{
    static char top[] = "/tmp/show.XXXXXX";

    if (argc > 1 && program_child && strcmp(argv[1], "--only"))
        return program_child(argc, argv);
    if (!mkdtemp(top) || chmod(top, 0755))
        return 1;
    signal(SIGALRM, section_end);
    for (struct section *s = sections; s; s = s->next)
        if (argc < 3 || !strcmp(argv[2], s->name))
            section_run(s, top);
    return 0;
}
