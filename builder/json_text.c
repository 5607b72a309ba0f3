/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "json_text.h"

#include <stdio.h>

#include "buf.h"

json_t *json_text(const char *s)
{
    json_t *j = json_string(s);
    struct buf hex = {0};

    if (j)
        return j;
    for (; *s; s++)
        if ((unsigned char)*s < 0x80 && *s != '%')
            buf_add(&hex, s, 1);
        else
            buf_addf(&hex, "%%%02X", (unsigned char)*s);
    j = json_string(buf_str(&hex));
    buf_release(&hex);
    return j;
}

void json_print(json_t *j)
{
    json_dumpf(j, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(j);
}
