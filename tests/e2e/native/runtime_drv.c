/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * A linked-in driver for runtime_SUITE: output, control calls, a timer, a
 * descriptor it waits for, a job on the pool of asynchronous threads.
 */
#include <ctype.h>
#include <erl_driver.h>
#include <string.h>
#include <unistd.h>

struct state {
    ErlDrvPort port;
    int fd[2];
};

enum { REVERSE = 1, TIMER, PIPE, ASYNC, FAIL };

static ErlDrvData start(ErlDrvPort port, char *command)
{
    struct state *s = driver_alloc(sizeof(*s));

    (void)command;
    s->port = port;
    if (pipe(s->fd)) {
        driver_free(s);
        return ERL_DRV_ERROR_ERRNO;
    }
    driver_select(port, (ErlDrvEvent)(long)s->fd[0], ERL_DRV_READ | ERL_DRV_USE,
                  1);
    return (ErlDrvData)s;
}

static void stop(ErlDrvData data)
{
    struct state *s = (struct state *)data;

    driver_select(s->port, (ErlDrvEvent)(long)s->fd[0],
                  ERL_DRV_READ | ERL_DRV_USE, 0);
    close(s->fd[1]);
    driver_free(s);
}

static void stop_select(ErlDrvEvent event, void *reserved)
{
    (void)reserved;
    close((int)(long)event);
}

static void output(ErlDrvData data, char *buf, ErlDrvSizeT len)
{
    struct state *s = (struct state *)data;

    for (ErlDrvSizeT i = 0; i < len; i++)
        buf[i] = (char)toupper((unsigned char)buf[i]);
    driver_output(s->port, buf, len);
}

static void ready_input(ErlDrvData data, ErlDrvEvent event)
{
    struct state *s = (struct state *)data;
    char buf[64];
    ssize_t n = read((int)(long)event, buf, sizeof(buf));

    if (n > 0)
        driver_output(s->port, buf, (ErlDrvSizeT)n);
}

static void timeout(ErlDrvData data)
{
    driver_output(((struct state *)data)->port, (char *)"tick", 4);
}

static void work(void *job)
{
    usleep(10000);
    memcpy(job, "done", 4);
}

static void ready_async(ErlDrvData data, ErlDrvThreadData job)
{
    driver_output(((struct state *)data)->port, (char *)job, 4);
    driver_free(job);
}

static ErlDrvSSizeT control(ErlDrvData data, unsigned command, char *buf,
                            ErlDrvSizeT len, char **out, ErlDrvSizeT size)
{
    struct state *s = (struct state *)data;

    switch (command) {
    case REVERSE:
        if (len > size)
            return -1;
        for (ErlDrvSizeT i = 0; i < len; i++)
            (*out)[i] = buf[len - 1 - i];
        return (ErlDrvSSizeT)len;
    case TIMER:
        driver_set_timer(s->port, 10);
        return 0;
    case PIPE:
        return write(s->fd[1], buf, len) < 0 ? -1 : 0;
    case ASYNC:
        driver_async(s->port, NULL, work, driver_alloc(4), driver_free);
        return 0;
    case FAIL:
        driver_failure_posix(s->port, 5);
        return 0;
    default:
        return -1;
    }
}

static ErlDrvEntry entry = {
    .start = start,
    .stop = stop,
    .stop_select = stop_select,
    .output = output,
    .ready_input = ready_input,
    .driver_name = (char *)"runtime_drv",
    .control = control,
    .timeout = timeout,
    .ready_async = ready_async,
    .extended_marker = (int)ERL_DRV_EXTENDED_MARKER,
    .major_version = ERL_DRV_EXTENDED_MAJOR_VERSION,
    .minor_version = ERL_DRV_EXTENDED_MINOR_VERSION,
};

DRIVER_INIT(runtime_drv)
{
    return &entry;
}
