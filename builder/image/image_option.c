/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/image_option.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "opt.h"
#include "report.h"

bool format_option_json(const char *command, const char *value)
{
    static const char *const formats[] = {"text", "json", NULL};

    return opt_choose(command, "format", value, formats) == 1;
}

int finish_stdout(void)
{
    if (fflush(stdout) || ferror(stdout))
        return fail("cannot write the output: %s", strerror(errno));
    return 0;
}
