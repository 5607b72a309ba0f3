/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "shell_need.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beam.h"
#include "file.h"
#include "otp_apps.h"
#include "report.h"

#define MAX_MODULE (256u << 20)
#define MAX_VMARGS (1u << 20)

/* The application of NAME-VSN, or NAME. */
static size_t app_name_len(const char *dir)
{
    return strcspn(dir, "-");
}

static int scan_module(struct shell_need *s, const struct node *n)
{
    struct buf file = {0};
    struct beam_info info;
    const char *why;
    int r = 0;

    if (!n->host)
        return 0;
    if (file_read(n->host, MAX_MODULE, &file)) {
        r = -1;
    } else if (beam_parse(buf_str(&file), file.len, &info, &why)) {
        /* not ours to refuse: some tools hide other things behind .beam */
        note("'%s' is passed over: %s", n->host, why);
    } else {
        if (info.shell_by)
            strvec_pushf(&s->callers, "%s calls %s", info.module,
                         info.shell_by);
        if (info.says_spawn)
            strvec_push(&s->spawners, info.module);
    }
    buf_release(&file);
    return r;
}

/* The program of a "#!" line; of "env [-S] [NAME=VALUE] PROGRAM" that one.
 * Changes (line). */
static char *interpreter(char *line)
{
    char *word = strtok(line, " \t\r\n"), *next = NULL;

    if (word && !strcmp(path_base(word), "env"))
        do
            next = strtok(NULL, " \t\r\n");
        while (next && (next[0] == '-' || strchr(next, '=')));
    if (next)
        word = next;
    return word ? xstrdup(word) : NULL;
}

/* An executable that is a script: of use only if its interpreter is there. */
static void scan_script(struct shell_need *s, const struct node *n)
{
    char line[128], *name;
    ssize_t len;
    int fd;

    fd = n->host ? open(n->host, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return; /* the writer will say why */
    len = file_pread(fd, line, sizeof(line) - 1, 0);
    close(fd);
    if (len < 3 || line[0] != '#' || line[1] != '!')
        return;
    line[len] = '\0';
    line[strcspn(line, "\n")] = '\0';
    name = interpreter(line + 2);
    if (!name)
        return;
    s->script = xrealloc(s->script, s->nscripts + 1, sizeof(*s->script));
    s->script[s->nscripts++] = (struct shell_script){tree_path(n), name};
}

static int scan_dir(struct shell_need *s, const struct node *dir)
{
    for (size_t i = 0; i < dir->nchild; i++) {
        const struct node *n = dir->child[i];
        int r = 0;

        if (n->type == NODE_DIR)
            r = scan_dir(s, n);
        else if (n->type == NODE_FILE && path_ends_with(n->name, ".beam"))
            r = scan_module(s, n);
        else if (n->type == NODE_FILE && n->mode & 0111)
            scan_script(s, n);
        if (r)
            return r;
    }
    return 0;
}

/* Whether one of the blank-separated words before a comment is (word). */
static bool line_has(char *line, const char *word)
{
    line[strcspn(line, "#")] = '\0';
    for (char *w = strtok(line, " \t\r"); w; w = strtok(NULL, " \t\r"))
        if (!strcmp(w, word))
            return true;
    return false;
}

int shell_need_vmargs(struct shell_need *s, const struct node *vmargs)
{
    struct buf file = {0};
    char *line, *rest;

    if (!vmargs || !vmargs->host)
        return 0;
    if (file_read(vmargs->host, MAX_VMARGS, &file)) {
        buf_release(&file);
        return -1;
    }
    rest = xstrdup(buf_str(&file));
    buf_release(&file);
    line = rest;
    for (char *next = line; next; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        s->heart = s->heart || line_has(line, "-heart");
    }
    free(rest);
    return 0;
}

int shell_need_scan(struct shell_need *s, const struct node *lib)
{
    *s = (struct shell_need){0};
    if (!lib)
        return 0;
    for (size_t i = 0; i < lib->nchild; i++) {
        const struct node *n = lib->child[i];
        size_t len = app_name_len(n->name);

        if (n->type != NODE_DIR)
            continue;
        if (len == 6 && !memcmp(n->name, "os_mon", 6))
            s->os_mon = true;
        if (!otp_apps_has(n->name, len) && scan_dir(s, n))
            return -1;
    }
    strvec_sort(&s->callers);
    strvec_sort(&s->spawners);
    return 0;
}

void shell_need_release(struct shell_need *s)
{
    strvec_release(&s->callers);
    strvec_release(&s->spawners);
    for (size_t i = 0; i < s->nscripts; i++) {
        free(s->script[i].path);
        free(s->script[i].interpreter);
    }
    free(s->script);
    *s = (struct shell_need){0};
}

void shell_need_spawner(struct findings *found, const char *module)
{
    struct finding_of of = {.severity = FINDING_NOTE,
                            .id = "may-need-shell",
                            .remedy = "if so, it needs --shell"};

    finding(found, &of, "'%s' may run commands with open_port({spawn, ...})",
            module);
}

void shell_need_script(struct findings *found, const struct shell_script *s)
{
    const char *base = path_base(s->interpreter);
    bool shell = !strcmp(base, "sh") || !strcmp(base, "ash");
    struct finding_of of = {
        .severity = FINDING_WARNING,
        .id = "no-interpreter",
        .remedy = shell ? "to run it takes --shell"
                        : "to run it takes that program in the image: --file"};

    finding(found, &of, "'%s' is a script for '%s'", s->path, s->interpreter);
}
