/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The reader of ld.so.cache.  Seeds: tests/corpus/ldcache. */
#include <stdint.h>

#include "ldcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strvec dirs = {0};

    ldcache_dirs(data, size, &dirs);
    strvec_release(&dirs);
    return 0;
}
