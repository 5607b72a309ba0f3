/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cmdline.c - words of the kernel command line; the syntax is described in
 * include/abi/machine.h.
 */
#include "lib/cmdline.h"
#include "lib/string.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

long cmdline_next(const char **line, char *buf, size_t size)
{
    const char *p = *line;
    size_t n = 0;
    bool quoted = false;

    while (is_blank(*p))
        p++;
    if (!*p)
        return -1;
    for (; *p && (quoted || !is_blank(*p)); p++) {
        if (*p == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
            p++;
        if (n + 1 < size)
            buf[n] = *p;
        n++;
    }
    if (size)
        buf[n < size ? n : size - 1] = '\0';
    *line = p;
    return (long)n;
}

long cmdline_get(const char *line, const char *key, char *buf, size_t size)
{
    char word[1024];
    size_t klen = strlen(key);
    long found = -1;

    while (cmdline_next(&line, word, sizeof(word)) >= 0) {
        if (strncmp(word, key, klen))
            continue;
        if (word[klen] == '=')
            found = (long)strlcpy(buf, word + klen + 1, size);
        else if (!word[klen])
            found = (long)strlcpy(buf, "", size);
    }
    return found;
}
