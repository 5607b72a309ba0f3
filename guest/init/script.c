/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "script.h"

#include <string.h>

#include "abi/machine.h"

#define STRING(x) #x
#define NUMBER(x) STRING(x)

/* What a script says and leaves with when it fails is not the release's. */
#define ON_EXIT                                                                \
    "trap 'echo \"unibeam: $unibeam_file ended with status $?: "               \
    "the release is not started\" >&2; "                                       \
    "exit " NUMBER(MACHINE_NO_RELEASE_STATUS) "' EXIT\n"                       \
                                              "set -e\n"

#define GO "trap - EXIT\nexec " SCRIPT_INIT " " SCRIPT_WORD

/* (s) as one word of the shell's. */
static char *quoted(struct pool *p, const char *s)
{
    char *out = pool_alloc(p, strlen(s) * 4 + 3);
    char *d = out;

    *d++ = '\'';
    for (; *s; s++) {
        if (*s == '\'')
            d = stpcpy(d, "'\\'");
        *d++ = *s;
    }
    strcpy(d, "'");
    return out;
}

static char *assignments(struct pool *p, const struct strlist *vars)
{
    char *out = pool_strdup(p, "");

    for (size_t i = 0; i < vars->n; i++) {
        const char *eq = strchr(vars->v[i], '=');

        out = pool_printf(p, "%s%.*s=%s\n", out, (int)(eq - vars->v[i]),
                          vars->v[i], quoted(p, eq + 1));
    }
    return out;
}

char *script_env_sh(struct pool *p, const struct strlist *vars)
{
    return pool_printf(p,
                       "%sunibeam_file=$REL_VSN_DIR/env.sh\n" ON_EXIT
                       ". \"$REL_VSN_DIR/env.sh\"\n" GO "\n",
                       assignments(p, vars));
}

char *script_hooks(struct pool *p, const struct strlist *vars,
                   const char *hooks)
{
    return pool_printf(p,
                       "%sPRE_START_HOOKS=%s\n" ON_EXIT
                       "for hook in $PRE_START_HOOKS; do\n"
                       "IFS='|'; set -- $hook; unset IFS\n"
                       "unibeam_file=$SCRIPT_DIR/$1; shift\n"
                       ". \"$unibeam_file\"\n"
                       "done\n" GO " \"VMARGS_PATH=$VMARGS_PATH\""
                       " \"RELX_CONFIG_PATH=$RELX_CONFIG_PATH\""
                       " \"CODE_LOADING_MODE=$CODE_LOADING_MODE\"\n",
                       assignments(p, vars), quoted(p, hooks));
}
