/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* What a Gleam shipment's `entrypoint.sh run` does. */
#include "compose.h"

int compose_gleam(struct compose *x)
{
    const struct conf *c = x->c;

    if (c->pa.n)
        arg(x, "-pa");
    for (size_t i = 0; i < c->pa.n; i++)
        arg(x, c->pa.v[i]);
    arg2(x, "-eval",
         pool_printf(x->p, "%s@@main:run(%s)", c->release, c->release));
    if (!c->shell)
        arg(x, "-noshell");
    return 0;
}
