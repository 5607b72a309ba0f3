/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * runner.c - process 1 of the test image: runs every program of TESTS_DIR, one
 * after the other, and copies what each prints to the console as "@NAME text".
 * The same program is process 1 of a namespace on the developer's Linux, so
 * that the two outputs can be compared (tests/guest/run.sh).
 *
 * Words "arg=NAME" of the kernel's command line, or arguments, choose programs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TESTS_DIR   "/app/lib/tests-1.0/priv"
#define SECONDS     240 /* for each program */
#define MAX_PROGRAM 128

static char *program[MAX_PROGRAM];
static int nr_programs;
static char *chosen[MAX_PROGRAM];
static int nr_chosen;

/* One write, so that a line stays in one piece on the console. */
static void say(const char *name, const char *text, size_t n)
{
    char line[2048];
    int len = snprintf(line, sizeof(line), "@%s %.*s\n", name, (int)n, text);

    if (len > (int)sizeof(line) - 1)
        len = sizeof(line) - 1;
    for (int done = 0, w; done < len; done += w) {
        w = (int)write(STDOUT_FILENO, line + done, (size_t)(len - done));
        if (w <= 0)
            return;
    }
}

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static void start(const char *name, int out)
{
    static char *env[] = {"PATH=/bin:/usr/bin:/sbin", "HOME=/", "LANG=C", NULL};
    char path[256];
    char *argv[] = {path, NULL};
    int in = open("/dev/null", O_RDONLY);

    snprintf(path, sizeof(path), TESTS_DIR "/%s", name);
    for (int s = 1; s <= 64; s++) /* also those that libc keeps for itself */
        syscall(SYS_rt_sigaction, s, &(long[4]){0}, NULL, 8);
    setsid();
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    syscall(SYS_close_range, 3, ~0u, 0);
    if (!chdir("/tmp"))
        execve(path, argv, env);
    dprintf(2, "cannot execute: %s\n", strerror(errno));
    _exit(126);
}

/* Prints the whole lines of (buf); returns how much is left of it. */
static size_t say_lines(const char *name, char *buf, size_t n)
{
    char *line = buf, *end;

    while ((end = memchr(line, '\n', (size_t)(buf + n - line)))) {
        say(name, line, (size_t)(end - line));
        line = end + 1;
    }
    n -= (size_t)(line - buf);
    memmove(buf, line, n);
    return n;
}

static pid_t program_pid;
static int program_status;

/* Takes every child that has ended: orphans come to process 1. */
static void reap(void)
{
    pid_t pid;
    int st;

    while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
        if (pid == program_pid) {
            program_pid = 0;
            program_status = st;
        }
}

/* Copies the output until its end or (deadline); whether it was the end. */
static int copy_output(const char *name, int fd, int64_t deadline)
{
    static char buf[1800];
    struct pollfd p = {fd, POLLIN, 0};
    size_t have = 0;
    ssize_t n;
    int quiet = 0;

    for (;;) {
        reap();
        if (now_ms() >= deadline)
            break;
        if (poll(&p, 1, 50) <= 0) {
            if (!program_pid && ++quiet == 60)
                break; /* somebody it left behind holds the pipe */
            continue;
        }
        n = read(fd, buf + have, sizeof(buf) - have);
        if (n <= 0)
            break;
        have = say_lines(name, buf, have + (size_t)n);
        if (have == sizeof(buf)) {
            say(name, buf, have);
            have = 0;
        }
    }
    if (have)
        say(name, buf, have);
    return now_ms() < deadline;
}

/* Ends all that a program left behind: only process 1 may do that. */
static void end_all(void)
{
    if (getpid() != 1)
        return;
    kill(-1, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
}

static void say_ending(const char *name, int ended)
{
    char text[80];

    if (!ended)
        snprintf(text, sizeof(text), "= no end in %d s", SECONDS);
    else if (WIFSIGNALED(program_status))
        snprintf(text, sizeof(text), "= signal %d", WTERMSIG(program_status));
    else
        snprintf(text, sizeof(text), "= status %d",
                 WEXITSTATUS(program_status));
    say(name, text, strlen(text));
}

static void run(const char *name)
{
    int64_t started = now_ms();
    int fds[2];

    if (pipe(fds) || (program_pid = fork()) < 0) {
        perror(name);
        return;
    }
    if (!program_pid)
        start(name, fds[1]);
    close(fds[1]);
    int ended = copy_output(name, fds[0], started + SECONDS * 1000);
    close(fds[0]);
    if (program_pid && !ended)
        kill(program_pid, SIGKILL);
    if (program_pid)
        waitpid(program_pid, &program_status, 0);
    end_all();
    say_ending(name, ended);
    printf("# %s took %lld ms\n", name, (long long)(now_ms() - started));
    fflush(stdout);
}

/* By name, but fuzz_test last: as root it changes owners, modes and more. */
static int by_name(const void *a, const void *b)
{
    const char *s = *(char *const *)a, *t = *(char *const *)b;
    int late = !strncmp(s, "fuzz", 4) - !strncmp(t, "fuzz", 4);

    return late ? late : strcmp(s, t);
}

static void find_programs(void)
{
    DIR *d = opendir(TESTS_DIR);
    struct dirent *e;

    if (!d) {
        perror(TESTS_DIR);
        exit(1);
    }
    while ((e = readdir(d)) && nr_programs < MAX_PROGRAM)
        if (e->d_name[0] != '.')
            program[nr_programs++] = strdup(e->d_name);
    closedir(d);
    qsort(program, (size_t)nr_programs, sizeof(*program), by_name);
}

static void read_cmdline(void)
{
    static char line[8192];
    FILE *f = fopen("/proc/cmdline", "r");

    if (!f || !fgets(line, sizeof(line), f))
        return;
    for (char *w = strtok(line, " \n"); w; w = strtok(NULL, " \n"))
        if (!strncmp(w, "arg=", 4) && nr_chosen < MAX_PROGRAM)
            chosen[nr_chosen++] = w + 4;
    fclose(f);
}

static int is_chosen(const char *name)
{
    for (int i = 0; i < nr_chosen; i++)
        if (!strncmp(name, chosen[i], strlen(chosen[i])) &&
            (*chosen[i] || strstr(name, "_test")))
            return 1;
    return nr_chosen == 0 && strstr(name, "_test");
}

/* What the kernel had to say, for whoever looks into the log. */
static void show_kernel_log(void)
{
    static char buf[65536];
    int n = klogctl(3, buf, sizeof(buf) - 1);

    if (n <= 0)
        return;
    buf[n] = '\0';
    for (char *l = strtok(buf, "\n"); l; l = strtok(NULL, "\n"))
        if (l[0] == '<' && l[1] <= '4')
            printf("# kernel: %s\n", l + 3);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (fcntl(STDERR_FILENO, F_GETFD) < 0)
        for (int i = open("/dev/console", O_RDWR); i >= 0 && i < 2; i++)
            dup2(i, i + 1);
    umask(022);
    find_programs();
    if (argc > 1)
        for (int i = 1; i < argc && i < MAX_PROGRAM; i++)
            chosen[nr_chosen++] = argv[i];
    else
        read_cmdline();
    for (int i = 0; i < nr_programs; i++)
        if (is_chosen(program[i]))
            run(program[i]);
    if (argc == 1)
        show_kernel_log();
    say("end", "", 0);
    return 0;
}
