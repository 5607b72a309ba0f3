/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "beam.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "beam_priv.h"

/* Against bombs: no compiler writes modules or literal tables this large. */
#define MAX_INFLATED (256u << 20)

static const struct {
    const char *module;
    const char *function;
    const char *text;
} shell_calls[] = {
    {"os", "cmd", "os:cmd"},
    {"Elixir.System", "shell", "System.shell"},
};

bool span_is(struct span s, const char *text)
{
    return s.len == strlen(text) && !memcmp(s.p, text, s.len);
}

bool span_u8(struct span *s, uint8_t *v)
{
    if (s->len < 1)
        return false;
    *v = *s->p++;
    s->len--;
    return true;
}

bool span_u32(struct span *s, uint32_t *v)
{
    if (s->len < 4)
        return false;
    *v = (uint32_t)s->p[0] << 24 | (uint32_t)s->p[1] << 16 |
         (uint32_t)s->p[2] << 8 | s->p[3];
    s->p += 4;
    s->len -= 4;
    return true;
}

bool span_take(struct span *s, size_t len, struct span *out)
{
    if (s->len < len)
        return false;
    *out = (struct span){s->p, len};
    s->p += len;
    s->len -= len;
    return true;
}

/* A length in the compact term encoding of code, with tag u (0): four bits, or
 * eleven, which is more than an atom's longest. */
static bool take_compact(struct span *s, uint32_t *v)
{
    uint8_t b, low;

    if (!span_u8(s, &b) || (b & 7) != 0)
        return false;
    if (!(b & 8)) {
        *v = b >> 4;
        return true;
    }
    if (b & 16 || !span_u8(s, &low))
        return false;
    *v = (uint32_t)(b >> 5) << 8 | low;
    return true;
}

bool beam_chunk(const struct beam_file *f, const char *id, struct span *out)
{
    struct span file = f->chunks, name;
    uint32_t size;

    while (span_take(&file, 4, &name) && span_u32(&file, &size)) {
        size_t pad = (4 - size % 4) % 4;

        if (!span_take(&file, size, out))
            return false;
        if (span_is(name, id))
            return true;
        /* the last chunk's padding may be missing */
        span_take(&file, pad < file.len ? pad : file.len, &name);
    }
    return false;
}

