/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "remove_tree.h"
#include "report.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

/* What the signal handler has to remove. */
static const char *volatile unfinished;

static void remove_unfinished(void)
{
    const char *path = unfinished;

    unfinished = NULL;
    if (path)
        remove_tree(path);
}

static void on_signal(int sig)
{
    remove_unfinished();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void catch_signals(void)
{
    struct sigaction act = {.sa_handler = on_signal}, old;
    static int once;

    if (once++)
        return;
    atexit(remove_unfinished);
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        sigaction(signals[i], NULL, &old);
        if (old.sa_handler != SIG_IGN) /* nohup */
            sigaction(signals[i], &act, NULL);
    }
    /* a file-size limit is an error like a full disk, not a reason to die */
    signal(SIGXFSZ, SIG_IGN);
}

static int check_target(const char *path, bool dir)
{
    struct stat st;

    if (dir && lstat(path, &st) == 0)
        return fail("cannot write '%s': it exists already", path);
    if (stat(path, &st))
        return 0;
    if (!S_ISREG(st.st_mode))
        return fail("cannot write '%s': it exists and is not a file", path);
    return 0;
}

/* Remove (path) if it is ours, nobody's who is still there, and what an output
 * of this kind leaves. */
static void remove_abandoned(const char *path, bool dir)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 &&
        (dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode)) &&
        st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_tree(path);
    close(fd);
}

/* (temp) as for mkstemp() */
static void remove_leftovers(const char *temp, bool dir)
{
    char *quoted = path_glob_quote(temp);
    glob_t g;

    memset(quoted + strlen(quoted) - 6, '?', 6);
    if (glob(quoted, 0, NULL, &g) == 0) {
        for (size_t i = 0; i < g.gl_pathc; i++)
            remove_abandoned(g.gl_pathv[i], dir);
        globfree(&g);
    }
    free(quoted);
}

static int make_file_or_dir(const struct output *o)
{
    if (!o->dir)
        return mkostemp(o->temp, O_CLOEXEC);
    if (!mkdtemp(o->temp))
        return -1;
    return open(o->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Make what o->temp, a pattern, names, and lock it.  Who found it unlocked
 * between the two has removed it: then it has no name, and we make another. */
static int make_temp(struct output *o)
{
    char *pattern = o->temp + strlen(o->temp) - 6;
    struct stat st;
    int fd;

    for (;;) {
        memset(pattern, 'X', 6);
        fd = make_file_or_dir(o);
        if (fd < 0)
            return -1;
        unfinished = o->temp;
        flock(fd, LOCK_EX); /* where there are no locks there is none */
        if (fstat(fd, &st) || st.st_nlink)
            return fd;
        unfinished = NULL;
        close(fd);
    }
}

static int open_output(struct output *o, const char *path, bool dir)
{
    char *parent = path_parent(path);
    mode_t mask = umask(0);
    sigset_t block, old;

    umask(mask);
    *o = (struct output){.fd = -1, .dir = dir};
    if (check_target(path, dir)) {
        free(parent);
        return -1;
    }
    o->path = xstrdup(path);
    /* cut short: with its dot and letters it must still be a file name */
    o->temp = xasprintf("%s/.%.200s.unibeam-XXXXXX", parent, path_base(path));
    free(parent);
    catch_signals();
    remove_leftovers(o->temp, dir);
    /* no signal between making the file and remembering it */
    sigemptyset(&block);
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        sigaddset(&block, signals[i]);
    sigprocmask(SIG_BLOCK, &block, &old);
    o->fd = make_temp(o);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (o->fd < 0 || fchmod(o->fd, (dir ? 0777 : 0666) & ~mask)) {
        fail("cannot write '%s': %s", path, strerror(errno));
        output_close(o);
        return -1;
    }
    return 0;
}

int output_open(struct output *o, const char *path)
{
    return open_output(o, path, false);
}

int output_open_dir(struct output *o, const char *path)
{
    return open_output(o, path, true);
}

int output_commit(struct output *o)
{
    int fd = o->fd, lock = dup(fd); /* keeps it until the file has its name */
    /* before the rename, or a power failure could leave the name and nothing
     * behind it; some file systems report a full disk only here */
    bool failed = fsync(fd) && errno != EINVAL && errno != EROFS;
    int saved = errno;

    o->fd = -1;
    if (close(fd) && !failed) {
        failed = true;
        saved = errno;
    }
    errno = saved;
    if (failed || rename(o->temp, o->path))
        failed = fail("cannot write '%s': %s", o->path, strerror(errno));
    else
        unfinished = NULL;
    if (lock >= 0)
        close(lock);
    return failed ? -1 : 0;
}

void output_close(struct output *o)
{
    if (o->fd >= 0)
        close(o->fd);
    remove_unfinished();
    free(o->path);
    free(o->temp);
    *o = (struct output){.fd = -1};
}
