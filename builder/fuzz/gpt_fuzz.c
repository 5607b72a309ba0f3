/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The partition table reader.  Seeds: tests/corpus/gpt.  The checksums are made
 * right first, or nothing behind them would be reached. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "gpt.h"

#define HEAD (GPT_HEAD_SECTORS * GPT_SECTOR)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put32(uint8_t *at, uint32_t v)
{
    memcpy(at, &v, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *head = calloc(1, HEAD);
    struct gpt g;
    const char *why;

    if (!head)
        return 0;
    memcpy(head, data, size < HEAD ? size : HEAD);
    gpt_decode(&g, head, size < HEAD ? size : HEAD, 8192, &why);
    put32(head + 512 + 88, (uint32_t)crc32(0, head + 1024, HEAD - 1024));
    put32(head + 512 + 16, 0);
    put32(head + 512 + 16, (uint32_t)crc32(0, head + 512, 92));
    gpt_decode(&g, head, HEAD, 8192, &why);
    free(head);
    return 0;
}
