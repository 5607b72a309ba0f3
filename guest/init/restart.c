/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "restart.h"

static int wanted(const struct restart *r, const struct restart_policy *policy,
                  int status)
{
    if (policy->when == RESTART_ALWAYS)
        return 1;
    return policy->when == RESTART_ON_FAILURE && status != 0 &&
           (!policy->max || r->count < policy->max);
}

int restart_after(struct restart *r, const struct restart_policy *policy,
                  int status, uint64_t ran_ms)
{
    if (ran_ms >= RESTART_WELL_MS)
        *r = (struct restart){0};
    if (!wanted(r, policy, status))
        return -1;
    r->count++;
    r->wait_ms = r->wait_ms ? r->wait_ms * 2 : RESTART_FIRST_MS;
    if (r->wait_ms > RESTART_LAST_MS)
        r->wait_ms = RESTART_LAST_MS;
    return (int)r->wait_ms;
}
