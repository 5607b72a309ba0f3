/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/show_name.h"

#include <stdbool.h>
#include <stdint.h>

/* The length of the UTF-8 sequence at (s) that is text, or 0.  RFC 3629, 4. */
static size_t text_len(const unsigned char *s)
{
    size_t len = s[0] < 0x80   ? 1
                 : s[0] < 0xc2 ? 0
                 : s[0] < 0xe0 ? 2
                 : s[0] < 0xf0 ? 3
                 : s[0] < 0xf5 ? 4
                               : 0;

    if (len == 1)
        return s[0] >= 0x20 && s[0] != 0x7f;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
        (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

static void escape(struct buf *out, unsigned char c)
{
    if (c == '\\')
        buf_adds(out, "\\\\");
    else if (c == '\n')
        buf_adds(out, "\\n");
    else if (c == '\t')
        buf_adds(out, "\\t");
    else
        buf_addf(out, "\\x%02x", c);
}

static void show(struct buf *out, const char *text, bool is_name)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s) {
        size_t len = is_name && *s == '\\' ? 0 : text_len(s);

        if (len)
            buf_add(out, s, len);
        else
            escape(out, *s);
        s += len ? len : 1;
    }
}

void show_name(struct buf *out, const char *name)
{
    show(out, name, true);
}

void show_text(struct buf *out, const char *text)
{
    show(out, text, false);
}
