/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/stop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine/control.h"
#include "report.h"

#define KILL_MS 10000 /* even a keeper on a busy host has then noticed */
#define LOOK_MS 20

struct stop {
    struct machine m;
    int fd; /* to its keeper; -1: it has ended */
    bool failed;
};

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void begin(struct stop *s, const char *name)
{
    s->fd = -1;
    s->failed = machine_open(&s->m, name) != 0;
    if (s->failed || !machine_runs(&s->m))
        return;
    s->fd = control_connect(&s->m);
    if (s->fd >= 0)
        control_send(s->fd, CONTROL_STOP, NULL, 0);
    else if (machine_runs(&s->m))
        s->failed = fail("cannot reach the machine '%s': %s", name,
                         strerror(errno)) != 0;
}

/* Its keeper closes the connection when it has gone, and nothing is left of it
 * a moment later.  Whether it has ended before (limit). */
static bool wait_for(struct stop *s, long long limit)
{
    char data[CONTROL_MAX];
    enum control kind;
    long long left;

    while (s->fd >= 0 && (left = limit - now_ms()) > 0) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};

        if (poll(&p, 1, (int)left) > 0 &&
            control_receive(s->fd, &kind, data) < 0) {
            close(s->fd);
            s->fd = -1;
        }
    }
    while (s->fd < 0 && machine_runs(&s->m) && now_ms() < limit + KILL_MS)
        poll(NULL, 0, LOOK_MS);
    return s->fd < 0 && !machine_runs(&s->m);
}

static void end(struct stop *s, long long limit)
{
    if (s->failed || wait_for(s, limit))
        return;
    if (s->fd >= 0)
        control_send(s->fd, CONTROL_KILL, NULL, 0);
    if (wait_for(s, now_ms() + KILL_MS))
        note("'%s' had to be killed", s->m.name);
    else
        s->failed = fail("the machine '%s' does not end", s->m.name) != 0;
}

int stop_machines(const struct strvec *names, unsigned seconds)
{
    struct stop *all = xcalloc(names->n, sizeof(*all));
    long long limit = now_ms() + seconds * 1000LL;
    int r = 0;

    for (size_t i = 0; i < names->n; i++)
        begin(&all[i], names->v[i]);
    for (size_t i = 0; i < names->n; i++) {
        end(&all[i], limit);
        r |= all[i].failed ? -1 : 0;
        if (all[i].fd >= 0)
            close(all[i].fd);
        machine_close(&all[i].m);
    }
    free(all);
    return r;
}