/* (window): zlib's window bits, which also choose zlib or gzip framing. */
static int inflate_all(struct span in, int window, size_t max, struct buf *out)
{
    z_stream z = {0};
    int r = Z_OK;

    if (in.len > UINT32_MAX || inflateInit2(&z, window) != Z_OK)
        return -1;
    z.next_in = (Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.len;
    while (r == Z_OK && out->len <= max) {
        size_t before = out->len, room = 65536;

        z.next_out = (Bytef *)buf_grow(out, room);
        z.avail_out = (uInt)room;
        r = inflate(&z, Z_NO_FLUSH);
        buf_trim(out, before + room - z.avail_out);
    }
    inflateEnd(&z);
    return r == Z_STREAM_END ? 0 : -1;
}

/* Since OTP 28 a negative count says that lengths are compact terms, because
 * atoms may have more than 255 bytes. */
static bool read_atoms(struct span chunk, struct beam_atoms *a)
{
    uint32_t count;
    bool compact;

    if (!span_u32(&chunk, &count))
        return false;
    compact = count >> 31;
    if (compact)
        count = -count;
    if (count > chunk.len)
        return false;
    a->name = xcalloc(count, sizeof(*a->name));
    for (a->n = 0; a->n < count; a->n++) {
        uint32_t len;
        uint8_t byte;

        if (compact) {
            if (!take_compact(&chunk, &len))
                return false;
        } else {
            if (!span_u8(&chunk, &byte))
                return false;
            len = byte;
        }
        if (!span_take(&chunk, len, &a->name[a->n]))
            return false;
    }
    return true;
}

bool beam_take_atom(const struct beam_file *f, struct span *s,
                    struct span *name)
{
    uint32_t i;

    if (!span_u32(s, &i) || i < 1 || i > f->atoms.n)
        return false;
    *name = f->atoms.name[i - 1];
    return true;
}

/* (*spawns): a function called spawn is imported, which explains the atom. */
static bool read_imports(const struct beam_file *f, struct span chunk,
                         struct beam_info *info, bool *spawns)
{
    uint32_t count, arity;

    if (!span_u32(&chunk, &count))
        return false;
    for (; count; count--) {
        struct span module, function;

        if (!beam_take_atom(f, &chunk, &module) ||
            !beam_take_atom(f, &chunk, &function) || !span_u32(&chunk, &arity))
            return false;
        for (size_t i = 0; i < sizeof(shell_calls) / sizeof(*shell_calls); i++)
            if (span_is(module, shell_calls[i].module) &&
                span_is(function, shell_calls[i].function) &&
                (arity == 1 || arity == 2) && !info->shell_by)
                info->shell_by = shell_calls[i].text;
        if (span_is(module, "erlang") && span_is(function, "open_port"))
            info->opens_ports = true;
        if (span_is(module, "erlang") && span_is(function, "load_nif"))
            info->loads_nif = true;
        if (span_is(module, "erl_ddll"))
            info->loads_drivers = true;
        if (span_is(module, "Elixir.System") && span_is(function, "cmd"))
            info->runs_programs = true;
        if (span_is(function, "spawn"))
            *spawns = true;
    }
    return true;
}

bool beam_literals(const struct beam_file *f, struct buf *out)
{
    struct span chunk;
    uint32_t size;

    if (!beam_chunk(f, "LitT", &chunk) || !span_u32(&chunk, &size) ||
        size > MAX_INFLATED)
        return false;
    if (size == 0) /* not compressed, since OTP 28 */
        buf_add(out, chunk.p, chunk.len);
    else if (inflate_all(chunk, 15, size, out))
        buf_trim(out, 0);
    return out->len != 0;
}

/* Constant terms are in the external term format: look for the atom in either
 * encoding. */
static bool literals_say_spawn(const struct beam_file *f)
{
    static const char utf8[] = "\x77\x05spawn", latin1[] = "d\0\x05spawn";
    struct buf plain = {0};
    bool found = beam_literals(f, &plain) &&
                 (memmem(plain.data, plain.len, utf8, sizeof(utf8) - 1) ||
                  memmem(plain.data, plain.len, latin1, sizeof(latin1) - 1));

    buf_release(&plain);
    return found;
}

static bool atoms_say_spawn(const struct beam_atoms *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (span_is(a->name[i], "spawn"))
            return true;
    return false;
}

static const char *read_container(struct beam_file *f)
{
    struct span magic, chunk;
    uint32_t size;

    if (!span_take(&f->chunks, 4, &magic) || !span_is(magic, "FOR1") ||
        !span_u32(&f->chunks, &size) || !span_take(&f->chunks, 4, &magic) ||
        !span_is(magic, "BEAM"))
        return "it is not a compiled module";
    if (!beam_chunk(f, "AtU8", &chunk) && !beam_chunk(f, "Atom", &chunk))
        return "it has no atom table";
    if (!read_atoms(chunk, &f->atoms) || !f->atoms.n)
        return "its atom table is damaged";
    return NULL;
}

int beam_open(struct beam_file *f, const void *data, size_t len,
              const char **why)
{
    *f = (struct beam_file){.chunks = {data, len}};
    *why = NULL;
    if (len >= 2 && f->chunks.p[0] == 0x1f && f->chunks.p[1] == 0x8b) {
        if (inflate_all(f->chunks, 15 + 16, MAX_INFLATED, &f->plain))
            *why = "its compressed data is damaged";
        f->chunks =
            (struct span){(const uint8_t *)buf_str(&f->plain), f->plain.len};
    }
    if (!*why)
        *why = read_container(f);
    return *why ? -1 : 0;
}

void beam_close(struct beam_file *f)
{
    free(f->atoms.name);
    buf_release(&f->plain);
    *f = (struct beam_file){0};
}

/* The code begins with the size of a header: the kind of instructions (0), the
 * highest one in it, and counts. */
static uint32_t read_max_opcode(const struct beam_file *f)
{
    uint32_t size, kind, max;
    struct span code;

    if (!beam_chunk(f, "Code", &code) || !span_u32(&code, &size) || size < 8 ||
        !span_u32(&code, &kind) || !span_u32(&code, &max))
        return 0;
    return max;
}

static const char *read_module(const struct beam_file *f,
                               struct beam_info *info)
{
    size_t size = f->atoms.name[0].len;
    bool spawns = false;
    struct span chunk;

    if (size >= sizeof(info->module))
        size = sizeof(info->module) - 1;
    memcpy(info->module, f->atoms.name[0].p, size);
    if (!beam_chunk(f, "ImpT", &chunk))
        return "it has no import table";
    if (!read_imports(f, chunk, info, &spawns))
        return "its import table is damaged";
    if (info->opens_ports)
        info->says_spawn =
            literals_say_spawn(f) || (!spawns && atoms_say_spawn(&f->atoms));
    info->runs_programs |= info->opens_ports || info->shell_by;
    info->max_opcode = read_max_opcode(f);
    return NULL;
}

int beam_parse(const void *data, size_t len, struct beam_info *info,
               const char **why)
{
    struct beam_file f;

    *info = (struct beam_info){0};
    if (!beam_open(&f, data, len, why))
        *why = read_module(&f, info);
    beam_close(&f);
    return *why ? -1 : 0;
}
