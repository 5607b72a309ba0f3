/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * beam_priv.h - reading .beam files: what beam.c and beam_command.c share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* Bytes still to be read. */
struct span {
    const uint8_t *p;
    size_t len;
};

/* Each takes something off the front of (s), or returns false. */
bool span_u8(struct span *s, uint8_t *v);
bool span_u32(struct span *s, uint32_t *v);
bool span_take(struct span *s, size_t len, struct span *out);
bool span_is(struct span s, const char *text);

struct beam_atoms {
    struct span *name; /* counted from 0; the file counts from 1 */
    size_t n;
};

struct beam_file {
    struct span chunks;
    struct buf plain; /* where the file is compressed */
    struct beam_atoms atoms;
};

/* 0, or -1 and (*why).  Needs beam_close() in either case. */
int beam_open(struct beam_file *f, const void *data, size_t len,
              const char **why);
void beam_close(struct beam_file *f);

bool beam_chunk(const struct beam_file *f, const char *id, struct span *out);

/* An index into the atom table. */
bool beam_take_atom(const struct beam_file *f, struct span *s,
                    struct span *name);

/* The literal table: a count, then as many terms, each after its size. */
bool beam_literals(const struct beam_file *f, struct buf *out);
