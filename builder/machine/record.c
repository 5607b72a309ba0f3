/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "report.h"

#define FILE_NAME "machine.json"
#define FILE_TEMP ".machine.json"
#define FILE_MAX  (1 << 20)

/* ---- writing ---- */

static json_t *ports_json(const struct record *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->ports.n; i++)
        json_array_append_new(list, json_string(r->ports.v[i]));
    return list;
}

/* A path need not be UTF-8; JSON has to be. */
static json_t *text_json(const char *text)
{
    json_t *j = text ? json_string(text) : NULL;
    struct buf b = {0};

    if (j || !text)
        return j ? j : json_null();
    for (; *text; text++) {
        char c = (unsigned char)*text < 0x80 ? *text : '?';

        buf_add(&b, &c, 1);
    }
    j = json_string(buf_str(&b));
    buf_release(&b);
    return j;
}

static json_t *to_json(const struct record *r)
{
    json_t *j = json_object();

    json_object_set_new(j, "image", text_json(r->image));
    json_object_set_new(j, "memory", text_json(r->memory));
    json_object_set_new(j, "cpus", text_json(r->cpus));
    json_object_set_new(j, "ports", ports_json(r));
    json_object_set_new(j, "started", json_integer(r->started));
    json_object_set_new(j, "pid", json_integer(r->pid));
    json_object_set_new(j, "up", json_boolean(r->up));
    json_object_set_new(j, "stopping", json_boolean(r->stopping));
    json_object_set_new(j, "foreground", json_boolean(r->foreground));
    if (r->ended) {
        json_object_set_new(j, "ended", json_integer(r->ended));
        json_object_set_new(j, "status", json_integer(r->status));
    }
    if (r->node) {
        json_object_set_new(j, "node", text_json(r->node));
        json_object_set_new(j, "port", json_integer(r->port));
        json_object_set_new(j, "elixir", json_boolean(r->elixir));
    }
    return j;
}

static bool write_to(int fd, const char *text)
{
    size_t len = strlen(text);
    bool ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;

    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    return ok;
}

static int write_file(const struct machine *m, const char *text)
{
    int saved, fd = openat(m->dir, FILE_TEMP,
                           O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (write_to(fd, text) &&
        renameat(m->dir, FILE_TEMP, m->dir, FILE_NAME) == 0)
        return 0;
    /* On a full disk there is still the place that the old one has, and a
     * status that is lost is worse than one that is seen half written. */
    saved = errno;
    unlinkat(m->dir, FILE_TEMP, 0);
    fd = openat(m->dir, FILE_NAME, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, (off_t)strlen(text)) == 0 &&
        write_to(fd, text))
        return 0;
    errno = saved;
    return -1;
}

int record_write(const struct record *r, const struct machine *m)
{
    json_t *j = to_json(r);
    char *text = json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    int err = text ? write_file(m, text) : -1;

    if (err)
        fail("cannot write down the state of the machine '%s': %s", m->name,
             strerror(errno));
    free(text);
    json_decref(j);
    return err;
}

/* ---- reading ---- */

static char *text_of(json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));

    return text ? xstrdup(text) : NULL;
}

static long long number_of(json_t *j, const char *key)
{
    return json_integer_value(json_object_get(j, key));
}

static void from_json(struct record *r, json_t *j)
{
    json_t *ports = json_object_get(j, "ports"), *port;
    size_t i;

    r->image = text_of(j, "image");
    r->memory = text_of(j, "memory");
    r->cpus = text_of(j, "cpus");
    r->node = text_of(j, "node");
    json_array_foreach (ports, i, port) {
        if (json_string_value(port))
            strvec_push(&r->ports, json_string_value(port));
    }
    r->started = number_of(j, "started");
    r->ended = number_of(j, "ended");
    r->status = (int)number_of(j, "status");
    r->pid = (int)number_of(j, "pid");
    r->port = (unsigned)number_of(j, "port");
    r->up = json_is_true(json_object_get(j, "up"));
    r->stopping = json_is_true(json_object_get(j, "stopping"));
    r->foreground = json_is_true(json_object_get(j, "foreground"));
    r->elixir = json_is_true(json_object_get(j, "elixir"));
}

void record_read(struct record *r, const struct machine *m)
{
    char *path = xasprintf("/proc/self/fd/%d/" FILE_NAME, m->dir);
    struct buf b = {0};
    json_t *j = NULL;

    /* first: before the lock is let go the end is written down */
    *r = (struct record){.runs = machine_runs(m)};
    if (file_try_read(path, FILE_MAX, &b) == 0)
        j = json_loadb(b.data ? b.data : "", b.len, 0, NULL);
    if (j)
        from_json(r, j);
    json_decref(j);
    buf_release(&b);
    free(path);
}

void record_release(struct record *r)
{
    free(r->image);
    free(r->memory);
    free(r->cpus);
    free(r->node);
    strvec_release(&r->ports);
    *r = (struct record){0};
}

/* ---- telling ---- */

const char *record_state(const struct record *r)
{
    if (!r->runs)
        return r->ended ? "ended" : "lost";
    if (!r->up)
        return "starting";
    return r->stopping ? "stopping" : "running";
}

static json_t *time_json(time_t when)
{
    char text[32];
    struct tm tm;

    if (!when)
        return json_null();
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &tm));
    return json_string(text);
}

json_t *record_json(const struct record *r, const struct machine *m)
{
    json_t *j = json_object();

    json_object_set_new(j, "name", text_json(m->name));
    json_object_set_new(j, "image", text_json(r->image));
    json_object_set_new(j, "state", json_string(record_state(r)));
    json_object_set_new(j, "started", time_json(r->started));
    json_object_set_new(j, "ended", time_json(r->ended));
    json_object_set_new(j, "status",
                        r->ended ? json_integer(r->status) : json_null());
    json_object_set_new(j, "ports", ports_json(r));
    json_object_set_new(j, "memory", text_json(r->memory));
    json_object_set_new(j, "cpus", text_json(r->cpus));
    json_object_set_new(j, "foreground", json_boolean(r->foreground));
    json_object_set_new(j, "pid", r->pid ? json_integer(r->pid) : json_null());
    json_object_set_new(j, "node", text_json(r->node));
    return j;
}
