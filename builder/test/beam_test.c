/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "beam.h"

#include <string.h>

#include "test.h"

static void parse(const char *name, struct beam_info *info)
{
    struct buf file = {0};
    const char *why;

    test_corpus(name, &file);
    assert_int_equal(beam_parse(file.data, file.len, info, &why), 0);
    buf_release(&file);
}

static void os_cmd_is_seen(void **state)
{
    static const char *const names[] = {
        "beam/os_cmd.beam", "beam/os_cmd_gzip.beam", "beam/os_cmd_latin1.beam"};

    for (size_t i = 0; i < 3; i++) {
        struct beam_info info;

        parse(names[i], &info);
        assert_string_equal(info.module, "os_cmd");
        assert_string_equal(info.shell_by, "os:cmd");
        assert_false(info.opens_ports);
    }
}

static void elixir_shell_is_seen(void **state)
{
    struct beam_info info;

    parse("beam/ex_shell.beam", &info);
    assert_string_equal(info.shell_by, "System.shell");
}

static void other_functions_are_not(void **state)
{
    struct beam_info info;

    /* calls os:getenv, my:cmd and has the atoms os, cmd and spawn */
    parse("beam/harmless.beam", &info);
    assert_null(info.shell_by);
    assert_false(info.opens_ports);
    assert_false(info.says_spawn);
}

static void spawn_ports_are_told_apart(void **state)
{
    struct beam_info info;

    parse("beam/port_spawn.beam", &info); /* in the atom table */
    assert_true(info.opens_ports && info.says_spawn);
    parse("beam/port_literal.beam", &info); /* in a constant */
    assert_true(info.opens_ports && info.says_spawn);
    parse("beam/port_executable.beam", &info);
    assert_true(info.opens_ports);
    assert_false(info.says_spawn);
}

static void put32(struct buf *b, uint32_t v)
{
    uint8_t be[4] = {v >> 24, v >> 16, v >> 8, v};

    buf_add(b, be, 4);
}

static void chunk(struct buf *b, const char *id, const struct buf *data)
{
    static const char zero[4];

    buf_adds(b, id);
    put32(b, (uint32_t)data->len);
    buf_add(b, data->data, data->len);
    buf_add(b, zero, -data->len % 4);
}

/* A module of OTP 28, whose atom table starts with a negative count. */
static void compact_atom_lengths(void **state)
{
    struct buf atoms = {0}, imports = {0}, file = {0};
    struct beam_info info;
    const char *why;

    put32(&atoms, (uint32_t)-3);
    buf_add(&atoms, "\x28\x12", 2); /* eleven bits: 0x112 = 274 */
    for (int i = 0; i < 274; i++)
        buf_adds(&atoms, "m");
    buf_adds(&atoms, "\x20os\x30"
                     "cmd");
    put32(&imports, 1);
    put32(&imports, 2);
    put32(&imports, 3);
    put32(&imports, 1);
    buf_adds(&file, "FOR1");
    put32(&file, 0);
    buf_adds(&file, "BEAM");
    chunk(&file, "AtU8", &atoms);
    chunk(&file, "ImpT", &imports);
    assert_int_equal(beam_parse(file.data, file.len, &info, &why), 0);
    assert_string_equal(info.shell_by, "os:cmd");
    assert_int_equal(strlen(info.module), 255);
    buf_release(&atoms);
    buf_release(&imports);
    buf_release(&file);
}

static void damage_is_an_error(void **state)
{
    struct beam_info info;
    struct buf file = {0};
    const char *why;

    assert_int_equal(beam_parse("", 0, &info, &why), -1);
    assert_int_equal(beam_parse("FOR1", 4, &info, &why), -1);
    test_corpus("beam/os_cmd.beam", &file);
    /* cut off anywhere: an answer or an error, never a crash */
    for (size_t len = 0; len < file.len; len++) {
        struct buf cut = {0};

        buf_add(&cut, file.data, len);
        beam_parse(buf_str(&cut), len, &info, &why);
        buf_release(&cut);
    }
    assert_int_equal(beam_parse(file.data, 40, &info, &why), -1);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(os_cmd_is_seen),
        cmocka_unit_test(elixir_shell_is_seen),
        cmocka_unit_test(other_functions_are_not),
        cmocka_unit_test(spawn_ports_are_told_apart),
        cmocka_unit_test(compact_atom_lengths),
        cmocka_unit_test(damage_is_an_error),
    };

    return cmocka_run_group_tests_name("beam", tests, NULL, NULL);
}
