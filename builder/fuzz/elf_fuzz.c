/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The ELF readers: of programs and libraries, and of kernels.  Seeds:
 * tests/corpus/elf. */
#include <stdint.h>

#include "elf_file.h"
#include "elf_symbols.h"
#include "kernel_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_symbols symbols;
    struct elf_info info;
    const char *why;
    uint32_t entry;

    if (elf_info_parse(data, size, &info, &why) == ELF_OK)
        elf_info_release(&info);
    if (elf_symbols_parse(data, size, &symbols, &why) == 0)
        elf_symbols_release(&symbols);
    kernel_check(data, size, &entry, &why);
    return 0;
}
