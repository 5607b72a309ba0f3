/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/words.h"

#include <stdlib.h>
#include <string.h>

#include "quote.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool word_next(const char **line, struct word *w)
{
    const char *s = *line;
    struct buf text = {0};
    bool quoted = false;

    while (is_blank(*s))
        s++;
    w->start = s;
    for (; *s && (quoted || !is_blank(*s)); s++) {
        if (*s == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
            s++;
        buf_add(&text, s, 1);
    }
    *line = s;
    w->len = (size_t)(s - w->start);
    if (!w->len) {
        buf_release(&text);
        return false;
    }
    w->text = xstrdup(buf_str(&text));
    buf_release(&text);
    return true;
}

char *words_value(const char *line, const char *key)
{
    size_t len = strlen(key);
    char *value = NULL;
    struct word w;

    while (word_next(&line, &w)) {
        if (!strncmp(w.text, key, len)) {
            free(value);
            value = xstrdup(w.text + len);
        }
        free(w.text);
    }
    return value;
}

char *words_without(const char *line, const char *key)
{
    struct buf out = {0};
    struct word w;

    while (word_next(&line, &w)) {
        if (strncmp(w.text, key, strlen(key))) {
            if (out.len)
                buf_adds(&out, " ");
            buf_add(&out, w.start, w.len);
        }
        free(w.text);
    }
    return out.len ? buf_take(&out) : xstrdup("");
}

static const char *const kinds[WORD_KINDS] = {
    [WORD_IP] = "ip=",   [WORD_IP6] = "ip6=",     [WORD_HOST] = "host=",
    [WORD_ARG] = "arg=", [WORD_MOUNT] = "mount=",
};

/* WORD_KINDS: none of them. */
static int kind_of(const struct word *w)
{
    int kind = 0;

    while (kind < WORD_KINDS &&
           strncmp(w->text, kinds[kind], strlen(kinds[kind])))
        kind++;
    return kind;
}

/* Append the words of this kind in (line). */
static void add_kind(struct buf *out, const char *line, int kind)
{
    struct word w;

    while (word_next(&line, &w)) {
        if (kind_of(&w) == kind) {
            buf_adds(out, " ");
            buf_add(out, w.start, w.len);
        }
        free(w.text);
    }
}

/* What was put together, without the blank in front. */
static char *finish(struct buf *out)
{
    char *line = xstrdup(buf_str(out) + (out->len > 0));

    buf_release(out);
    return line;
}

char *words_with(const char *line, enum word_kind kind,
                 const struct strvec *values)
{
    struct buf out = {0};

    for (int k = 0; k <= WORD_KINDS; k++) {
        if (k != (int)kind) {
            add_kind(&out, line, k);
            continue;
        }
        for (size_t i = 0; i < values->n; i++) {
            buf_adds(&out, " ");
            quote_kernel(&out, kinds[kind], values->v[i]);
        }
    }
    return finish(&out);
}

char *words_appended(const char *line, const char *text)
{
    struct buf out = {0};

    for (int k = 0; k < WORD_KINDS; k++) {
        char *own = words_value(text, kinds[k]);

        if (!own)
            add_kind(&out, line, k);
        free(own);
    }
    if (*text)
        buf_addf(&out, " %s", text);
    return finish(&out);
}
