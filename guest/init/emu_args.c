/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "emu_args.h"

#include <string.h>

#include "files.h"

#define MAX_NESTED 16 /* of files: erlexec itself would go round for ever */

static const char blanks[] = " \t\r\n";

struct scan {
    struct pool *p;
    struct strlist words;
};

/* Past blanks and, in a file, comments. */
static const char *skip(const char *s, int comments)
{
    s += strspn(s, blanks);
    while (comments && *s == '#') {
        s += strcspn(s, "\n");
        s += strspn(s, blanks);
    }
    return s;
}

/* Cuts one word off *(text), as erlexec does: quotes of both kinds keep blanks
 * and a backslash keeps the next character. NULL at the end. */
static char *next_word(struct pool *p, const char **text, int comments)
{
    const char *s = skip(*text, comments);
    char *word, *d;
    char quote = 0;

    if (!*s)
        return NULL;
    d = word = pool_alloc(p, strlen(s) + 1);
    for (; *s && (quote || !strchr(blanks, *s)); s++) {
        if (*s == '\\' && s[1])
            *d++ = *++s;
        else if (quote ? *s == quote : *s == '"' || *s == '\'')
            quote = quote ? 0 : *s;
        else
            *d++ = *s;
    }
    *d = 0;
    *text = s;
    return word;
}

/* (depth) is that of the file, 0: no file. */
static void take_text(struct scan *x, const char *text, int depth)
{
    char *word;
    struct err e;

    while ((word = next_word(x->p, &text, depth > 0))) {
        char *path = NULL;

        if (!strcmp(word, "-args_file") && depth < MAX_NESTED)
            path = next_word(x->p, &text, depth > 0);
        if (!path)
            strlist_add(x->p, &x->words, word);
        else if ((path = files_read(x->p, path, &e)))
            take_text(x, path, depth + 1);
    }
}

static void take_env(struct scan *x, const struct strlist *env,
                     const char *name)
{
    const char *text = strlist_getenv(env, name);

    if (text)
        take_text(x, text, 0);
}

static void take_argv(struct scan *x, const struct strlist *argv)
{
    struct err e;

    for (size_t i = 0; i < argv->n && strcmp(argv->v[i], "-extra"); i++) {
        char *text = NULL;

        if (!strcmp(argv->v[i], "-args_file") && i + 1 < argv->n)
            text = files_read(x->p, argv->v[++i], &e);
        if (text)
            take_text(x, text, 1);
        else
            strlist_add(x->p, &x->words, argv->v[i]);
    }
}

void emu_args_scan(struct pool *p, const struct strlist *argv,
                   const struct strlist *env, struct emu_args *out)
{
    struct scan x = {.p = p};

    take_env(&x, env, "ERL_AFLAGS");
    take_argv(&x, argv);
    take_env(&x, env, "ERL_FLAGS");
    take_env(&x, env, "ERL_ZFLAGS");
    *out = (struct emu_args){0};
    for (size_t i = 0; i < x.words.n; i++) {
        const char *flag = x.words.v[i];
        const char *value = i + 1 < x.words.n ? x.words.v[i + 1] : "";

        if (!out->how && (!strcmp(flag, "-name") || !strcmp(flag, "-sname"))) {
            out->how = flag;
            out->node = value;
        }
        if (!strcmp(flag, "-setcookie"))
            out->cookie = value;
        if (!strcmp(flag, "-start_epmd"))
            out->no_epmd |= !strcmp(value, "false");
        out->no_epmd |= !strcmp(flag, "-no_epmd");
        out->heart |= !strcmp(flag, "-heart");
        out->no_shell |= !strcmp(flag, "-noshell") || !strcmp(flag, "-noinput");
    }
}
