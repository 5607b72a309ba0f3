/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fuzz_main.c - the driver of kernel/dev/test/fuzz.h for targets that cannot
 * be compiled with the host's headers.
 */
#include "../../../kernel/dev/test/fuzz.h"

void fuzz_target(const uint8_t *data, size_t n);

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, fuzz_target);
}
