/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"
#include "image/convert.h"
#include "image/image_option.h"
#include "image/qemu_img.h"
#include "report.h"

enum {
    TO,
    OUTPUT,
    OCI_DISK,
    QEMU_PROGRAM,
    QUIET,
};

static const struct opt options[] = {
    {"to", 0, "raw|qcow2|vmdk|vhd|vhdx|vdi|gce|oci", "the format", TO,
     OPT_CLI_ONLY},
    {"output", 'o', "FILE",
     "where it goes (default: IMAGE with the format's ending); for oci a new "
     "directory, or an archive when FILE ends in .tar",
     OUTPUT, OPT_CLI_ONLY},
    {"oci-disk", 0, "raw|qcow2", "the disk in a container image (default: raw)",
     OCI_DISK, 0},
    {"qemu-img", 0, "PROGRAM", "the qemu-img to run (default: " QEMU_IMG ")",
     QEMU_PROGRAM, 0},
    {"quiet", 'q', NULL, "no summary", QUIET, 0},
    OPT_END,
};

struct given {
    struct convert_options o;
    bool to;
};

static void take_option(void *ctx, int id, const char *value)
{
    static const char *const formats[] = {"raw", "qcow2", "vmdk", "vhd", "vhdx",
                                          "vdi", "gce",   "oci",  NULL};
    static const char *const disks[] = {"raw", "qcow2", NULL};
    struct given *g = ctx;

    switch (id) {
    case TO:
        g->o.to = (enum convert_to)opt_choose("convert", "to", value, formats);
        g->to = true;
        break;
    case OUTPUT:
        g->o.output = value;
        break;
    case OCI_DISK:
        g->o.oci_qcow2 = opt_choose("convert", "oci-disk", value, disks) == 1;
        break;
    case QEMU_PROGRAM:
        g->o.qemu_img = value;
        break;
    case QUIET:
        g->o.quiet = true;
        break;
    }
}

static int run(const struct command *c, int argc, char **argv)
{
    struct given g = {.o = {.qemu_img = QEMU_IMG}};
    struct strvec operands = {0};
    int r;

    opt_parse(c, argc, argv, take_option, &g, &operands, NULL);
    if (!operands.n)
        usage_error("convert: which image?");
    if (operands.n > 1)
        usage_error("convert: only one image at a time: '%s'", operands.v[1]);
    if (!g.to)
        usage_error("convert: to which format? (--to raw, qcow2, vmdk, vhd, "
                    "vhdx, vdi, gce or oci)");
    g.o.image = operands.v[0];
    r = image_convert(&g.o) || finish_stdout();
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_convert = {
    .name = "convert",
    .summary = "write an image in another disk format",
    .operands = "IMAGE --to FORMAT",
    .about =
        "Write an image in the format of a hypervisor or a cloud. qemu-img "
        "does it for qcow2, vmdk, vhd, vhdx and vdi, and reads IMAGE if it "
        "is in one of these. vhd is what Azure takes, gce what Google "
        "Compute Engine takes, oci is a container disk for KubeVirt.",
    .options = options,
    .notes = "FILE appears when it is complete.",
    .run = run,
};
