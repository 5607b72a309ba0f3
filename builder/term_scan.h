/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * term_scan.h - reads text of Erlang terms, as far as .rel and .app files need
 * that.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"

enum token { T_END, T_ATOM, T_STRING, T_PUNCT, T_BAD };

struct scanner {
    const char *p;
    enum token kind;
    char punct;
    struct buf text; /* of an atom or string */
};

/* Each of these that takes the current token goes on to the next. The first
 * call is of term_next(). */
void term_next(struct scanner *s);
bool term_eat(struct scanner *s, char punct);
bool term_eat_text(struct scanner *s, enum token kind, char **out);
bool term_eat_atom(struct scanner *s, const char *name);

/* Up to and with the bracket that closes the tuple or list we are in. */
bool term_skip_rest(struct scanner *s);
