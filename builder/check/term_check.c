/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "check/term_check.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define MAX_DEPTH 256

/* What was read last. */
enum what {
    NOTHING, /* or something that may join what is around it */
    VALUE,
    STRING, /* two of which may follow each other */
    COMMA,
};

struct reader {
    const char *p;
    unsigned line;
    char open[MAX_DEPTH]; /* brackets */
    int depth;
    enum what last;
    bool ended; /* the full stop was read */
    bool unsure;
    struct strvec *strings;
};

static void step(struct reader *r)
{
    r->line += *r->p == '\n';
    r->p++;
}

static void skip(struct reader *r, size_t n)
{
    for (; n && *r->p; n--)
        step(r);
}

/* Up to the closing (quote).  False: there is none. */
static bool read_quoted(struct reader *r, char quote, struct buf *text)
{
    for (step(r); *r->p && *r->p != quote; step(r)) {
        if (*r->p == '\\' && r->p[1])
            step(r);
        buf_add(text, r->p, 1);
    }
    if (!*r->p)
        return false;
    step(r);
    return true;
}

static const char *string(struct reader *r)
{
    struct buf text = {0};
    bool closed;

    /* text between triple quotes has rules of its own */
    if (!strncmp(r->p, "\"\"\"", 3)) {
        r->unsure = true;
        return NULL;
    }
    closed = read_quoted(r, '"', &text);
    if (closed)
        strvec_push(r->strings, buf_str(&text));
    buf_release(&text);
    return closed ? NULL : "a string is not closed";
}

/* Whether a value may stand here. */
static const char *value(struct reader *r, enum what kind)
{
    bool together = r->last == STRING && kind == STRING;
    bool bad = (r->last == VALUE || r->last == STRING) && !together;

    r->last = kind;
    return bad ? "a comma is missing" : NULL;
}

static const char *open_bracket(struct reader *r)
{
    const char *why = value(r, NOTHING);

    if (r->depth == MAX_DEPTH)
        r->unsure = true;
    else if (!why)
        r->open[r->depth++] = *r->p;
    step(r);
    return why;
}

static const char *close_bracket(struct reader *r)
{
    static const char pairs[] = "[]{}()";
    const char *pair = strchr(pairs, *r->p) - 1;

    if (!r->depth || r->open[r->depth - 1] != *pair)
        return "a bracket closes what is not open";
    if (r->last == COMMA)
        return "nothing follows a comma";
    r->depth--;
    r->last = VALUE;
    step(r);
    return NULL;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '@' || c & 0x80;
}

/* A number, an atom; dots inside numbers. */
static const char *word(struct reader *r)
{
    const char *why = value(r, VALUE), *from = r->p;

    while (is_word(*r->p) || (*r->p == '.' && is_word(r->p[1])))
        step(r);
    if (r->p - from == 3 && !memcmp(from, "fun", 3))
        r->last = NOTHING; /* a module, a function follow */
    return why;
}

/* ${NAME}, which is replaced when the release starts, or a character's code:
 * $x, $\n. */
static const char *dollar(struct reader *r)
{
    const char *end = r->p[1] == '{' ? strchr(r->p, '}') : NULL;
    const char *why;

    if (end && (isalpha((unsigned char)r->p[2]) || r->p[2] == '_')) {
        skip(r, (size_t)(end - r->p) + 1);
        r->last = NOTHING;
        return NULL;
    }
    why = value(r, VALUE);
    if (r->p[1] == '\\') {
        /* more may belong to it: $\x41, $\101 */
        r->last = NOTHING;
        skip(r, r->p[2] == '^' ? 4 : 3);
    } else {
        skip(r, 2);
    }
    return why;
}

static const char *full_stop(struct reader *r)
{
    if (r->depth)
        return "a full stop is inside brackets";
    r->ended = true;
    step(r);
    return NULL;
}

static const char *quoted_atom(struct reader *r)
{
    struct buf text = {0};
    const char *why = value(r, VALUE);
    bool closed = read_quoted(r, '\'', &text);

    buf_release(&text);
    return closed ? why : "a quoted atom is not closed";
}

static const char *comma(struct reader *r)
{
    if (r->last == COMMA)
        return "nothing is between two commas";
    r->last = COMMA;
    step(r);
    return NULL;
}

static const char *token(struct reader *r)
{
    const char *why;

    switch (*r->p) {
    case '"':
        why = value(r, STRING);
        return why ? why : string(r);
    case '\'':
        return quoted_atom(r);
    case '[':
    case '{':
    case '(':
        return open_bracket(r);
    case ']':
    case '}':
    case ')':
        return close_bracket(r);
    case ',':
        return comma(r);
    case '$':
        return dollar(r);
    case '~': /* a sigil: what it quotes with is free */
        r->unsure = true;
        return NULL;
    case '.':
        return full_stop(r);
    default:
        if (is_word(*r->p))
            return word(r);
        r->last = NOTHING; /* <<, #, =>, -, |, : join what is around them */
        step(r);
        return NULL;
    }
}

static void skip_blanks(struct reader *r)
{
    for (;;) {
        while (isspace((unsigned char)*r->p))
            step(r);
        if (*r->p != '%')
            return;
        skip(r, strcspn(r->p, "\n"));
    }
}

const char *term_check(const char *text, struct strvec *strings, unsigned *line)
{
    struct reader r = {.p = text, .line = 1, .strings = strings};
    const char *why = NULL;

    skip_blanks(&r);
    if (*r.p && *r.p != '[' && *r.p != '$')
        why = "it is not a list";
    while (!why && !r.unsure && *r.p) {
        if (r.ended)
            why = "something follows the full stop";
        else
            why = token(&r);
        if (!why)
            skip_blanks(&r);
    }
    *line = r.line;
    if (why || r.unsure)
        return why;
    if (r.depth)
        return "a bracket is not closed";
    return r.ended ? NULL : "the full stop at the end is missing";
}
