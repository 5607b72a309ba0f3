/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Which run-time system a release has.
 */
#include <stdlib.h>

#include "check/check_priv.h"
#include "otp_version.h"

void check_runtime(struct check *c)
{
    const struct release *r = c->view->release;
    struct finding_of of = {.severity = FINDING_WARNING, .id = "otp-version"};

    if (c->otp && c->otp < OTP_OLDEST)
        of.remedy = "make the release with a newer one";
    if (c->otp && (c->otp < OTP_OLDEST || c->otp > OTP_NEWEST))
        finding(&c->found, &of, "OTP %u (erts %s) was not tried: %d to %d were",
                c->otp, r->erts, OTP_OLDEST, OTP_NEWEST);
}
