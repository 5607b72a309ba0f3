/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "image/copy_out.h"
#include "report.h"

enum {
    RECURSIVE,
};

static const struct opt options[] = {
    {"recursive", 'r', NULL, "copy directories with all that is in them",
     RECURSIVE, OPT_CLI_ONLY},
    OPT_END,
};

static void take_option(void *ctx, int id, const char *value)
{
    struct copy_options *o = ctx;

    if (id == RECURSIVE)
        o->recursive = true;
}

/* IMAGE:PATH.  An image may have a colon in its name, so the first part that is
 * a file is it; else the first part there is. */
static void split(const char *operand, char **image, const char **path)
{
    const char *colon = strchr(operand, ':');

    if (!colon)
        usage_error("cp: '%s' is not IMAGE:PATH", operand);
    *image = NULL;
    for (const char *at = colon; at && !*image; at = strchr(at + 1, ':')) {
        *image = xasprintf("%.*s", (int)(at - operand), operand);
        *path = at + 1;
        if (access(*image, F_OK) == 0)
            return;
        free(*image);
        *image = NULL;
    }
    *image = xasprintf("%.*s", (int)(colon - operand), operand);
    *path = colon + 1;
}

static int copy_one(const char *operand, const char *dest,
                    const struct copy_options *o)
{
    struct rootfs root = {0};
    struct image img;
    const char *path;
    char *name;
    int r;

    split(operand, &name, &path);
    r = image_open(&img, name) || rootfs_open(&root, &img, false) ||
        copy_out(&root, path, dest, o);
    rootfs_close(&root);
    image_close(&img);
    free(name);
    return r;
}

static bool is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0};
    struct copy_options o = {0};
    const char *dest;
    int r = 0;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (!operands.n)
        usage_error("cp: which file of which image?");
    if (operands.n == 1)
        usage_error("cp: where to?");
    dest = operands.v[operands.n - 1];
    if (operands.n > 2 && !is_dir(dest))
        usage_error("cp: '%s' is not a directory, to which several files could "
                    "be copied",
                    dest);
    for (size_t i = 0; i + 1 < operands.n && !r; i++)
        r = copy_one(operands.v[i], dest, &o);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_cp = {
    .name = "cp",
    .summary = "copy files out of an image",
    .operands = "IMAGE:PATH... DEST",
    .about = "Copy files of the image's root file system to DEST: into it if "
             "it is a directory, else under that name. Nothing is mounted. "
             "Modes, times and links stay; the owner is who copies. A link "
             "that is named is followed, inside the image; those in a "
             "directory are copied as links.",
    .options = options,
    .notes = "A file of the same name is replaced, a directory is not. Nothing "
             "appears before it is complete.",
    .run = run,
};
