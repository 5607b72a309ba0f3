/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * What of a release's start a user wrote: commands in mix's env.sh, hooks in
 * relx's script. The rest of such scripts process 1 does itself.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/initconf.h"
#include "file.h"
#include "release_priv.h"
#include "report.h"

#define MAX_SCRIPT (1u << 20)

/* Is there more than comments in the script (text)? mix makes one of those. */
static bool has_commands(const char *text)
{
    while (*text) {
        text += strspn(text, " \t\r\n");
        if (*text && *text != '#')
            return true;
        text += strcspn(text, "\n");
    }
    return false;
}

static int read_env_sh(struct release *r)
{
    char *name = xasprintf("releases/%s/env.sh", r->version);
    char *path = path_join(r->dir, name);
    struct buf text = {0};
    int err = 0;

    if (access(path, F_OK) == 0)
        err = file_read(path, MAX_SCRIPT, &text);
    if (!err && text.len && has_commands(buf_str(&text)))
        r->envsh = path_join(INITCONF_ROOT, name);
    buf_release(&text);
    free(path);
    free(name);
    return err;
}

/* What follows (start), up to a quote, where a line of (text) begins with that
 * behind its blanks; NULL when it is empty. */
static char *quoted_after(const char *text, const char *start)
{
    size_t len = strlen(start);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, " \t\n");
        if (!strncmp(line, start, len)) {
            size_t n = strcspn(line + len, "\"\n");

            return n ? xasprintf("%.*s", (int)n, line + len) : NULL;
        }
        if (!*line)
            break;
    }
    return NULL;
}

/* Hooks of commands that an image has not. */
static void note_other_hooks(const char *text)
{
    static const char *const others[] = {
        "POST_START_HOOKS=\"", "PRE_STOP_HOOKS=\"", "POST_STOP_HOOKS=\""};

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        char *hooks = quoted_after(text, others[i]);

        if (hooks)
            note("%s%s\" are not run: neither does 'foreground'", others[i],
                 hooks);
        free(hooks);
    }
}

static void read_relx(struct release *r, const char *text)
{
    r->pre_start = quoted_after(text, "PRE_START_HOOKS=\"");
    note_other_hooks(text);
}

/* How code is loaded depends on the release's options. */
static void read_mix(struct release *r, const char *text)
{
    r->erl = quoted_after(text, "--erl \"");
}

static int read_script(struct release *r)
{
    char *name = xasprintf("bin/%s", r->rel.name);
    char *path = path_join(r->dir, name);
    struct buf text = {0};
    int err = 0;

    if (access(path, F_OK) == 0)
        err = file_read(path, MAX_SCRIPT, &text);
    if (!err && r->layout == RELEASE_MIX)
        read_mix(r, buf_str(&text));
    else if (!err)
        read_relx(r, buf_str(&text));
    buf_release(&text);
    free(path);
    free(name);
    return err;
}

int release_read_scripts(struct release *r)
{
    if (r->layout == RELEASE_MIX && read_env_sh(r))
        return -1;
    return read_script(r);
}

char *release_script_reason(const struct release *r)
{
    if (r->envsh)
        return xasprintf("'%s' has commands", r->envsh);
    if (r->pre_start)
        return xasprintf("the release has hooks: '%s'", r->pre_start);
    return NULL;
}

void release_drop_scripts(struct release *r)
{
    free(r->envsh);
    free(r->pre_start);
    r->envsh = r->pre_start = NULL;
}
