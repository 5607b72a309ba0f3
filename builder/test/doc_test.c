/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * What man pages and completions are made of: text for the formatter, words of
 * values, kinds of operands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc/doc.h"
#include "doc/roff.h"
#include "test.h"

static void expect(void (*put)(FILE *to, const char *text), const char *text,
                   const char *wanted)
{
    char *got = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&got, &len);

    put(to, text);
    fclose(to);
    assert_string_equal(got, wanted);
    free(got);
}

static void test_sentences(void **state)
{
    expect(roff_sentences, "one. two three", "one.\ntwo three\n");
    /* a line of the formatter's commands would begin with one of these */
    expect(roff_sentences, ".so evil", "\\&.so evil\n");
    expect(roff_sentences, "'tis", "\\&\\(aqtis\n");
    expect(roff_sentences, "first. .second", "first.\n\\&.second\n");
    expect(roff_sentences, "a\\b ~ ^ `", "a\\eb \\(ti \\(ha \\(ga\n");
}

static void test_hyphens(void **state)
{
    /* typed ones stay what they are, others may be hyphens */
    expect(roff_sentences, "read-only with --dry-run",
           "read-only with \\-\\-dry\\-run\n");
    expect(roff_sentences, "/etc/a-b X=a-b", "/etc/a\\-b X=a\\-b\n");
}

static void test_long_lines(void **state)
{
    char text[256] = "", wanted[256] = "";

    for (int i = 0; i < 30; i++)
        strcat(text, i ? " word" : "word");
    for (int i = 0; i < 30; i++)
        strcat(wanted, i == 0 ? "word" : i % 15 ? " word" : "\nword");
    strcat(wanted, "\n");
    expect(roff_sentences, text, wanted);
}

static void test_paragraphs(void **state)
{
    expect(roff_paragraphs, "one\n\ntwo", "one\n.PP\ntwo\n");
    expect(roff_paragraphs, "see:\n  cmd --x\n  .y\nend",
           "see:\n.PP\n.nf\n  cmd \\-\\-x\n  .y\n.fi\n.PP\nend\n");
}

static void test_values(void **state)
{
    expect(roff_value, "FILE", "\\fIFILE\\fR");
    expect(roff_value, "kvm|tcg", "\\fBkvm\\fR|\\fBtcg\\fR");
    expect(roff_value, "[ADDR:]HOST:GUEST[/udp]",
           "[\\fIADDR\\fR:]\\fIHOST\\fR:\\fIGUEST\\fR[/\\fBudp\\fR]");
    expect(roff_value, "on-failure", "\\fBon\\-failure\\fR");
}

static void expect_words(const char *value, const char *wanted)
{
    struct strvec words = {0};
    struct buf got = {0};

    value_words(value, &words);
    for (size_t i = 0; i < words.n; i++)
        buf_addf(&got, "%s ", words.v[i]);
    assert_string_equal(buf_str(&got), wanted);
    buf_release(&got);
    strvec_release(&words);
}

static void test_words(void **state)
{
    expect_words("auto|kvm|tcg", "auto kvm tcg ");
    expect_words("user|tap=NAME|socket=PATH", "user tap= socket= ");
    expect_words("dhcp|none|ADDR/PREFIX[,DNS...]", "dhcp none ");
    expect_words("FILE", "");
    expect_words("word", "");
}

static void test_kinds(void **state)
{
    const struct opt file = {.name = "a", .value = "FILE[,ro]"};
    const struct opt dir = {.name = "b", .value = "DIR"};
    const struct opt words = {.name = "c", .value = "text|json"};
    const struct opt any = {.name = "d", .value = "SIZE"};
    const struct opt flag = {.name = "e"};

    assert_int_equal(value_kind(&file), VALUE_FILE);
    assert_int_equal(value_kind(&dir), VALUE_DIR);
    assert_int_equal(value_kind(&words), VALUE_WORDS);
    assert_int_equal(value_kind(&any), VALUE_ANY);
    assert_int_equal(value_kind(&flag), VALUE_NONE);
}

static void test_operands(void **state)
{
    static const struct {
        const char *operands;
        enum operand_kind kind;
    } rows[] = {
        {"RELEASE", OPERAND_PATH},
        {"IMAGE [PATH...]", OPERAND_PATH},
        {"IMAGE:PATH... DEST", OPERAND_PATH},
        {"NAME...", OPERAND_MACHINE},
        {"NAME EXPRESSION", OPERAND_MACHINE},
        {"", OPERAND_NONE},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct command c = {.operands = rows[i].operands};

        assert_int_equal(operand_kind(&c), rows[i].kind);
    }
}

static void test_short_help(void **state)
{
    static const char *const rows[][2] = {
        {"memory (default: 256M)", "memory"},
        {"one; two", "one"},
        {"write unibeam.json. Then", "write unibeam.json"},
        {"(default: its name)", "(default: its name)"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char *got = short_help(rows[i][0]);

        assert_string_equal(got, rows[i][1]);
        free(got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),  cmocka_unit_test(test_hyphens),
        cmocka_unit_test(test_long_lines), cmocka_unit_test(test_paragraphs),
        cmocka_unit_test(test_values),     cmocka_unit_test(test_words),
        cmocka_unit_test(test_kinds),      cmocka_unit_test(test_operands),
        cmocka_unit_test(test_short_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
