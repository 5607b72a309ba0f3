/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "machine/dist.h"
#include "machine/record.h"
#include "report.h"

#define COOKIE_MAX 511 /* what ei takes */

static unsigned number(const struct target_options *o, const char *option,
                       const char *text, unsigned most)
{
    if (!*text || strlen(text) > 6 || text[strspn(text, "0123456789")] ||
        (unsigned)atol(text) > most)
        usage_error("%s: %s '%s' is not a number of at most %u", o->command,
                    option, text, most);
    return (unsigned)atol(text);
}

static const char *check_node(const struct target_options *o, const char *name)
{
    const char *at = strchr(name, '@');

    if (!at || at == name || !at[1] || strchr(at + 1, '@') ||
        strlen(name) > 255)
        usage_error("%s: --node '%s' is not NAME@HOST", o->command, name);
    return name;
}

static void take_port(struct target_options *o, const char *value)
{
    const char *colon = strrchr(value, ':');

    if (colon == value)
        usage_error("%s: --port '%s' is not [ADDR:]N", o->command, value);
    o->address = NULL;
    if (colon)
        o->address = opt_keep(xasprintf("%.*s", (int)(colon - value), value));
    o->port = number(o, "--port", colon ? colon + 1 : value, 65535);
}

void target_option(void *ctx, int id, const char *value)
{
    struct target_options *o = ctx;

    switch (id) {
    case TARGET_NODE:
        o->node = check_node(o, value);
        break;
    case TARGET_PORT:
        take_port(o, value);
        break;
    case TARGET_COOKIE:
        o->cookie = value;
        break;
    case TARGET_ELIXIR:
        o->elixir = true;
        o->erlang = false;
        break;
    case TARGET_ERLANG:
        o->erlang = true;
        o->elixir = false;
        break;
    case TARGET_TIMEOUT:
        o->seconds = number(o, "-t", value, 999999);
        break;
    }
}

/* The first line of the file; NULL with errno set. */
static char *read_cookie(const char *path)
{
    struct buf b = {0};

    if (file_try_read(path, 4096, &b)) {
        buf_release(&b);
        return NULL;
    }
    buf_str(&b);
    b.data[strcspn(b.data, "\r\n")] = '\0';
    return buf_take(&b);
}

static char *home_cookie(void)
{
    const char *home = getenv("HOME");
    char *path = path_join(home ? home : "/", ".erlang.cookie");
    char *cookie = read_cookie(path);

    if (!cookie)
        fail("which cookie? cannot read '%s': %s: give --cookie", path,
             strerror(errno));
    free(path);
    return cookie;
}

static int check_cookie(const struct target *t)
{
    if (!t->cookie)
        return -1;
    if (!*t->cookie || strlen(t->cookie) > COOKIE_MAX)
        return fail("the cookie of '%s' is not 1 to %d bytes long", t->node,
                    COOKIE_MAX);
    return 0;
}

static int of_record(struct target *t, const struct machine *m,
                     const struct record *r)
{
    char *path;

    if (!r->runs)
        return fail("the machine '%s' does not run", m->name);
    if (!r->node)
        return fail("the machine '%s' has no node that can be reached: start "
                    "it with --dist",
                    m->name);
    path = xasprintf("/proc/self/fd/%d/" DIST_COOKIE, m->dir);
    t->machine = xstrdup(m->name);
    t->node = xstrdup(r->node);
    t->port = r->port;
    t->elixir = r->elixir;
    t->cookie = read_cookie(path);
    free(path);
    if (!t->cookie)
        return fail("cannot read the cookie of '%s': %s", m->name,
                    strerror(errno));
    return 0;
}

static int of_machine(struct target *t, const char *name)
{
    struct record r = {0};
    struct machine m;
    int err;

    if (machine_open(&m, name))
        return -1;
    record_read(&r, &m);
    err = of_record(t, &m, &r);
    record_release(&r);
    machine_close(&m);
    return err;
}

size_t target_operands(const struct target_options *o,
                       const struct strvec *operands)
{
    if (!o->node && o->port)
        usage_error("%s: --port goes with --node", o->command);
    if (!o->node && !operands->n)
        usage_error("%s: which machine? unibeam ps lists them", o->command);
    return o->node ? 0 : 1;
}

int target_find(struct target *t, const struct target_options *o,
                const struct strvec *operands)
{
    int r = 0;

    *t = (struct target){0};
    if (o->node) {
        t->node = xstrdup(o->node);
        t->port = o->port;
        t->address = o->address ? xstrdup(o->address) : NULL;
        t->cookie = o->cookie ? xstrdup(o->cookie) : home_cookie();
    } else {
        r = of_machine(t, operands->v[0]);
    }
    t->elixir = (t->elixir || o->elixir) && !o->erlang;
    return r ? -1 : check_cookie(t);
}

void target_release(struct target *t)
{
    free(t->node);
    free(t->cookie);
    free(t->machine);
    free(t->address);
    *t = (struct target){0};
}

int target_ask(const struct target_options *o, const struct strvec *operands,
               const struct request *q)
{
    struct target t;
    int r = target_find(&t, o, operands);

    if (!r)
        r = node_ask(&t, q, o->seconds);
    target_release(&t);
    return r;
}
