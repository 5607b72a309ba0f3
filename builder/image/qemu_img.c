/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/qemu_img.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "report.h"

#define NOT_STARTED 127 /* as shells have it */
#define SAID_MAX    4096

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

static _Noreturn void be_qemu_img(const struct disk_job *job,
                                  const struct strvec *args, int err,
                                  pid_t parent)
{
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(NOT_STARTED);
    signal(SIGXFSZ, SIG_DFL);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    fcntl(job->from, F_SETFD, 0);
    fcntl(job->to, F_SETFD, 0);
    setenv("LC_ALL", "C", 1);
    execvp(args->v[0], args->v);
    dprintf(STDERR_FILENO, "%s", strerror(errno));
    _exit(NOT_STARTED);
}

/* All it says, as far as there is room. */
static void read_words(int fd, char said[SAID_MAX])
{
    char more[512];
    size_t len = 0;
    ssize_t n;

    while ((n = read(fd, more, sizeof(more))) > 0 || (n < 0 && errno == EINTR))
        for (ssize_t i = 0; i < n && len + 1 < SAID_MAX; i++)
            said[len++] = more[i];
    said[len] = '\0';
}

/* What it said without its name in front and in one line. */
static int report_failure(const struct disk_job *job, char *said, int status)
{
    static const char own[] = "qemu-img: ";
    char *line = strstr(said, own);

    line = line ? line + strlen(own) : said;
    line[strcspn(line, "\n")] = '\0';
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
        return fail("cannot run '%s': %s: install it (on Debian: qemu-utils), "
                    "or give --qemu-img PROGRAM",
                    job->program, line);
    if (WIFSIGNALED(status))
        return fail("cannot convert '%s': %s was ended by signal %d", job->name,
                    job->program, WTERMSIG(status));
    return fail("cannot convert '%s': %s: %s", job->name, job->program,
                *line ? line : "it failed and said nothing");
}

int qemu_img_convert(const struct disk_job *job)
{
    struct strvec args = {0};
    char said[SAID_MAX];
    pid_t pid, parent = getpid();
    int err[2], status;

    if (pipe2(err, O_CLOEXEC))
        return fail("cannot run '%s': %s", job->program, strerror(errno));
    make_args(job, &args);
    pid = fork();
    if (pid == 0)
        be_qemu_img(job, &args, err[1], parent);
    close(err[1]);
    strvec_release(&args);
    if (pid < 0) {
        close(err[0]);
        return fail("cannot run '%s': %s", job->program, strerror(errno));
    }
    read_words(err[0], said);
    close(err[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status ? report_failure(job, said, status) : 0;
}
