/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "image/content.h"
#include "report.h"

static const struct opt options[] = {
    OPT_END,
};

static void take_option(void *ctx, int id, const char *value)
{
}

static int print_file(struct rootfs *r, const char *path)
{
    struct rootfs_file f;
    int status = rootfs_find(r, path, true, &f);

    if (!status && !S_ISREG(f.mode))
        status = fail("'%s' in '%s' is %s", path, r->img->path,
                      S_ISDIR(f.mode) ? "a directory" : "not a file");
    if (!status)
        status = content_stream(r, &f, STDOUT_FILENO, "the standard output");
    rootfs_file_release(&f);
    return status;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0};
    struct rootfs root = {0};
    struct image img;
    int r;

    opt_parse(c, argc, argv, take_option, NULL, &operands, NULL);
    if (!operands.n)
        usage_error("cat: which image?");
    if (operands.n == 1)
        usage_error("cat: which file of '%s'?", operands.v[0]);
    r = image_open(&img, operands.v[0]) || rootfs_open(&root, &img, false);
    for (size_t i = 1; i < operands.n && !r; i++)
        r = print_file(&root, operands.v[i]);
    rootfs_close(&root);
    image_close(&img);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_cat = {
    .name = "cat",
    .summary = "print files of an image",
    .operands = "IMAGE PATH...",
    .about = "Write the files PATH of the image's root file system to the "
             "standard output. Nothing is mounted. Links are followed inside "
             "the image.",
    .options = options,
    .status = "0, 1 for an error, which ends it, 2 for wrong usage",
    .run = run,
};
