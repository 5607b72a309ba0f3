/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * convert.h - an image in the formats that hypervisors and clouds take.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum convert_to {
    TO_RAW,
    TO_QCOW2,
    TO_VMDK,
    TO_VHD,
    TO_VHDX,
    TO_VDI,
    TO_GCE,
    TO_OCI,
};

struct convert_options {
    const char *image;
    enum convert_to to;
    const char *output; /* NULL: the image's name with the format's ending */
    const char *qemu_img;
    bool oci_qcow2; /* the disk in the container image */
    bool quiet;
};

int image_convert(const struct convert_options *o);
