/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* What unibeam check is made of: findings, symbols of ELF files, commands in
 * code, versions. */
#include <stdlib.h>
#include <string.h>

#include "beam.h"
#include "check/command_word.h"
#include "elf_symbols.h"
#include "finding.h"
#include "otp_version.h"
#include "test.h"

static void symbols(const char *name, struct elf_symbols *s)
{
    struct buf file = {0};
    const char *why;

    test_corpus(name, &file);
    assert_int_equal(elf_symbols_parse(file.data, file.len, s, &why), 0);
    buf_release(&file);
}

static void versions_that_a_library_has(void **state)
{
    struct elf_symbols s;

    symbols("elf/versions", &s);
    assert_int_equal(s.versions.n, 3); /* its own name is one */
    assert_true(elf_symbols_has(&s.versions, "V_1.0"));
    assert_true(elf_symbols_has(&s.versions, "V_1.10"));
    assert_false(elf_symbols_has(&s.versions, "V_1.1"));
    assert_true(elf_symbols_has(&s.defined, "one"));
    assert_true(elf_symbols_has(&s.defined, "two"));
    assert_int_equal(s.nneed, 0);
    assert_int_equal(s.undefined.n, 0);
    elf_symbols_release(&s);
}

static void versions_that_one_wants(void **state)
{
    struct elf_symbols s;

    symbols("elf/wants", &s);
    assert_int_equal(s.nneed, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(s.need[i].file, "libv.so.1");
        assert_true(!strcmp(s.need[i].version, "V_1.0") ||
                    !strcmp(s.need[i].version, "V_1.10"));
        assert_false(s.need[i].weak);
    }
    assert_true(elf_symbols_has(&s.defined, "nif_init"));
    assert_true(elf_symbols_has(&s.undefined, "none"));
    assert_true(elf_symbols_has(&s.undefined, "two"));
    assert_false(elf_symbols_has(&s.undefined, "weak"));
    elf_symbols_release(&s);
}

static void version_of_a_nif(void **state)
{
    struct elf_symbols s;

    symbols("elf/nif", &s);
    assert_int_equal(s.nif_major, 2);
    assert_int_equal(s.nif_minor, 17);
    elf_symbols_release(&s);
    symbols("elf/wants", &s); /* nif_init(), but no such structure */
    assert_int_equal(s.nif_major, 0);
    elf_symbols_release(&s);
    assert_int_equal(otp_nif_minor(25), 16);
    assert_int_equal(otp_nif_minor(29), 18);
    assert_int_equal(otp_nif_minor(24), 0);
}

static void damaged_symbols(void **state)
{
    struct elf_symbols s;
    struct buf file = {0};
    const char *why;

    test_corpus("elf/wants", &file);
    assert_int_equal(elf_symbols_parse(file.data, 40, &s, &why), -1);
    assert_string_equal(why, "its ELF header is damaged");
    for (size_t len = 64; len < file.len; len += 7)
        if (!elf_symbols_parse(file.data, len, &s, &why))
            elf_symbols_release(&s);
    buf_release(&file);
    /* no dynamic section, no symbols */
    test_corpus("elf/kernel", &file);
    assert_int_equal(elf_symbols_parse(file.data, file.len, &s, &why), 0);
    assert_int_equal(s.defined.n + s.undefined.n + s.versions.n, 0);
    elf_symbols_release(&s);
    buf_release(&file);
}

static void commands(const char *name, struct beam_commands *c)
{
    struct buf file = {0};

    test_corpus(name, &file);
    beam_commands(file.data, file.len, c);
    buf_release(&file);
}

static void constant_commands_are_found(void **state)
{
    static const struct beam_command expected[] = {
        {BEAM_SHELL, (char *)"ffmpeg -i x"},
        {BEAM_SPAWN, (char *)"cat -u"},
        {BEAM_EXECUTABLE, (char *)"/usr/bin/ntpd"},
        {BEAM_SHELL, (char *)"uptime"}, /* behind a number of 38 bytes */
    };
    struct beam_commands c;

    commands("beam/commands.beam", &c);
    assert_int_equal(c.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(c.v[i].kind, expected[i].kind);
        assert_string_equal(c.v[i].text, expected[i].text);
    }
    beam_commands_release(&c);
    commands("beam/ex_commands.beam", &c);
    assert_int_equal(c.n, 2);
    assert_string_equal(c.v[0].text, "git");
    assert_int_equal(c.v[0].kind, BEAM_EXECUTABLE);
    assert_string_equal(c.v[1].text, "df -k");
    beam_commands_release(&c);
    commands("beam/os_cmd.beam", &c); /* of a variable */
    assert_int_equal(c.n, 0);
    beam_commands_release(&c);
}

