/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The .beam readers.  Seeds: tests/corpus/beam. */
#include "beam.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beam_commands commands;
    struct beam_info info;
    const char *why;

    beam_parse(data, size, &info, &why);
    beam_commands(data, size, &commands);
    beam_commands_release(&commands);
    return 0;
}
