/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "doc/roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define WIDTH 76

/* How a character is written that the formatter would change; NULL: as it
 * is. */
static const char *escape(char c, bool typed)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return typed ? "\\-" : NULL;
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    default:
        return NULL;
    }
}

static size_t put_char(FILE *to, char c, bool typed)
{
    const char *text = escape(c, typed);

    if (text)
        return (size_t)fprintf(to, "%s", text);
    fputc(c, to);
    return 1;
}

/* A hyphen in an option, a path or an assignment is one that may be typed. */
static bool is_typed(const char *word, size_t len)
{
    return word[0] == '-' || word[0] == '[' || memchr(word, '/', len) ||
           memchr(word, '=', len) || memchr(word, '\'', len);
}

/* (word) as it stands at the beginning of a line or not.  Returns how many
 * characters were written. */
static size_t put_word(FILE *to, const char *word, size_t len, bool first)
{
    bool typed = is_typed(word, len);
    size_t n = 0;

    if (first && (*word == '.' || *word == '\''))
        n += (size_t)fprintf(to, "\\&");
    for (size_t i = 0; i < len; i++)
        n += put_char(to, word[i], typed);
    return n;
}

static bool ends_sentence(const char *word, size_t len)
{
    return len && strchr(".!?", word[len - 1]);
}

/* One paragraph; returns what follows it. */
static const char *put_paragraph(FILE *to, const char *text)
{
    size_t column = 0;
    bool ended = false;

    while (*text && *text != '\n') {
        size_t len = strcspn(text, " \n");

        if (column && (ended || column + 1 + len > WIDTH)) {
            fputc('\n', to);
            column = 0;
        }
        if (column) {
            fputc(' ', to);
            column++;
        }
        column += put_word(to, text, len, !column);
        ended = ends_sentence(text, len);
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', to);
    return *text ? text + 1 : text;
}

void roff_sentences(FILE *to, const char *text)
{
    while (*text)
        text = put_paragraph(to, text);
}

/* The lines from (text) on that begin with a blank; returns what follows. */
static const char *put_lines(FILE *to, const char *text)
{
    fputs(".PP\n.nf\n", to);
    while (*text == ' ') {
        size_t len = strcspn(text, "\n");

        for (size_t i = 0; i < len; i++)
            put_char(to, text[i], true);
        fputc('\n', to);
        text += len + (text[len] == '\n');
    }
    fputs(".fi\n", to);
    return text;
}

void roff_paragraphs(FILE *to, const char *text)
{
    bool first = true;

    while (*text) {
        if (*text == '\n') {
            text++;
            continue;
        }
        if (*text == ' ') {
            text = put_lines(to, text);
        } else {
            if (!first)
                fputs(".PP\n", to);
            text = put_paragraph(to, text);
        }
        first = false;
    }
}

static char font_of(const char *p)
{
    if (isupper((unsigned char)*p))
        return 'I';
    return isalnum((unsigned char)*p) ? 'B' : 'R';
}

void roff_value(FILE *to, const char *value)
{
    char font = 'R';

    for (const char *p = value; *p; p++) {
        /* a hyphen, or a digit, belongs to the name it is in */
        bool inside = p > value && font != 'R' &&
                      (*p == '-' || isdigit((unsigned char)*p));
        char wanted = inside ? font : font_of(p);

        if (wanted != font)
            fprintf(to, "\\f%c", wanted);
        font = wanted;
        put_char(to, *p, true);
    }
    if (font != 'R')
        fputs("\\fR", to);
}

void roff_bold(FILE *to, const char *word)
{
    fputs("\\fB", to);
    for (; *word; word++)
        put_char(to, *word, true);
    fputs("\\fR", to);
}
