/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The small parsers and writers of text. */
#include <stdlib.h>
#include <string.h>

#include "app_file.h"
#include "digest.h"
#include "forward.h"
#include "init_conf.h"
#include "ldcache.h"
#include "otp_apps.h"
#include "quote.h"
#include "rel_file.h"
#include "test.h"
#include "vm.h"

static void rel_files(void **state)
{
    static const char text[] =
        "%% coding: utf-8\n{release,{\"shop\",\"1.0\"}, {erts,\"13.1.5\"},\n"
        " [{kernel,\"8.5\"},{'quoted app',\"1\",permanent},\n"
        "  {x,\"2\",[kernel,stdlib]}]}.\n";
    static const char *const bad[] = {
        "",
        "{release",
        "{release,{\"a\",\"b\"},{erts,\"1\"},[{kernel}]}.",
        "{release,{\"a\",\"b\"},{erts,\"1\"},[{kernel,\"1\"",
        "{release,{\"a\",\"b\"},{erts,\"1\"},[{kernel,\"1\"} {x,\"1\"}]}.",
        "{other,{\"a\",\"b\"},{erts,\"1\"},[]}.",
        "{release,{\"a",
    };
    struct rel_file r;
    const char *why;

    assert_int_equal(rel_file_parse(text, &r, &why), 0);
    assert_string_equal(r.name, "shop");
    assert_string_equal(r.erts, "13.1.5");
    assert_int_equal(r.n, 3);
    assert_string_equal(r.app[1].name, "quoted app");
    assert_string_equal(r.app[2].version, "2");
    rel_file_release(&r);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(rel_file_parse(bad[i], &r, &why), -1);
}

static void app_files(void **state)
{
    static const char text[] =
        "{application, shop, [{description, \"a {b\"}, {vsn, \"1.0\"},\n"
        " {env, [{x, #{a => -1.5}}, {y, <<1,2>>}]}, {mod, {shop_app, []}},\n"
        " {applications, [kernel, 'two words']}, {registered, []},\n"
        " {included_applications, [inets]}, {optional_applications, [ssl]}]}.";
    static const char *const bad[] = {
        "",
        "{application, shop, []}.",
        "{application, shop, [{vsn, \"1\"}, {applications, [kernel}]}.",
        "{application, shop, [{vsn, \"1\"}, {env, [",
        "{application, shop, [{vsn, \"1\"} {env, []}]}.",
    };
    struct app_file a;
    const char *why;

    assert_int_equal(app_file_parse(text, &a, &why), 0);
    assert_string_equal(a.version, "1.0");
    assert_int_equal(a.needs.n, 3);
    assert_string_equal(a.needs.v[1], "two words");
    assert_string_equal(a.needs.v[2], "inets");
    assert_int_equal(a.likes.n, 1);
    app_file_release(&a);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(app_file_parse(bad[i], &a, &why), -1);
}

static void check_quote(void (*quote)(struct buf *, const char *),
                        const char *in, const char *out)
{
    struct buf b = {0};

    quote(&b, in);
    assert_string_equal(buf_str(&b), out);
    buf_release(&b);
}

static void quoting(void **state)
{
    struct buf b = {0};

    check_quote(quote_shell, "a-b_c.d/e", "a-b_c.d/e");
    check_quote(quote_shell, "", "''");
    check_quote(quote_shell, "it's $x", "'it'\\''s $x'");
    check_quote(quote_qemu, "a,b", "a,,b");
    quote_kernel(&b, "env.A=", "plain");
    quote_kernel(&b, " env.B=", "two \"words\" \\");
    quote_kernel(&b, " env.C=", "");
    assert_string_equal(buf_str(&b), "env.A=plain env.B=\"two \\\"words\\\" "
                                     "\\\\\" env.C=\"\"");
    buf_release(&b);
}

static void forwards(void **state)
{
    static const char *const bad[] = {
        "",         "80",    "80:",       ":80:80x", "0:80",    "65536:1",
        "1:2/sctp", "a:1:2", "1.2.3:1:2", "1:2:3:4", "8080:80/"};
    struct forwards f = {0};
    struct buf b = {0};

    assert_int_equal(forwards_add(&f, "8080:80"), 0);
    assert_int_equal(forwards_add(&f, "127.0.0.1:53:5353/udp"), 0);
    assert_int_equal(forwards_add(&f, "1:2/tcp"), 0);
    forwards_format(&f, &b);
    assert_string_equal(buf_str(&b), ",hostfwd=tcp::8080-:80"
                                     ",hostfwd=udp:127.0.0.1:53-:5353"
                                     ",hostfwd=tcp::1-:2");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(forwards_add(&f, bad[i]), -1);
    assert_int_equal(f.n, 3);
    buf_release(&b);
    forwards_release(&f);
}

