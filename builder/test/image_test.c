/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* What the commands about images are made of. */
#include <stdlib.h>
#include <string.h>

#include "image/baked.h"
#include "image/format.h"
#include "image/show_name.h"
#include "image/words.h"
#include "sha256.h"
#include "test.h"

/* FIPS 180-4's examples, and lengths about a block's end, as sha256sum has
 * them. */
static void hashes(void **state)
{
    static const struct {
        char c;
        size_t n;
        const char *text;
    } examples[] = {
        {'a', 0,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {'a', 55,
         "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {'a', 56,
         "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {'a', 64,
         "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {'a', 1000000,
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };

    for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
        for (size_t piece = 1; piece < 200; piece += 61) {
            char text[SHA256_TEXT], data[200];
            struct sha256 s;

            memset(data, examples[i].c, sizeof(data));
            sha256_init(&s);
            for (size_t left = examples[i].n; left;) {
                size_t n = left < piece ? left : piece;

                sha256_add(&s, data, n);
                left -= n;
            }
            sha256_text(&s, text);
            assert_string_equal(text, examples[i].text);
        }
    }
}

static void is_shown(const char *name, const char *wanted)
{
    struct buf out = {0};

    show_name(&out, name);
    assert_string_equal(buf_str(&out), wanted);
    buf_release(&out);
}

static void names_for_a_terminal(void **state)
{
    struct buf out = {0};

    is_shown("", "");
    is_shown("a b~", "a b~");
    is_shown("gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80",
             "gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80");
    is_shown("\x1b[31m\x7f\n\t\\", "\\x1b[31m\\x7f\\n\\t\\\\");
    /* C1, a surrogate, too long, too large, cut off */
    is_shown("\xc2\x9b", "\\xc2\\x9b");
    is_shown("\xed\xa0\x80", "\\xed\\xa0\\x80");
    is_shown("\xc0\xaf", "\\xc0\\xaf");
    is_shown("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
    is_shown("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
    is_shown("\xe2\x82", "\\xe2\\x82");
    show_text(&out, "a\\b\r");
    assert_string_equal(buf_str(&out), "a\\b\\x0d");
    buf_release(&out);
}

static void value_is(const char *line, const char *key, const char *wanted)
{
    char *value = words_value(line, key);

    if (wanted)
        assert_string_equal(value, wanted);
    else
        assert_null(value);
    free(value);
}

static void rest_is(const char *line, const char *key, const char *wanted)
{
    char *rest = words_without(line, key);

    assert_string_equal(rest, wanted);
    free(rest);
}

static void words(void **state)
{
    value_is("", "a=", NULL);
    value_is("a=1 b=2 a=3", "a=", "3");
    value_is("a=\"x y\" b=", "a=", "x y");
    value_is("a=\"x y\" b=", "b=", "");
    value_is("env.A=\"\\\"q\\\" \\\\\"", "env.A=", "\"q\" \\");
    value_is("\"a=1\" xa=2", "a=", "1");
    value_is("a=\"not closed b=1", "b=", NULL);
    rest_is("  a=1\tb=\"x  a=2\"  a=3 c", "a=", "b=\"x  a=2\" c");
    rest_is("a=1 \"a=2\"", "a=", "");
    rest_is("env.AB=1 env.A=2", "env.A=", "env.AB=1");
}

static void words_of_options(void **state)
{
    struct strvec values = {0};
    char *line =
        words_with("x=1 arg=a y=\"a b\" ip=dhcp arg=b", WORD_ARG, &values);

    assert_string_equal(line, "ip=dhcp x=1 y=\"a b\"");
    free(line);
    strvec_push(&values, "two words");
    line = words_with("x=1 arg=a mount=m", WORD_ARG, &values);
    assert_string_equal(line, "arg=\"two words\" mount=m x=1");
    free(line);
    strvec_release(&values);
    line = words_appended("ip=dhcp arg=a x=1", "y=2 arg=b");
    assert_string_equal(line, "ip=dhcp y=2 arg=b");
    free(line);
    line = words_appended("x=1", "");
    assert_string_equal(line, "");
    free(line);
}

static void text_is(const struct baked *b, const char *wanted)
{
    struct buf out = {0};

    baked_text(b, &out);
    assert_string_equal(buf_str(&out), wanted);
    buf_release(&out);
}

static void settings(void **state)
{
    struct baked b = {.cmdline =
                          xstrdup("loglevel=3  env.A=9 hostname=line env.B=x")};
    struct strvec env = {0};
    char *value;

    strvec_split(&b.conf, "release=r\nenv.A=1\nenv.C=3\nhostname=conf\npa=x",
                 "\n");
    value = baked_value(&b, "hostname");
    assert_string_equal(value, "line");
    free(value);
    baked_env(&b, &env);
    assert_int_equal(env.n, 3);
    assert_string_equal(env.v[0], "A=9");
    assert_string_equal(env.v[1], "B=x");
    assert_string_equal(env.v[2], "C=3");
    strvec_release(&env);
    /* what is set counts: nothing on the command line is left to win */
    baked_set(&b, "env.A", "2");
    baked_set(&b, "env.N", "n");
    baked_set(&b, "env.C", NULL);
    baked_set(&b, "grace", "5");
    text_is(&b, "release=r\nenv.A=2\nenv.N=n\nhostname=conf\ngrace=5\npa=x\n");
    assert_string_equal(b.cmdline, "loglevel=3 hostname=line env.B=x");
    baked_set(&b, "hostname", "new");
    assert_string_equal(b.cmdline, "loglevel=3 env.B=x");
    baked_set(&b, "hostname", NULL);
    text_is(&b, "release=r\nenv.A=2\nenv.N=n\ngrace=5\npa=x\n");
    baked_set(&b, "hostname", "back");
    text_is(&b, "release=r\nenv.A=2\nenv.N=n\nhostname=back\ngrace=5\npa=x\n");
    baked_release(&b);
}

static void formats(void **state)
{
    char vdi[512] = "<<< VirtualBox";

    memcpy(vdi + 64, "\x7f\x10\xda\xbe", 4);
    assert_null(disk_format("", 0));
    assert_null(disk_format("QFI", 3));
    assert_string_equal(disk_format("QFI\xfb", 4)->name, "qcow2");
    assert_string_equal(disk_format(vdi, 512)->qemu, "vdi");
    assert_null(disk_format(vdi, 67));
    assert_null(disk_format("\x1f\x8b\x08", 3)->qemu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes),   cmocka_unit_test(names_for_a_terminal),
        cmocka_unit_test(words),    cmocka_unit_test(words_of_options),
        cmocka_unit_test(settings), cmocka_unit_test(formats),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
