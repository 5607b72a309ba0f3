/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "heart.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A program's file: names in /proc lead to it whatever links the path has. */
struct program {
    dev_t dev;
    ino_t ino;
};

/* 0, or -1 when there is no file of that name. */
static int program_of(const char *path, struct program *p)
{
    struct stat st;

    if (stat(path, &st))
        return -1;
    p->dev = st.st_dev;
    p->ino = st.st_ino;
    return 0;
}

static int same(const struct program *a, const struct program *b)
{
    return a->dev == b->dev && a->ino == b->ino;
}

#define TICK_MS   10 /* what /proc/PID/stat counts in */
#define STARTTIME 22 /* its field, proc(5) */

/* Milliseconds from the machine's start to the process's, or 0. */
static uint64_t started_at(pid_t pid)
{
    char path[32], text[1024];
    unsigned long long ticks = 0;
    char *s;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    s = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
    for (int field = 2; s && field < STARTTIME; field++)
        s = strchr(s + 1, ' ');
    if (s)
        sscanf(s, "%llu", &ticks);
    fclose(f);
    return ticks * TICK_MS;
}

/* A process not older than (since) that runs one of (programs), or 0. One that
 * has ended and was not waited for runs no program any more. */
static pid_t find(const struct program *programs, int n, uint64_t since)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    pid_t found = 0;

    while (proc && !found && (entry = readdir(proc))) {
        pid_t pid = atoi(entry->d_name);
        struct program p;
        char path[32];

        if (pid <= 1)
            continue;
        snprintf(path, sizeof(path), "/proc/%d/exe", pid);
        if (program_of(path, &p))
            continue;
        for (int i = 0; i < n; i++)
            if (same(&p, &programs[i]) && started_at(pid) + TICK_MS >= since)
                found = pid;
    }
    if (proc)
        closedir(proc);
    return found;
}

static int add(const char *dir, const char *name, struct program *p)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return program_of(path, p) ? 0 : 1;
}

int heart_runs(const char *bindir)
{
    struct program heart;

    return add(bindir, "heart", &heart) && find(&heart, 1, 0);
}

/* There may be several. erlexec, which becomes one of them, does not count:
 * with -detached it is a child of it that does, and itself ends at once. */
pid_t heart_find_node(const char *bindir, uint64_t since)
{
    struct program nodes[8];
    DIR *dir = opendir(bindir);
    struct dirent *entry;
    int n = 0;

    while (dir && n < 8 && (entry = readdir(dir)))
        if (!strncmp(entry->d_name, "beam.", 5))
            n += add(bindir, entry->d_name, &nodes[n]);
    if (dir)
        closedir(dir);
    return find(nodes, n, since);
}
