/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"

const struct command *const commands[] = {
    &cmd_build,
    &cmd_run,
    &cmd_ls,
    &cmd_cat,
    &cmd_cp,
    NULL,
};
