/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "tempdir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "report.h"

#define OPEN_DIRS 16

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    remove(path);
    return 0; /* the others nevertheless */
}

/* The child: the pipe ends when the last holder of its other end has gone. */
static _Noreturn void wait_and_remove(const char *path, int life)
{
    int null = open("/dev/null", O_RDWR);
    char byte;

    /* nobody is to wait for the end of a stream because it is open here */
    for (int i = 0; i < 3 && null >= 0; i++)
        dup2(null, i);
    while (read(life, &byte, 1) < 0 && errno == EINTR)
        ;
    nftw(path, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

/* Out of reach of what is sent to the terminal's processes, and of the news
 * that nobody reads what we tell. */
static void live_on(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

    setsid();
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        signal(signals[i], SIG_IGN);
}

/* The child makes the directory too: there is no moment at which it exists and
 * nobody is there to remove it.  Who asked for it may have gone before hearing
 * of it: then it is removed at once. */
static _Noreturn void child(char *path, int ready, int life)
{
    int err;

    live_on();
    err = mkdtemp(path) ? 0 : errno;
    if (write(ready, &err, sizeof(err)) == sizeof(err) && !err)
        (void)!write(ready, path, strlen(path));
    if (err)
        _exit(1);
    close(ready);
    wait_and_remove(path, life);
}

/* What the child tells: errno, then the name. */
static int read_name(int fd, char *path)
{
    int err = EIO;

    if (read(fd, &err, sizeof(err)) != sizeof(err))
        err = EIO;
    if (!err && read(fd, path, strlen(path)) != (ssize_t)strlen(path))
        err = EIO;
    errno = err;
    return err ? -1 : 0;
}

static int start(struct tempdir *t)
{
    int ready[2], life[2], r = -1;

    if (pipe2(ready, O_CLOEXEC))
        return -1;
    if (pipe2(life, O_CLOEXEC) == 0) {
        fflush(NULL);
        t->child = fork();
        if (t->child == 0) {
            close(ready[0]);
            close(life[1]);
            child(t->path, ready[1], life[0]);
        }
        close(life[0]);
        close(ready[1]);
        ready[1] = -1;
        t->life = life[1];
        r = t->child < 0 ? -1 : read_name(ready[0], t->path);
    }
    close(ready[0]);
    if (ready[1] >= 0)
        close(ready[1]);
    return r;
}

int tempdir_make(struct tempdir *t)
{
    const char *dir = getenv("TMPDIR");
    char *real;

    *t = (struct tempdir){.life = -1, .child = -1};
    if (!dir || !*dir)
        dir = "/var/tmp"; /* /tmp is memory on many systems */
    real = realpath(dir, NULL);
    t->path = path_join(real ? real : dir, "unibeam.XXXXXX");
    free(real);
    if (start(t) == 0)
        return 0;
    fail("cannot make a temporary directory in '%s': %s: TMPDIR names another",
         dir, strerror(errno));
    tempdir_remove(t);
    return -1;
}

void tempdir_remove(struct tempdir *t)
{
    if (!t->path)
        return;
    if (t->life >= 0)
        close(t->life);
    while (t->child > 0 && waitpid(t->child, NULL, 0) < 0 && errno == EINTR)
        ;
    free(t->path);
    *t = (struct tempdir){.life = -1, .child = -1};
}
