/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "guest_path.h"

#include <ctype.h>
#include <string.h>

bool guest_path_plain(const char *path)
{
    if (path[0] != '/' || !path[1])
        return false;
    for (const char *p = path; *p; p += strcspn(p, "/")) {
        size_t len = strcspn(++p, "/");

        if (len == 0 || (len == 1 && *p == '.') ||
            (len == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        for (size_t i = 0; i < len; i++)
            if (iscntrl((unsigned char)p[i]))
                return false;
    }
    return true;
}

bool guest_path_below(const char *dir, const char *path)
{
    size_t len = strlen(dir);

    return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}
