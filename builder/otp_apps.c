/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "otp_apps.h"

#include <string.h>

/* clang-format off */
static const char *const apps[] = {
    /* Erlang/OTP, of releases 21 to 28 */
    "asn1", "common_test", "compiler", "cosEvent", "cosEventDomain",
    "cosFileTransfer", "cosNotification", "cosProperty", "cosTime",
    "cosTransactions", "crypto", "debugger", "dialyzer", "diameter", "edoc",
    "eldap", "erl_docgen", "erl_interface", "erts", "et", "eunit", "ftp",
    "hipe", "ic", "inets", "jinterface", "kernel", "megaco", "mnesia", "observer",
    "odbc", "orber", "os_mon", "otp_mibs", "parsetools", "percept",
    "public_key", "reltool", "runtime_tools", "sasl", "snmp", "ssh", "ssl",
    "stdlib", "syntax_tools", "tftp", "tools", "wx", "xmerl",
    /* Elixir: IEx calls os:cmd to open an editor, which is no reason to put a
     * shell into every image made with mix */
    "eex", "elixir", "ex_unit", "iex", "logger", "mix",
};
/* clang-format on */

bool otp_apps_has(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(apps) / sizeof(*apps); i++)
        if (strlen(apps[i]) == len && !memcmp(apps[i], name, len))
            return true;
    return false;
}
