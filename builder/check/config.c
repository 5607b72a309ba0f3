/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Settings of the release: sys.config and vm.args.
 */
#include <stdlib.h>
#include <string.h>

#include "check/check_priv.h"
#include "check/term_check.h"
#include "file.h"
#include "mount_option.h"

#define MAX_TEXT (16u << 20)

/* The text of the guest's file (path), which may be NULL. */
static bool read_text(const struct check *c, const char *path, struct buf *text)
{
    const struct node *n = path ? tree_find(c->view->tree, path, true) : NULL;

    return n && n->host && !file_try_read(n->host, MAX_TEXT, text);
}

/* On a disk that is not here now. */
static bool is_mounted(const struct check *c, const char *file)
{
    const struct strvec *mounts = &c->o->build.mounts;
    bool yes = false;

    for (size_t i = 0; i < mounts->n && !yes; i++) {
        char *path = mount_option_path(mounts->v[i]);
        size_t len = strlen(path);

        yes = !strncmp(file, path, len) && file[len] == '/';
        free(path);
    }
    return yes;
}

/* ---- sys.config ---- */

/* Directories of people's own, which no machine has. */
static bool is_personal(const char *path)
{
    static const char *const dirs[] = {"/home/", "/Users/", "/root/"};

    for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
        if (!strncmp(path, dirs[i], strlen(dirs[i])))
            return true;
    return false;
}

static void check_paths(struct check *c, const struct strvec *strings)
{
    for (size_t i = 0; i < strings->n; i++) {
        const char *path = strings->v[i];
        struct finding_of of = {
            .severity = FINDING_NOTE,
            .id = "host-path",
            .where = c->view->release->config,
            .remedy = "write below /var or /tmp, or to a data volume"};

        if (is_personal(path) && !is_mounted(c, path) &&
            !tree_find(c->view->tree, path, true))
            finding(&c->found, &of, "'%s' is a path of another machine", path);
    }
}

static void check_sys_config(struct check *c)
{
    const char *path = c->view->release->config;
    struct strvec strings = {0};
    struct buf text = {0};
    const char *why;
    unsigned line;

    if (!read_text(c, path, &text))
        return;
    why = term_check(buf_str(&text), &strings, &line);
    if (why) {
        struct finding_of of = {.severity = FINDING_ERROR,
                                .id = "bad-config",
                                .where = path,
                                .remedy =
                                    "correct it, and make the release again"};

        finding(&c->found, &of,
                "the emulator cannot read sys.config: line %u: %s", line, why);
    }
    check_paths(c, &strings);
    strvec_release(&strings);
    buf_release(&text);
}

/* ---- vm.args ---- */

/* Flags with a file, and what the emulator adds to its name. */
static const struct {
    const char *flag;
    const char *suffix;
} file_flags[] = {
    {"-boot", ".boot"},
    {"-config", ".config"},
    {"-args_file", ""},
    {"-ssl_dist_optfile", ""},
};

static void check_file_flag(struct check *c, const char *flag, const char *file)
{
    for (size_t i = 0; i < sizeof(file_flags) / sizeof(*file_flags); i++) {
        char *longer = xasprintf("%s%s", file, file_flags[i].suffix);
        struct finding_of of = {.severity = FINDING_WARNING,
                                .id = "missing-file",
                                .where = c->view->release->vmargs,
                                .remedy = "put it into the image with --file"};

        /* others are found in a way of their own, or at start */
        if (!strcmp(flag, file_flags[i].flag) && file[0] == '/' &&
            !strchr(file, '$') && !is_mounted(c, file) &&
            !tree_find(c->view->tree, file, true) &&
            !tree_find(c->view->tree, longer, true))
            finding(&c->found, &of, "%s names '%s', which is not in the image",
                    flag, file);
        free(longer);
    }
}

static void check_flag(struct check *c, const char *flag, const char *next)
{
    struct finding_of of = {.severity = FINDING_WARNING,
                            .id = "vm-argument",
                            .where = c->view->release->vmargs,
                            .remedy = "leave it out"};

    if (!strcmp(flag, "-detached"))
        finding(&c->found, &of,
                "-detached lets the emulator run behind the process that is "
                "watched: the machine ends at once");
    else if (!strcmp(flag, "-remsh"))
        finding(&c->found, &of,
                "-remsh is for a shell on another node, not for a release");
    else
        check_file_flag(c, flag, next);
}

static void words_of(const char *text, struct strvec *words)
{
    struct strvec lines = {0};

    strvec_split(&lines, text, "\r\n");
    for (size_t i = 0; i < lines.n; i++) {
        lines.v[i][strcspn(lines.v[i], "#")] = '\0';
        strvec_split(words, lines.v[i], " \t");
    }
    strvec_release(&lines);
}

static void check_vm_args(struct check *c)
{
    struct strvec words = {0};
    struct buf text = {0};

    if (!read_text(c, c->view->release->vmargs, &text))
        return;
    words_of(buf_str(&text), &words);
    for (size_t i = 0; i < words.n; i++)
        check_flag(c, words.v[i], i + 1 < words.n ? words.v[i + 1] : "");
    strvec_release(&words);
    buf_release(&text);
}

void check_config(struct check *c)
{
    check_sys_config(c);
    check_vm_args(c);
}
