/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "quote.h"

#include <string.h>

#define SAFE                                                                   \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"           \
    "%+,-./:=@_"

void quote_shell(struct buf *out, const char *s)
{
    if (*s && s[strspn(s, SAFE)] == '\0') {
        buf_adds(out, s);
        return;
    }
    buf_adds(out, "'");
    for (; *s; s++) {
        if (*s == '\'')
            buf_adds(out, "'\\''");
        else
            buf_add(out, s, 1);
    }
    buf_adds(out, "'");
}

void quote_qemu(struct buf *out, const char *s)
{
    for (; *s; s++) {
        if (*s == ',')
            buf_adds(out, ",");
        buf_add(out, s, 1);
    }
}

void quote_kernel(struct buf *out, const char *key, const char *value)
{
    buf_adds(out, key);
    if (*value && !strpbrk(value, " \t\n\r\"\\")) {
        buf_adds(out, value);
        return;
    }
    buf_adds(out, "\"");
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_adds(out, "\\");
        buf_add(out, value, 1);
    }
    buf_adds(out, "\"");
}

bool quote_kernel_closed(const char *words)
{
    bool quoted = false;

    for (; *words; words++) {
        if (*words == '"')
            quoted = !quoted;
        else if (quoted && *words == '\\' && strchr("\"\\", words[1]) &&
                 words[1])
            words++;
    }
    return !quoted;
}
