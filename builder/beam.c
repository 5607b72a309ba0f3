/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "beam.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "buf.h"

/* Against bombs: no compiler writes modules or literal tables this large. */
#define MAX_INFLATED (256u << 20)

struct span {
    const uint8_t *p;
    size_t len;
};

struct atoms {
    struct span *name; /* counted from 0; the file counts from 1 */
    size_t n;
};

static const struct {
    const char *module;
    const char *function;
    const char *text;
} shell_calls[] = {
    {"os", "cmd", "os:cmd"},
    {"Elixir.System", "shell", "System.shell"},
};

static bool span_is(struct span s, const char *text)
{
    return s.len == strlen(text) && !memcmp(s.p, text, s.len);
}

static bool take_u8(struct span *s, uint8_t *v)
{
    if (s->len < 1)
        return false;
    *v = *s->p++;
    s->len--;
    return true;
}

static bool take_u32(struct span *s, uint32_t *v)
{
    if (s->len < 4)
        return false;
    *v = (uint32_t)s->p[0] << 24 | (uint32_t)s->p[1] << 16 |
         (uint32_t)s->p[2] << 8 | s->p[3];
    s->p += 4;
    s->len -= 4;
    return true;
}

static bool take_span(struct span *s, size_t len, struct span *out)
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

    if (!take_u8(s, &b) || (b & 7) != 0)
        return false;
    if (!(b & 8)) {
        *v = b >> 4;
        return true;
    }
    if (b & 16 || !take_u8(s, &low))
        return false;
    *v = (uint32_t)(b >> 5) << 8 | low;
    return true;
}

static bool find_chunk(struct span file, const char *id, struct span *out)
{
    struct span name;
    uint32_t size;

    while (take_span(&file, 4, &name) && take_u32(&file, &size)) {
        size_t pad = (4 - size % 4) % 4;

        if (!take_span(&file, size, out))
            return false;
        if (span_is(name, id))
            return true;
        /* the last chunk's padding may be missing */
        take_span(&file, pad < file.len ? pad : file.len, &name);
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
static bool read_atoms(struct span chunk, struct atoms *a)
{
    uint32_t count;
    bool compact;

    if (!take_u32(&chunk, &count))
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
            if (!take_u8(&chunk, &byte))
                return false;
            len = byte;
        }
        if (!take_span(&chunk, len, &a->name[a->n]))
            return false;
    }
    return true;
}

static bool take_atom(struct span *s, const struct atoms *a, struct span *name)
{
    uint32_t i;

    if (!take_u32(s, &i) || i < 1 || i > a->n)
        return false;
    *name = a->name[i - 1];
    return true;
}

/* (*spawns): a function called spawn is imported, which explains the atom. */
static bool read_imports(struct span chunk, const struct atoms *a,
                         struct beam_info *info, bool *spawns)
{
    uint32_t count, arity;

    if (!take_u32(&chunk, &count))
        return false;
    for (; count; count--) {
        struct span module, function;

        if (!take_atom(&chunk, a, &module) ||
            !take_atom(&chunk, a, &function) || !take_u32(&chunk, &arity))
            return false;
        for (size_t i = 0; i < sizeof(shell_calls) / sizeof(*shell_calls); i++)
            if (span_is(module, shell_calls[i].module) &&
                span_is(function, shell_calls[i].function) &&
                (arity == 1 || arity == 2) && !info->shell_by)
                info->shell_by = shell_calls[i].text;
        if (span_is(module, "erlang") && span_is(function, "open_port"))
            info->opens_ports = true;
        if (span_is(function, "spawn"))
            *spawns = true;
    }
    return true;
}

/* Constant terms are in the literal table, in the external term format: look
 * for the atom in either encoding. */
static bool literals_say_spawn(struct span file)
{
    static const char utf8[] = "\x77\x05spawn", latin1[] = "d\0\x05spawn";
    struct buf plain = {0};
    struct span chunk;
    uint32_t size;
    bool found;

    if (!find_chunk(file, "LitT", &chunk) || !take_u32(&chunk, &size) ||
        size > MAX_INFLATED)
        return false;
    if (size == 0) /* not compressed, since OTP 28 */
        buf_add(&plain, chunk.p, chunk.len);
    else if (inflate_all(chunk, 15, size, &plain))
        buf_trim(&plain, 0);
    found = plain.len &&
            (memmem(plain.data, plain.len, utf8, sizeof(utf8) - 1) ||
             memmem(plain.data, plain.len, latin1, sizeof(latin1) - 1));
    buf_release(&plain);
    return found;
}

static bool atoms_say_spawn(const struct atoms *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (span_is(a->name[i], "spawn"))
            return true;
    return false;
}

static const char *read_module(struct span file, struct beam_info *info,
                               struct atoms *a)
{
    struct span magic, chunk;
    bool spawns = false;
    uint32_t size;

    if (!take_span(&file, 4, &magic) || !span_is(magic, "FOR1") ||
        !take_u32(&file, &size) || !take_span(&file, 4, &magic) ||
        !span_is(magic, "BEAM"))
        return "it is not a compiled module";
    if (!find_chunk(file, "AtU8", &chunk) && !find_chunk(file, "Atom", &chunk))
        return "it has no atom table";
    if (!read_atoms(chunk, a) || !a->n)
        return "its atom table is damaged";
    size = (uint32_t)a->name[0].len;
    if (size >= sizeof(info->module))
        size = sizeof(info->module) - 1;
    memcpy(info->module, a->name[0].p, size);
    if (!find_chunk(file, "ImpT", &chunk))
        return "it has no import table";
    if (!read_imports(chunk, a, info, &spawns))
        return "its import table is damaged";
    if (info->opens_ports)
        info->says_spawn =
            literals_say_spawn(file) || (!spawns && atoms_say_spawn(a));
    return NULL;
}

int beam_parse(const void *data, size_t len, struct beam_info *info,
               const char **why)
{
    struct span file = {data, len};
    struct buf plain = {0};
    struct atoms atoms = {0};

    *info = (struct beam_info){0};
    *why = NULL;
    if (len >= 2 && file.p[0] == 0x1f && file.p[1] == 0x8b) {
        if (inflate_all(file, 15 + 16, MAX_INFLATED, &plain))
            *why = "its compressed data is damaged";
        file = (struct span){(const uint8_t *)buf_str(&plain), plain.len};
    }
    if (!*why)
        *why = read_module(file, info, &atoms);
    free(atoms.name);
    buf_release(&plain);
    return *why ? -1 : 0;
}
