/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * aml_fuzz.c - the AML scanner on damaged tables.
 */
#include "fuzz.h"

#include "dev/aml.h"

static void target(const uint8_t *data, size_t n)
{
    struct aml_facts f = {0};

    aml_scan(data, n, &f);
    if (f.nr_virtio > AML_VIRTIO_MAX)
        abort();
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, target);
}