static void what_modules_load(void **state)
{
    struct buf file = {0};
    struct beam_info info;
    const char *why;

    test_corpus("beam/nif.beam", &file);
    assert_int_equal(beam_parse(file.data, file.len, &info, &why), 0);
    assert_true(info.loads_nif && !info.loads_drivers && !info.runs_programs);
    assert_true(info.max_opcode > 100 && info.max_opcode <= 191);
    buf_release(&file);
    test_corpus("beam/driver.beam", &file);
    assert_int_equal(beam_parse(file.data, file.len, &info, &why), 0);
    assert_true(!info.loads_nif && info.loads_drivers && info.runs_programs);
    buf_release(&file);
}

static void word(const char *command, const char *program)
{
    char *w = command_word(command);

    if (program)
        assert_string_equal(w, program);
    else
        assert_null(w);
    free(w);
}

static void programs_of_commands(void **state)
{
    word("df -k", "df");
    word("  LC_ALL=C exec df -k | tail", "df");
    word("uptime;ls", "uptime");
    word("/usr/bin/ffmpeg -i x", "/usr/bin/ffmpeg");
    word("echo $USER", NULL);
    word("$EDITOR x", NULL);
    word("\"a b\" x", NULL);
    word("(cd x && ls)", NULL);
    word("", NULL);
    word("A=1", NULL);
    assert_true(command_of_other_system("sw_vers"));
    assert_true(command_of_other_system("/usr/sbin/sysctl"));
    assert_false(command_of_other_system("git"));
}

static void versions_of_otp(void **state)
{
    assert_int_equal(otp_of_erts("13.1.5"), 25);
    assert_int_equal(otp_of_erts("17.1.1"), 29);
    assert_int_equal(otp_of_erts("10.3"), 21);
    assert_int_equal(otp_of_erts("10.4.1"), 22);
    assert_int_equal(otp_of_erts("9.3"), 20);
    assert_int_equal(otp_of_erts("x"), 0);
    assert_int_equal(otp_max_opcode(25), 180);
    assert_int_equal(otp_max_opcode(99), 0);
    assert_int_equal(otp_of_opcode(180), 25);
    assert_int_equal(otp_of_opcode(181), 26);
    assert_int_equal(otp_of_opcode(1000), 0);
}

static void findings_are_grouped(void **state)
{
    struct findings list = {0};
    struct finding_of note = {FINDING_NOTE, "n", NULL, NULL, NULL};
    struct finding_of lib = {FINDING_ERROR, "l", "needed by", "/a", "do"};

    assert_int_equal(finding(&list, &note, "one %d", 1), 0);
    assert_int_equal(finding(&list, &lib, "no %s", "x"), 0);
    lib.where = "/b";
    finding(&list, &lib, "no %s", "x");
    finding(&list, &lib, "no %s", "x");
    finding(&list, &lib, "no %s", "y");
    findings_sort(&list);
    assert_int_equal(list.n, 3);
    assert_string_equal(list.v[0].what, "no x");
    assert_int_equal(list.v[0].where.n, 2);
    assert_string_equal(list.v[1].what, "no y");
    assert_string_equal(list.v[2].what, "one 1");
    assert_string_equal(list.v[2].role, "in");
    assert_int_equal(findings_count(&list, FINDING_ERROR), 2);
    findings_release(&list);
    /* without a list an error is one for the caller too */
    assert_int_equal(finding(NULL, &lib, "no %s", "x"), -1);
    assert_int_equal(finding(NULL, &note, "note"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_that_a_library_has),
        cmocka_unit_test(versions_that_one_wants),
        cmocka_unit_test(version_of_a_nif),
        cmocka_unit_test(damaged_symbols),
        cmocka_unit_test(constant_commands_are_found),
        cmocka_unit_test(what_modules_load),
        cmocka_unit_test(programs_of_commands),
        cmocka_unit_test(versions_of_otp),
        cmocka_unit_test(findings_are_grouped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
