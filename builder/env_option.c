/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "env_option.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define NAME_CHARS                                                             \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

void env_option_add(struct strvec *env, const char *command, const char *value)
{
    size_t len = strspn(value, NAME_CHARS);

    if (!len || value[len] != '=')
        usage_error("%s: --env '%s' is not NAME=VALUE", command, value);
    for (const char *c = value; *c; c++)
        if (iscntrl((unsigned char)*c) && *c != '\t')
            usage_error("%s: --env '%.*s' has a control character in it",
                        command, (int)len, value);
    for (size_t i = 0; i < env->n; i++) {
        if (!strncmp(env->v[i], value, len + 1)) {
            free(env->v[i]);
            env->v[i] = xstrdup(value);
            return;
        }
    }
    strvec_push(env, value);
}
