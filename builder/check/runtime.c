/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * The run-time system of a release, and whether programs may be started.
 */
#include <string.h>

#include "check/check_priv.h"
#include "otp_version.h"

static void check_version(struct check *c)
{
    struct finding_of of = {.severity = FINDING_WARNING, .id = "otp-version"};

    if (c->otp && c->otp < OTP_OLDEST)
        of.remedy = "make the release with a newer one";
    if (c->otp && (c->otp < OTP_OLDEST || c->otp > OTP_NEWEST))
        finding(&c->found, &of, "OTP %u (erts %s) was not tried: %d to %d were",
                c->otp, c->view->release->erts, OTP_OLDEST, OTP_NEWEST);
}

/* A program rather than a library, some of which have an interpreter too. */
static bool is_program(const struct closure_object *o)
{
    return o->info.interp && !o->info.soname;
}

/* Archives and copies made by some tools lose the bit. */
static void check_mode(struct check *c, const struct closure_object *o)
{
    const struct node *n = tree_find(c->view->tree, o->real, true);
    bool of_erts = strstr(o->real, "/erts-") != NULL;
    struct finding_of of = {
        .severity = of_erts ? FINDING_ERROR : FINDING_WARNING,
        .id = "not-executable",
        .where = o->real,
        .remedy = "chmod +x, or make the release again: it was copied in a way "
                  "that lost this"};

    if (n && n->is_app && !(n->mode & 0111))
        finding(&c->found, &of, "programs may not be executed");
}

void check_runtime(struct check *c)
{
    check_version(c);
    for (const struct closure_object *o = c->view->closure->objects; o;
         o = o->next)
        if (is_program(o))
            check_mode(c, o);
}
