/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/words.h"

#include <stdlib.h>
#include <string.h>

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
