/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "option.h"

/* Past (prefix) in (s), or 0. */
static const char *after(const char *s, const char *prefix)
{
    while (*prefix)
        if (*s++ != *prefix++)
            return 0;
    return s;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

uint32_t option_number(const char *line, const char *name)
{
    uint32_t value = 0;
    int begin = 1;

    for (; *line; line++) {
        const char *s = begin ? after(line, name) : 0;

        s = s ? after(s, "=0x") : 0;
        if (s) {
            value = 0;
            for (; digit(*s) >= 0; s++)
                value = value << 4 | (uint32_t)digit(*s);
        }
        begin = *line == ' ' || *line == '\t' || *line == '\n';
    }
    return value;
}
