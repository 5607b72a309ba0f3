/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Commands in compiled code.
 *
 *     {move, {literal, "df -k"}, {x, 0}}.
 *     {call_ext, 1, {extfunc, os, cmd, 1}}.
 *
 * Instructions are a byte each, then operands in the compact term encoding; how
 * many is known of each.  Between label and call, the first argument's register
 * is watched.
 */
#include <stdlib.h>
#include <string.h>

#include "beam.h"
#include "beam_priv.h"

/* Operands of the instructions from 1 on (lib/compiler/src/genop.tab of
 * OTP 29). */
static const char arity[] = "13023223245232321100002112444444444443333333222222"
                            "22222223331212333332110113222555421122555210122444"
                            "43121112635122357775322562222134086265454543333301"
                            "17155233400222343224312111630153246243635";

enum {
    OP_LABEL = 1,
    OP_CALL = 4,
    OP_CALL_LAST = 5,
    OP_CALL_ONLY = 6,
    OP_CALL_EXT = 7,
    OP_CALL_EXT_LAST = 8,
    OP_MOVE = 64,
    OP_CALL_FUN = 75,
    OP_CALL_EXT_ONLY = 78,
    OP_CALL_FUN2 = 178,
};

enum {
    TAG_U,
    TAG_I,
    TAG_A,
    TAG_X,
    TAG_Y,
    TAG_F,
    TAG_H,
    TAG_OTHER,
    TAG_LITERAL
};

#define MAX_NESTING 3
#define NOTHING     UINT32_MAX

struct operand {
    int tag;
    uint32_t value;
};

struct import {
    struct span module;
    struct span function;
};

struct finder {
    struct beam_file file;
    struct span code;
    struct import *import;
    size_t nimport;
    struct span *literal;
    size_t nliteral;
    struct buf literals;
    uint32_t x0;  /* the literal in the first argument's register, or NOTHING */
    bool uses_x0; /* the instruction just read has that register somewhere */
    struct beam_commands *out;
};

/* ---- tables ---- */

static bool read_imports(struct finder *f)
{
    struct span chunk;
    uint32_t count, arguments;

    if (!beam_chunk(&f->file, "ImpT", &chunk) || !span_u32(&chunk, &count) ||
        count > chunk.len / 12)
        return false;
    f->import = xcalloc(count, sizeof(*f->import));
    for (; f->nimport < count; f->nimport++) {
        struct import *i = &f->import[f->nimport];

        if (!beam_take_atom(&f->file, &chunk, &i->module) ||
            !beam_take_atom(&f->file, &chunk, &i->function) ||
            !span_u32(&chunk, &arguments))
            return false;
    }
    return true;
}

static bool read_literals(struct finder *f)
{
    struct span all;
    uint32_t count, size;

    if (!beam_literals(&f->file, &f->literals))
        return false;
    all = (struct span){(const uint8_t *)f->literals.data, f->literals.len};
    if (!span_u32(&all, &count) || count > all.len / 4)
        return false;
    f->literal = xcalloc(count, sizeof(*f->literal));
    for (; f->nliteral < count; f->nliteral++)
        if (!span_u32(&all, &size) ||
            !span_take(&all, size, &f->literal[f->nliteral]))
            return false;
    return true;
}

/* ---- terms in the external format ---- */

static bool take_u16(struct span *s, uint32_t *v)
{
    uint8_t high, low;

    if (!span_u8(s, &high) || !span_u8(s, &low))
        return false;
    *v = (uint32_t)high << 8 | low;
    return true;
}

static bool take_atom(struct span *s, struct span *name)
{
    uint8_t tag, small;
    uint32_t len;

    if (!span_u8(s, &tag))
        return false;
    if (tag == 'w' || tag == 's') /* SMALL_ATOM_UTF8_EXT, SMALL_ATOM_EXT */
        return span_u8(s, &small) && span_take(s, small, name);
    if (tag == 'v' || tag == 'd') /* ATOM_UTF8_EXT, ATOM_EXT */
        return take_u16(s, &len) && span_take(s, len, name);
    return false;
}

/* STRING_EXT or BINARY_EXT, which a command is when it is plain text. */
static char *take_text(struct span *s)
{
    struct span text;
    uint32_t len;
    uint8_t tag;
    bool ok;

    if (!span_u8(s, &tag))
        return NULL;
    if (tag == 'k')
        ok = take_u16(s, &len);
    else
        ok = tag == 'm' && span_u32(s, &len);
    if (!ok || !len || !span_take(s, len, &text) ||
        memchr(text.p, '\0', text.len))
        return NULL;
    return xasprintf("%.*s", (int)text.len, (const char *)text.p);
}

static bool take_byte(struct span *s, uint8_t wanted)
{
    uint8_t b;

    return span_u8(s, &b) && b == wanted;
}

static void add(struct finder *f, enum beam_command_kind kind, char *text)
{
    struct beam_commands *out = f->out;

    if (!text)
        return;
    out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
    out->v[out->n++] = (struct beam_command){kind, text};
}

/* {spawn, Command} or {spawn_executable, File} */
static void add_port(struct finder *f, struct span term)
{
    struct span how;

    if (!take_byte(&term, 'h') || !take_byte(&term, 2) || /* SMALL_TUPLE_EXT */
        !take_atom(&term, &how))
        return;
    if (span_is(how, "spawn"))
        add(f, BEAM_SPAWN, take_text(&term));
    else if (span_is(how, "spawn_executable"))
        add(f, BEAM_EXECUTABLE, take_text(&term));
}

