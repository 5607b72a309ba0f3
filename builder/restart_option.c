/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "restart_option.h"

#include <stdbool.h>
#include <string.h>

#include "report.h"

static bool is_count(const char *s)
{
    size_t digits = strspn(s, "0123456789");

    return digits && !s[digits] && digits <= 6 && s[0] != '0';
}

void restart_option_check(const char *command, const char *policy)
{
    static const char failure[] = "on-failure";
    const char *rest = policy + sizeof(failure) - 1;

    if (!strcmp(policy, "no") || !strcmp(policy, "always") ||
        !strcmp(policy, failure))
        return;
    if (!strncmp(policy, failure, sizeof(failure) - 1) && *rest == ':' &&
        is_count(rest + 1))
        return;
    usage_error("%s: --restart '%s' is not no, on-failure[:TIMES] or always",
                command, policy);
}
