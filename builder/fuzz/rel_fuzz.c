/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The readers of .rel and .app files, and of sys.config. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app_file.h"
#include "check/term_check.h"
#include "rel_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct rel_file r;
    struct strvec strings = {0};
    struct app_file a;
    const char *why;
    unsigned line;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (rel_file_parse(text, &r, &why) == 0)
        rel_file_release(&r);
    if (app_file_parse(text, &a, &why) == 0)
        app_file_release(&a);
    term_check(text, &strings, &line);
    strvec_release(&strings);
    free(text);
    return 0;
}
