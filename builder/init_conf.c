/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "init_conf.h"

#include <stdlib.h>
#include <string.h>

#include "abi/initconf.h"
#include "report.h"

static int put(struct buf *out, const char *key, const char *value)
{
    if (!value)
        return 0;
    if (strpbrk(value, "\n\r"))
        return fail("%s '%s' has a line break in it", key, value);
    buf_addf(out, "%s=%s\n", key, value);
    return 0;
}

static int put_env(struct buf *out, const struct strvec *env)
{
    int r = 0;

    for (size_t i = 0; i < env->n && !r; i++) {
        char *eq = strchr(env->v[i], '=');
        char *key = xasprintf("env.%.*s", (int)(eq - env->v[i]), env->v[i]);

        r = put(out, key, eq + 1);
        free(key);
    }
    return r;
}

int init_conf_write(const struct release *r, const struct init_settings *s,
                    struct buf *out)
{
    char *erts = xasprintf("%s/erts-%s", r->root, r->erts);
    int err =
        put(out, "release", r->rel.name) || put(out, "version", r->version) ||
        put(out, "layout", release_layout_name(r)) ||
        put(out, "root", r->root) || put(out, "erts", erts) ||
        put(out, "boot", r->boot) || put(out, "config", r->config) ||
        put(out, "vmargs", r->vmargs) || put(out, "cookie", r->cookie) ||
        put(out, "runtime", r->runtime) || put(out, "erl", r->erl) ||
        put(out, "envsh", r->envsh) || put(out, "pre_start", r->pre_start) ||
        put_env(out, s->env) || put(out, "hostname", s->hostname) ||
        put(out, "grace", s->grace) || put(out, "restart", s->restart) ||
        put(out, "console.shell", s->console ? "yes" : NULL);

    for (size_t i = 0; i < r->pa.n && !err; i++)
        err = put(out, "pa", r->pa.v[i]);
    free(erts);
    return err ? -1 : 0;
}
