/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "hostname_option.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "report.h"

/* RFC 1035, 2.3.4: a label's length, which is also the kernel's limit. */
#define NAME_MAX_LEN 63

void hostname_option_check(const char *command, const char *value)
{
    size_t len = strlen(value);
    bool ok = len >= 1 && len <= NAME_MAX_LEN && value[0] != '-' &&
              value[len - 1] != '-';

    for (size_t i = 0; i < len; i++)
        ok = ok && (isalnum((unsigned char)value[i]) || value[i] == '-' ||
                    value[i] == '.');
    if (!ok)
        usage_error("%s: '%s' is not a host name", command, value);
}
