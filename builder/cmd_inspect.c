/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"
#include "image/image_option.h"
#include "image/inspect.h"
#include "json_text.h"
#include "report.h"

enum {
    FORMAT,
};

static const struct opt options[] = {
    {"format", 0, "text|json", "how it is printed (default: text)", FORMAT, 0},
    OPT_END,
};

static void take_option(void *ctx, int id, const char *value)
{
    bool *json = ctx;

    if (id == FORMAT)
        *json = format_option_json("inspect", value);
}

static int inspect(const char *path, bool json)
{
    struct rootfs root = {0};
    struct image img;
    json_t *info = NULL;

    if (image_open(&img, path) == 0 && rootfs_open(&root, &img, false) == 0)
        info = image_inspect(&root);
    if (info && json) {
        json_print(info);
    } else if (info) {
        image_inspect_print(info);
        json_decref(info);
    }
    rootfs_close(&root);
    image_close(&img);
    return info && finish_stdout() == 0 ? 0 : -1;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0};
    bool json = false;
    int r;

    opt_parse(c, argc, argv, take_option, &json, &operands, NULL);
    if (!operands.n)
        usage_error("inspect: which image?");
    if (operands.n > 1)
        usage_error("inspect: only one image at a time: '%s'", operands.v[1]);
    r = inspect(operands.v[0], json);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_inspect = {
    .name = "inspect",
    .summary = "say what is in an image",
    .operands = "IMAGE",
    .about = "Say which release, applications and kernel are in an image, what "
             "it was built with, how the disk is divided, and its hash.",
    .options = options,
    .run = run,
};
