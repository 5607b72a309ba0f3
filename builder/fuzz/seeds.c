/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * seeds.c - runs a fuzzer of this directory without libFuzzer, on each seed and
 * on a fixed sequence of changes to them: what make check does.
 */
#include "../../kernel/dev/test/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void target(const uint8_t *data, size_t size)
{
    LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, target);
}
