/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <string.h>

#include "cmd.h"
#include "machine/target.h"
#include "report.h"

static const struct opt options[] = {TARGET_ASK_OPTIONS, OPT_END};

/* Elixir's modules as Elixir writes them; no other begins with a capital. */
static const char *module_name(const char *name)
{
    if (!isupper((unsigned char)*name) || !strncmp(name, "Elixir.", 7))
        return name;
    return opt_keep(xasprintf("Elixir.%s", name));
}

static void make_request(struct request *q, char *const *words, size_t n)
{
    if (n == 0)
        usage_error("rpc: which function? MODULE FUNCTION [ARGUMENTS]");
    if (n > 3)
        usage_error("rpc: the arguments are one list, quoted for the shell: "
                    "'%s'",
                    words[3]);
    if (n == 1) { /* as mix's bin/NAME rpc */
        q->text = words[0];
        q->quiet = true;
        return;
    }
    q->module = module_name(words[0]);
    q->function = words[1];
    q->text = n > 2 ? words[2] : "[]";
    for (size_t i = 0; i < 2; i++)
        if (!*words[i] || strlen(words[i]) > 200)
            usage_error("rpc: '%s' is no name of a module or function",
                        words[i]);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct target_options o = {.command = c->name};
    struct request q = {0};
    struct strvec operands = {0};
    size_t first;
    int r;

    opt_parse(c, argc, argv, target_option, &o, &operands, NULL);
    first = target_operands(&o, &operands);
    make_request(&q, operands.v + first,
                 operands.n > first ? operands.n - first : 0);
    r = target_ask(&o, &operands, &q);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_rpc = {
    .name = "rpc",
    .summary = "call a function in a machine's node",
    .operands = "NAME MODULE FUNCTION [ARGUMENTS] | NAME EXPRESSION",
    .about = "Call a function in the Erlang node of a machine (unibeam run "
             "--dist), print what it prints, and then what it returns. The "
             "arguments are an Erlang list. With an expression alone, what it "
             "returns is not printed.",
    .options = options,
    .notes = "The first is how relx's script has it, the second mix's. "
             "Of a large value only a part is printed.",
    .status = TARGET_ASK_STATUS,
    .run = run,
};
