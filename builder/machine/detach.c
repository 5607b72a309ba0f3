/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/detach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

/* ---- the one that waits ---- */

/* What keeper_up() or keeper_end() wrote. */
static int wait_for_start(int fd)
{
    char data[4096];
    ssize_t n = read(fd, data, 2);

    if (n > 0 && data[0] == '+')
        return 0;
    if (n < 2) {
        fail("the machine did not start: the process that keeps it was killed");
        return 1;
    }
    n = (unsigned char)data[1];
    for (ssize_t got; (got = read(fd, data, sizeof(data))) > 0;)
        fwrite(data, 1, (size_t)got, stderr);
    return n ? (int)n : 1;
}

/* ---- the one that goes on ---- */

/* Whatever came from our parent, like a pipe that somebody reads to its end. */
static void close_foreign(void)
{
    DIR *d = opendir("/proc/self/fd");
    struct dirent *entry;

    while (d && (entry = readdir(d))) {
        int fd = atoi(entry->d_name), flags = fcntl(fd, F_GETFD);

        if (fd > 2 && flags >= 0 && !(flags & FD_CLOEXEC))
            close(fd);
    }
    if (d)
        closedir(d);
}

static bool go_on(struct keeper *k, int started)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), pipes[2];

    if (null < 0 || pipe2(pipes, O_CLOEXEC))
        return false;
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    fcntl(pipes[1], F_SETFL, O_NONBLOCK); /* we read it ourselves */
    close_foreign();
    dup2(null, 0);
    dup2(pipes[1], 1);
    dup2(pipes[1], 2);
    close(null);
    close(pipes[1]);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* as a full disk */
    k->messages = pipes[0];
    k->started = started;
    k->record->pid = getpid();
    return record_write(k->record, k->machine) == 0;
}

/* ---- both ---- */

bool detach(struct keeper *k, int *status)
{
    int pipes[2];
    pid_t pid;

    *status = 1;
    fflush(NULL);
    if (pipe2(pipes, O_CLOEXEC)) {
        fail("cannot make a pipe: %s", strerror(errno));
        return false;
    }
    pid = fork();
    if (pid == 0) {
        /* twice: not the leader of the session, so that no terminal that is
         * opened becomes ours; and nobody's child */
        if (setsid() < 0 || (pid = fork()) < 0)
            _exit(1);
        if (pid)
            _exit(0);
        close(pipes[0]);
        if (!go_on(k, pipes[1]))
            _exit(1);
        return true;
    }
    close(pipes[1]);
    if (pid < 0) {
        fail("cannot go into the background: %s", strerror(errno));
    } else {
        waitpid(pid, NULL, 0);
        *status = wait_for_start(pipes[0]);
    }
    close(pipes[0]);
    return false;
}
