/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <unistd.h>

#include "cmd.h"
#include "image/image_option.h"
#include "image/list.h"
#include "report.h"

enum {
    LONG,
    RECURSIVE,
    FORMAT,
};

static const struct opt options[] = {
    {"long", 'l', NULL, "mode, links, owner, size and time of each", LONG,
     OPT_CLI_ONLY},
    {"recursive", 'R', NULL, "what is in directories, too", RECURSIVE,
     OPT_CLI_ONLY},
    {"format", 0, "text|json", "how it is printed (default: text)", FORMAT, 0},
    OPT_END,
};

static void take_option(void *ctx, int id, const char *value)
{
    struct list_options *o = ctx;

    switch (id) {
    case LONG:
        o->all_about = true;
        break;
    case RECURSIVE:
        o->recursive = true;
        break;
    case FORMAT:
        o->json = format_option_json("ls", value);
        break;
    }
}

static int run(const struct command *c, int argc, char **argv)
{
    struct list_options o = {.to_terminal = isatty(STDOUT_FILENO)};
    struct strvec operands = {0};
    struct rootfs root = {0};
    struct image img;
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (!operands.n)
        usage_error("ls: which image?");
    if (operands.n == 1)
        strvec_push(&operands, "/");
    r = image_open(&img, operands.v[0]) || rootfs_open(&root, &img, false) ||
        image_list(&root, operands.v + 1, operands.n - 1, &o);
    r |= finish_stdout();
    rootfs_close(&root);
    image_close(&img);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_ls = {
    .name = "ls",
    .summary = "list files in an image",
    .operands = "IMAGE [PATH...]",
    .about = "List the directories PATH (default: /) of the image's root file "
             "system, and other files PATH themselves. Nothing is mounted. "
             "Links are followed inside the image.",
    .options = options,
    .status = "0, 1 for an error (a PATH that is not there), 2 for wrong usage",
    .run = run,
};
