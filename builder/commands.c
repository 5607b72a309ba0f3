/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"

/* clang-format off */
const struct command *const commands[] = {
    &cmd_build,
    &cmd_check,
    &cmd_run,
    &cmd_inspect,
    &cmd_ls,
    &cmd_cat,
    &cmd_cp,
    &cmd_set,
    &cmd_convert,
    &cmd_ps,
    &cmd_logs,
    &cmd_console,
    &cmd_stop,
    &cmd_rm,
    &cmd_ping,
    &cmd_rpc,
    &cmd_eval,
    &cmd_remote,
    NULL,
};