static int status_of(const char *text)
{
    struct exit_log l;

    exit_log_init(&l);
    for (; *text; text++) /* byte by byte, as a pipe may hand it over */
        exit_log_take(&l, text, 1);
    return l.status;
}

static void exit_lines(void **state)
{
    assert_int_equal(status_of(""), -1);
    assert_int_equal(status_of("unibeam-exit 3\n"), 3);
    assert_int_equal(status_of("unibeam-exit 3"), -1);
    assert_int_equal(status_of("noise\nunibeam-exit 255\n"), 255);
    assert_int_equal(status_of("unibeam-exit 1\nunibeam-exit 0\n"), 0);
    assert_int_equal(status_of("unibeam-exit x\n"), -1);
    assert_int_equal(status_of("unibeam-exit \n"), -1);
    assert_int_equal(status_of(" unibeam-exit 3\n"), -1);
    assert_int_equal(status_of("0123456789012345678901234567890123456789"
                               "0123456789012345678901234567890123456789"
                               "unibeam-exit 3\nunibeam-exit 4\n"),
                     4);
}

static void cache_order(void **state)
{
    assert_true(ldcache_compare("libc.so.6", "libc.so.6") == 0);
    assert_true(ldcache_compare("libc.so.10", "libc.so.9") > 0);
    assert_true(ldcache_compare("liba.so", "libb.so") < 0);
    assert_true(ldcache_compare("lib1", "liba") > 0); /* digits are last */
    assert_true(ldcache_compare("liba", "lib1") < 0);
    assert_true(ldcache_compare("lib", "liba") < 0);
}

static void digests(void **state)
{
    struct digest a, b;
    uint8_t x[DIGEST_SIZE], y[DIGEST_SIZE], data[3 * DIGEST_PIECE / 2];

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7);
    digest_init(&a);
    digest_init(&b);
    digest_add(&a, data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i += 1000)
        digest_add(&b, data + i,
                   sizeof(data) - i < 1000 ? sizeof(data) - i : 1000);
    digest_get(&a, x);
    digest_get(&b, y);
    assert_memory_equal(x, y, DIGEST_SIZE);
    digest_add(&a, "", 1);
    digest_get(&a, y);
    assert_memory_not_equal(x, y, DIGEST_SIZE);
    digest_uuid(x, "disk", x + 16);
    assert_int_equal(x[16 + 6] >> 4, 8);
    assert_int_equal(x[16 + 8] >> 6, 2);
    digest_release(&a);
    digest_release(&b);
}

static void init_conf(void **state)
{
    struct release r = {.rel = {.name = (char *)"shop"},
                        .version = (char *)"1.0",
                        .erts = (char *)"13",
                        .root = "/app",
                        .boot = (char *)"/app/releases/1.0/start"};
    struct init_settings s = {.hostname = "shop"};
    struct strvec env = {0};
    struct buf out = {0};

    strvec_push(&env, "A=b=c d");
    s.env = &env;
    assert_int_equal(init_conf_write(&r, &s, &out), 0);
    assert_string_equal(buf_str(&out),
                        "release=shop\nversion=1.0\nlayout=relx\nroot=/app\n"
                        "erts=/app/erts-13\nboot=/app/releases/1.0/start\n"
                        "env.A=b=c d\nhostname=shop\n");
    r.cookie = (char *)"two\nlines";
    assert_int_equal(init_conf_write(&r, &s, &out), -1);
    strvec_release(&env);
    buf_release(&out);
}

static void known_apps(void **state)
{
    assert_true(otp_apps_has("kernel-8.5.3", 6));
    assert_true(otp_apps_has("iex", 3));
    assert_false(otp_apps_has("kerne", 5));
    assert_false(otp_apps_has("kernel2", 7));
    assert_false(otp_apps_has("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rel_files),  cmocka_unit_test(app_files),
        cmocka_unit_test(quoting),    cmocka_unit_test(forwards),
        cmocka_unit_test(exit_lines), cmocka_unit_test(cache_order),
        cmocka_unit_test(digests),    cmocka_unit_test(init_conf),
        cmocka_unit_test(known_apps),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
