/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "mount_option.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "abi/machine.h"
#include "buf.h"
#include "guest_path.h"
#include "report.h"

/* A serial number, label, GUID or device. */
#define SOURCE_CHARS                                                           \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static bool valid_source(const char *s, size_t len)
{
    return len > 0 && len <= MACHINE_MOUNT_SOURCE_MAX &&
           strspn(s, SOURCE_CHARS) >= len;
}

static bool valid_size(const char *s)
{
    size_t digits = strspn(s, "0123456789");

    return digits > 0 && digits <= 9 && strspn(s, "0") < digits &&
           (!s[digits] || (strchr("kKmMgG", s[digits]) && !s[digits + 1]));
}

/* What is below these is the kernel's. */
static bool is_taken(const char *path)
{
    static const char *const taken[] = {"/dev", "/proc", "/sys",
                                        "/etc/unibeam"};

    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
        if (guest_path_below(taken[i], path))
            return true;
    return !strcmp(path, "/run") || !strcmp(path, "/etc");
}

char *mount_option_path(const char *value)
{
    const char *path = strchr(value, ':') + 1;

    return xasprintf("%.*s", (int)strcspn(path, ":"), path);
}

void mount_option_check(const char *command, const char *value)
{
    size_t source = strcspn(value, ":");
    bool is_tmpfs = source == 5 && !memcmp(value, "tmpfs", 5);
    const char *size = value[source] ? strchr(value + source + 1, ':') : NULL;
    char *path = NULL;

    if (value[source])
        path = mount_option_path(value);
    if (!path || !valid_source(value, source) || !guest_path_plain(path) ||
        strlen(path) > MACHINE_MOUNT_PATH_MAX)
        usage_error("%s: --mount '%s' is not SOURCE:/PATH[:SIZE]", command,
                    value);
    if (size && (!is_tmpfs || !valid_size(size + 1)))
        usage_error("%s: --mount '%s': only tmpfs has a size, like 64M",
                    command, value);
    if (is_taken(path))
        usage_error("%s: --mount '%s': '%s' is the system's own", command,
                    value, path);
    free(path);
}