static void look_at_call(struct finder *f, uint32_t index)
{
    const struct import *i;
    struct span term;

    if (index >= f->nimport || f->x0 >= f->nliteral)
        return;
    i = &f->import[index];
    term = f->literal[f->x0];
    if (!take_byte(&term, 131)) /* the format's version */
        return;
    if (span_is(i->module, "os") && span_is(i->function, "cmd"))
        add(f, BEAM_SHELL, take_text(&term));
    else if (span_is(i->module, "erlang") && span_is(i->function, "open_port"))
        add_port(f, term);
    else if (span_is(i->module, "Elixir.System") &&
             span_is(i->function, "shell"))
        add(f, BEAM_SHELL, take_text(&term));
    else if (span_is(i->module, "Elixir.System") && span_is(i->function, "cmd"))
        add(f, BEAM_EXECUTABLE, take_text(&term));
}

/* ---- instructions ---- */

/* What follows the byte (b): four bits in it, eleven with the next, or a number
 * of some bytes, of which large ones only have to be passed over. */
static bool take_value(struct span *s, uint8_t b, uint32_t *value)
{
    uint32_t len;
    uint8_t low;

    if (!(b & 8)) {
        *value = b >> 4;
        return true;
    }
    if (!(b & 16)) {
        if (!span_u8(s, &low))
            return false;
        *value = (uint32_t)(b >> 5) << 8 | low;
        return true;
    }
    len = (b >> 5) + 2u;
    if (len == 9) {
        /* a length that has to be said apart is itself a small number */
        if (!span_u8(s, &low) || low & 7 || (low & 24) == 24 ||
            !take_value(s, low, &len))
            return false;
        len += 9;
    }
    for (*value = 0; len; len--) {
        if (!span_u8(s, &low))
            return false;
        *value = *value << 8 | low;
    }
    return true;
}

static bool take_operand(struct finder *f, struct operand *o, int depth);

static bool take_operands(struct finder *f, uint32_t count, int depth)
{
    struct operand o;

    for (; count; count--)
        if (!take_operand(f, &o, depth))
            return false;
    return true;
}

static bool take_extended(struct finder *f, uint8_t b, struct operand *o,
                          int depth)
{
    struct operand count;

    if (depth >= MAX_NESTING || b == 0x07 ||
        !take_operand(f, &count, depth + 1))
        return false;
    o->tag = TAG_OTHER;
    switch (b) {
    case 0x17: /* a list */
        return count.tag == TAG_U && take_operands(f, count.value, depth + 1);
    case 0x27: /* a floating-point register */
        return count.tag == TAG_U;
    case 0x37: /* pairs: what memory is wanted for */
        return count.tag == TAG_U && count.value < UINT32_MAX / 2 &&
               take_operands(f, count.value * 2, depth + 1);
    case 0x47: /* a literal */
        *o = (struct operand){TAG_LITERAL, count.value};
        return count.tag == TAG_U;
    case 0x57: /* a register, and what type is in it */
        *o = count;
        return take_operands(f, 1, depth + 1);
    default:
        return false;
    }
}

static bool take_operand(struct finder *f, struct operand *o, int depth)
{
    uint8_t b;

    if (!span_u8(&f->code, &b))
        return false;
    if ((b & 7) == 7)
        return take_extended(f, b, o, depth);
    o->tag = b & 7;
    if (!take_value(&f->code, b, &o->value))
        return false;
    f->uses_x0 |= o->tag == TAG_X && o->value == 0;
    return true;
}

static void follow(struct finder *f, uint8_t op, const struct operand *o)
{
    switch (op) {
    case OP_MOVE:
        if (o[1].tag == TAG_X && o[1].value == 0)
            f->x0 = o[0].tag == TAG_LITERAL ? o[0].value : NOTHING;
        return;
    case OP_CALL_EXT:
    case OP_CALL_EXT_LAST:
    case OP_CALL_EXT_ONLY:
        look_at_call(f, o[1].value);
        f->x0 = NOTHING;
        return;
    case OP_LABEL:
    case OP_CALL:
    case OP_CALL_LAST:
    case OP_CALL_ONLY:
    case OP_CALL_FUN:
    case OP_CALL_FUN2:
        f->x0 = NOTHING;
        return;
    default:
        if (f->uses_x0)
            f->x0 = NOTHING;
    }
}

static void read_code(struct finder *f)
{
    struct span head;
    uint32_t size;

    if (!beam_chunk(&f->file, "Code", &f->code) || !span_u32(&f->code, &size) ||
        !span_take(&f->code, size, &head))
        return;
    f->x0 = NOTHING;
    for (;;) {
        struct operand o[10] = {{0}};
        uint8_t op;

        if (!span_u8(&f->code, &op) || !op || op >= sizeof(arity))
            return;
        f->uses_x0 = false;
        for (int i = 0; i < arity[op - 1] - '0'; i++)
            if (!take_operand(f, &o[i], 0))
                return;
        follow(f, op, o);
    }
}

void beam_commands(const void *data, size_t len, struct beam_commands *out)
{
    struct finder f = {.out = out};
    const char *why;

    *out = (struct beam_commands){0};
    if (!beam_open(&f.file, data, len, &why) && read_imports(&f) &&
        read_literals(&f))
        read_code(&f);
    free(f.import);
    free(f.literal);
    buf_release(&f.literals);
    beam_close(&f.file);
}

void beam_commands_release(struct beam_commands *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->v[i].text);
    free(c->v);
    *c = (struct beam_commands){0};
}
