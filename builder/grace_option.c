/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "grace_option.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

#define GRACE_MAX 86400 /* guest/init/conf.h */

void grace_option_check(const char *command, const char *value)
{
    size_t digits = strspn(value, "0123456789");

    if (!digits || value[digits] || digits > 6)
        usage_error("%s: --grace '%s' is not a number of seconds", command,
                    value);
    if (atoi(value) > GRACE_MAX)
        usage_error("%s: --grace '%s' is too long: at most %d seconds", command,
                    value, GRACE_MAX);
}
