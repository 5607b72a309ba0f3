/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "sysroot.h"

#include <stdlib.h>
#include <string.h>

#include "ldconf.h"
#include "test.h"

static void absolute_links_stay_inside(void **state)
{
    char *dir = test_dir();
    struct sysroot s;
    struct stat st;
    char *host, *want;

    test_file(dir, "usr/lib/real.so.1", "x");
    test_link(dir, "lib", "usr/lib");
    test_link(dir, "usr/lib/a.so", "/lib/b.so");
    test_link(dir, "usr/lib/b.so", "../../lib/real.so.1");
    test_link(dir, "usr/lib/loop", "/lib/loop");
    test_link(dir, "usr/lib/up", "../../../../../../lib/real.so.1");
    assert_int_equal(sysroot_init(&s, dir), 0);
    want = xasprintf("%s/usr/lib/real.so.1", dir);
    host = sysroot_host(&s, "/lib/a.so", &st);
    assert_string_equal(host, want);
    free(host);
    host = sysroot_host(&s, "/lib/up", &st); /* ".." stops at the top */
    assert_string_equal(host, want);
    free(host);
    assert_null(sysroot_host(&s, "/lib/loop", &st));
    assert_null(sysroot_host(&s, "/lib/none", &st));
    assert_null(sysroot_host(&s, "/usr/lib/real.so.1/x", &st));
    free(want);
    sysroot_release(&s);
    test_remove_dir(dir);
}

static void mirror_keeps_links(void **state)
{
    char *dir = test_dir();
    struct sysroot s;
    struct tree t;
    struct node *n;
    bool found;

    test_file(dir, "usr/lib/libx.so.1.2", "12345");
    test_link(dir, "lib", "usr/lib");
    test_link(dir, "usr/lib/libx.so.1", "libx.so.1.2");
    assert_int_equal(sysroot_init(&s, dir), 0);
    tree_init(&t);
    n = sysroot_mirror(&s, &t, "/lib/libx.so.1", "because");
    assert_non_null(n);
    assert_int_equal(n->size, 5);
    assert_string_equal(tree_find(&t, "/lib", false)->target, "usr/lib");
    assert_string_equal(tree_find(&t, "/lib/libx.so.1", false)->target,
                        "libx.so.1.2");
    assert_ptr_equal(tree_find(&t, "/lib/libx.so.1", true), n);
    assert_int_equal(sysroot_mirror_if(&s, &t, "/none", "x", &found), 0);
    assert_false(found);
    assert_null(sysroot_mirror(&s, &t, "/none", "x"));
    tree_release(&t);
    sysroot_release(&s);
    test_remove_dir(dir);
}

static void conf_with_includes(void **state)
{
    char *dir = test_dir();
    struct sysroot s;
    struct ldconf c;

    test_file(dir, "etc/ld.so.conf",
              "# first\n/opt/a/\ninclude ld.so.conf.d/*.conf\n"
              "include /etc/none.conf\nhwcap 0 nosegneg\n/opt/z # last\n");
    test_file(dir, "etc/ld.so.conf.d/10.conf", "/opt/b\n/opt/a\n");
    test_file(dir, "etc/ld.so.conf.d/20.conf",
              "include /etc/ld.so.conf\n/opt/c=libc6\nrelative\n");
    test_file(dir, "etc/ld.so.conf.d/30.other", "/opt/no\n");
    test_file(dir, "etc/ld-musl-x86_64.path", "/m/a:/m/b\n/m/c\n");
    assert_int_equal(sysroot_init(&s, dir), 0);
    ldconf_read(&c, &s);
    assert_string_equal(c.glibc.v[0], "/opt/a");
    assert_string_equal(c.glibc.v[1], "/opt/b");
    assert_true(strvec_has(&c.glibc, "/opt/c"));
    assert_true(strvec_has(&c.glibc, "/opt/z"));
    assert_false(strvec_has(&c.glibc, "/opt/no"));
    assert_string_equal(c.glibc.v[c.glibc.n - 1], "/usr/lib");
    assert_int_equal(c.musl.n, 3);
    assert_string_equal(c.musl.v[2], "/m/c");
    ldconf_release(&c);
    sysroot_release(&s);
    test_remove_dir(dir);
}

static void defaults_without_conf(void **state)
{
    char *dir = test_dir();
    struct sysroot s;
    struct ldconf c;

    assert_int_equal(sysroot_init(&s, dir), 0);
    ldconf_read(&c, &s);
    assert_string_equal(c.glibc.v[0], "/lib/x86_64-linux-gnu");
    assert_string_equal(c.musl.v[0], "/lib");
    ldconf_release(&c);
    sysroot_release(&s);
    test_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absolute_links_stay_inside),
        cmocka_unit_test(mirror_keeps_links),
        cmocka_unit_test(conf_with_includes),
        cmocka_unit_test(defaults_without_conf),
    };

    return cmocka_run_group_tests_name("sysroot", tests, NULL, NULL);
}
