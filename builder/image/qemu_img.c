/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/qemu_img.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "buf.h"
#include "child.h"
#include "report.h"

static void make_args(const struct disk_job *job, struct strvec *args)
{
    strvec_push(args, job->program);
    strvec_push(args, "convert");
    /* one request at a time: in a fixed order, for the same bytes */
    strvec_push(args, "-m");
    strvec_push(args, "1");
    strvec_push(args, "-f");
    strvec_push(args, job->from_format);
    strvec_push(args, "-O");
    strvec_push(args, job->to_format);
    if (job->options) {
        strvec_push(args, "-o");
        strvec_push(args, job->options);
    }
    /* not by name: what has a colon in it would be a protocol to qemu-img */
    strvec_pushf(args, "/proc/self/fd/%d", job->from);
    strvec_pushf(args, "/proc/self/fd/%d", job->to);
}

/* What it said without its name in front and in one line. */
static int report_failure(const struct disk_job *job, struct buf *messages,
                          int status)
{
    static const char own[] = "qemu-img: ";
    const char *said = buf_str(messages), *line = strstr(said, own);
    int len;

    line = line ? line + strlen(own) : said;
    len = (int)strcspn(line, "\n");
    if (WIFSIGNALED(status))
        return fail("cannot convert '%s': %s was ended by signal %d", job->name,
                    job->program, WTERMSIG(status));
    if (!len)
        return fail("cannot convert '%s': %s: it failed and said nothing",
                    job->name, job->program);
    return fail("cannot convert '%s': %s: %.*s", job->name, job->program, len,
                line);
}

int qemu_img_convert(const struct disk_job *job)
{
    const int keep[] = {job->from, job->to, -1};
    struct strvec args = {0};
    struct buf messages = {0};
    int status;

    make_args(job, &args);
    status = child_run(args.v, keep, &messages);
    if (status < 0)
        fail("cannot run '%s': %s: install it (on Debian: qemu-utils), or give "
             "--qemu-img PROGRAM",
             job->program, strerror(errno));
    else if (status > 0)
        status = report_failure(job, &messages, status);
    strvec_release(&args);
    buf_release(&messages);
    return status;
}
