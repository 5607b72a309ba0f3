/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "subst.h"

#include <string.h>

/* What "${(ref)}" stands for. */
static const char *lookup(struct pool *p, const char *ref,
                          const struct strlist *env)
{
    char *name = pool_strdup(p, ref);
    char *fallback = strstr(name, ":-");
    const char *value;

    if (fallback) {
        *fallback = 0;
        fallback += 2;
    }
    value = strlist_getenv(env, name);
    if (value && *value)
        return value;
    return fallback ? fallback : "";
}

/* Copies (text) to (out), or only counts when that is NULL. */
static size_t expand(struct pool *p, const char *text,
                     const struct strlist *env, char *out)
{
    size_t n = 0;

    while (*text) {
        const char *piece = text;
        size_t len = 1;
        const char *end = NULL;

        if (text[0] == '$' && text[1] == '{')
            end = text + strcspn(text, "}\n");
        if (end && *end == '}') {
            char *ref = pool_strndup(p, text + 2, (size_t)(end - text - 2));

            piece = lookup(p, ref, env);
            len = strlen(piece);
            text = end;
        }
        if (out)
            memcpy(out + n, piece, len);
        n += len;
        text++;
    }
    if (out)
        out[n] = 0;
    return n;
}

char *subst_env(struct pool *p, const char *text, const struct strlist *env)
{
    char *out = pool_alloc(p, expand(p, text, env, NULL) + 1);

    expand(p, text, env, out);
    return out;
}
