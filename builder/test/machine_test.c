/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "machine/console_log.h"
#include "machine/disk.h"
#include "machine/emu_words.h"
#include "machine/state.h"
#include "test.h"

static void names(void **state)
{
    (void)state;
    assert_true(machine_name_ok("a"));
    assert_true(machine_name_ok("9"));
    assert_true(machine_name_ok("A.b_c-1"));
    assert_false(machine_name_ok(""));
    assert_false(machine_name_ok("."));
    assert_false(machine_name_ok(".."));
    assert_false(machine_name_ok("-a"));
    assert_false(machine_name_ok("a/b"));
    assert_false(machine_name_ok("a\nb"));
    assert_false(machine_name_ok("\xc3\xa4"));
}

static struct emu_words scan(const char *text, bool file)
{
    struct emu_words w = {0};

    emu_words_text(&w, text, file);
    return w;
}

static void words(void **state)
{
    struct emu_words w = scan("## -sname no\n  # -setcookie no\n-name x@y\n"
                              "+S 1 -setcookie 'a b'\n",
                              true);

    (void)state;
    assert_true(w.name);
    assert_false(w.sname);
    assert_string_equal(w.cookie, "a b");
    emu_words_release(&w);
    /* what stands behind a word is no comment; nor is any in a variable */
    w = scan("-setcookie a#b -setcookie \"c\"d\\ e", false);
    assert_string_equal(w.cookie, "cd e");
    emu_words_release(&w);
    w = scan("# -sname a", false);
    assert_true(w.sname);
    emu_words_release(&w);
    w = scan("-setcookie", true);
    assert_null(w.cookie);
    emu_words_release(&w);
    w = scan("-setcookie ''", true);
    assert_string_equal(w.cookie, "");
    emu_words_release(&w);
    w = scan(" \n#", true);
    assert_false(w.name || w.sname);
    emu_words_release(&w);
}

/* Content of both files, the older first. */
static char *read_log(int dir)
{
    struct buf b = {0};
    char *old = xasprintf("/proc/self/fd/%d/" CONSOLE_LOG_OLD, dir);
    char *new = xasprintf("/proc/self/fd/%d/" CONSOLE_LOG, dir);

    file_try_read(old, 1 << 20, &b);
    file_try_read(new, 1 << 20, &b);
    free(old);
    free(new);
    buf_str(&b);
    return buf_take(&b);
}

static void log_size(void **state)
{
    char dir[] = "/tmp/unibeam-test-XXXXXX", line[32];
    struct console_log l;
    char *text;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(dir));
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    console_log_init(&l, fd, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof(line), "%08d\n", i);
        console_log_write(&l, line, 9);
        if (i % 97)
            continue;
        text = read_log(fd);
        /* half of it at least, once there is so much; and a line over */
        assert_in_range(strlen(text), i > 60 ? 500 : 0, 1018);
        assert_string_equal(text + strlen(text) - 9, line);
        free(text);
    }
    console_log_close(&l);
    unlinkat(fd, CONSOLE_LOG, 0);
    unlinkat(fd, CONSOLE_LOG_OLD, 0);
    close(fd);
    rmdir(dir);
}

static void disk_options(void **state)
{
    struct disks d = {0};

    (void)state;
    disks_add(&d, "a,b");
    disks_add(&d, "c,ro,serial=x");
    disks_add(&d, "d,serial=y,ro");
    disks_add(&d, "e,serial=z,serial=w");
    assert_int_equal(d.n, 4);
    assert_string_equal(d.v[0].file, "a,b");
    assert_false(d.v[0].read_only);
    assert_string_equal(d.v[1].file, "c");
    assert_string_equal(d.v[1].serial, "x");
    assert_true(d.v[1].read_only);
    assert_string_equal(d.v[2].file, "d");
    assert_string_equal(d.v[2].serial, "y");
    assert_true(d.v[2].read_only);
    /* the second is part of the name: only one counts */
    assert_string_equal(d.v[3].file, "e,serial=z");
    assert_string_equal(d.v[3].serial, "w");
    disks_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(words),
        cmocka_unit_test(log_size),
        cmocka_unit_test(disk_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
