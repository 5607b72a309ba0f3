/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* Child processes: what they say, how they end, and that they do. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "file.h"
#include "test.h"

#define SHELL(text)                                                            \
    (char *const[])                                                            \
    {                                                                          \
        "sh", "-c", text, NULL                                                 \
    }

static const int none[] = {-1};

static void messages(void **state)
{
    struct buf said = {0};
    int status =
        child_run(SHELL("echo out; echo err >&2; cat; exit 3"), none, &said);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_string_equal(buf_str(&said), "err\n");
    buf_release(&said);
    /* more than a pipe holds, of which not all is kept */
    assert_int_equal(
        child_run(SHELL("yes | head -c 1000000; yes | head -c 1000000 >&2"),
                  none, &said),
        0);
    assert_true(said.len > 0 && said.len <= 65536);
    buf_release(&said);
}

static void not_started(void **state)
{
    struct buf said = {0};
    struct child c;

    assert_int_equal(child_run((char *const[]){"/no/such", NULL}, none, &said),
                     -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(child_start(&c, (char *const[]){"/", NULL}, none), EACCES);
    assert_true(child_poll(&c) == false);
    child_end(&c);
}

static void descriptors(void **state)
{
    struct buf said = {0};
    int fds[2];
    char text[32];

    assert_int_equal(pipe(fds), 0);
    snprintf(text, sizeof(text), "echo x >&%d", fds[1]);
    assert_int_equal(child_run(SHELL(text), (int[]){fds[1], -1}, &said), 0);
    assert_int_equal(read(fds[0], text, sizeof(text)), 2);
    close(fds[0]);
    close(fds[1]);
    buf_release(&said);
}

/* Does it run? Where nobody waits for orphans, they stay as zombies. */
static bool runs(pid_t pid)
{
    char path[32];
    struct buf text = {0};
    bool yes;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    yes = file_try_read(path, 4096, &text) == 0 &&
          !strstr(buf_str(&text), ") Z ");
    buf_release(&text);
    return yes;
}

/* A child ends with all it has started. */
static void ended(void **state)
{
    struct buf said = {0};
    struct child c;
    pid_t pid;

    assert_int_equal(
        child_start(&c, SHELL("sleep 1000 & echo $!; sleep 1000"), none), 0);
    while (!said.len) {
        poll(&(struct pollfd){.fd = c.out, .events = POLLIN}, 1, -1);
        child_read(&c.out, &said);
    }
    pid = atoi(buf_str(&said));
    assert_false(child_poll(&c));
    child_end(&c);
    assert_true(WIFSIGNALED(c.status));
    for (int i = 0; i < 1000 && runs(pid); i++)
        usleep(10000);
    assert_false(runs(pid));
    child_end(&c); /* harmless */
    buf_release(&said);
}

static void status_text(void **state)
{
    char *text = child_status_text(3 << 8);

    assert_string_equal(text, "status 3");
    free(text);
    text = child_status_text(SIGKILL);
    assert_string_equal(text, "signal 9 (Killed)");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),    cmocka_unit_test(not_started),
        cmocka_unit_test(descriptors), cmocka_unit_test(ended),
        cmocka_unit_test(status_text),
    };

    return cmocka_run_group_tests_name("osv_child", tests, NULL, NULL);
}
