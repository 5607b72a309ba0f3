/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/many.h"

#include "report.h"

int many_names(const char *command, const struct strvec *operands, bool all,
               bool running, struct strvec *names)
{
    struct strvec every = {0};
    int r = 0;

    if (all && operands->n)
        usage_error("%s: either names or --all", command);
    if (!all && !operands->n)
        usage_error("%s: which machine? unibeam ps lists them", command);
    for (size_t i = 0; i < operands->n; i++)
        strvec_push(names, operands->v[i]);
    if (all)
        r = machine_list(&every);
    for (size_t i = 0; i < every.n; i++) {
        struct machine m;

        if (machine_try_open(&m, every.v[i]) == 0 &&
            machine_runs(&m) == running)
            strvec_push(names, every.v[i]);
        machine_close(&m);
    }
    strvec_release(&every);
    return r;
}
