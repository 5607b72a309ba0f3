/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/emu_words.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

/* Cut one word off (*text), as erlexec does: quotes of both kinds keep blanks,
 * and a backslash the next character.  NULL at the end. */
static char *next_word(const char **text, bool file)
{
    const char *s = *text + strspn(*text, blanks);
    struct buf b = {0};
    char quote = 0;

    while (file && *s == '#') {
        s += strcspn(s, "\n");
        s += strspn(s, blanks);
    }
    if (!*s)
        return NULL;
    for (; *s && (quote || !strchr(blanks, *s)); s++) {
        if (*s == '\\' && s[1])
            buf_add(&b, ++s, 1);
        else if (quote ? *s == quote : *s == '"' || *s == '\'')
            quote = quote ? 0 : *s;
        else
            buf_add(&b, s, 1);
    }
    *text = s;
    buf_str(&b);
    return buf_take(&b);
}

void emu_words_list(struct emu_words *w, const struct strvec *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *value = i + 1 < list->n ? list->v[i + 1] : NULL;

        w->name |= !strcmp(list->v[i], "-name");
        w->sname |= !strcmp(list->v[i], "-sname");
        if (strcmp(list->v[i], "-setcookie") || !value)
            continue;
        free(w->cookie);
        w->cookie = xstrdup(value);
    }
}

void emu_words_text(struct emu_words *w, const char *text, bool file)
{
    struct strvec words = {0};
    char *word;

    while ((word = next_word(&text, file)))
        strvec_take(&words, word);
    emu_words_list(w, &words);
    strvec_release(&words);
}

void emu_words_release(struct emu_words *w)
{
    free(w->cookie);
    *w = (struct emu_words){0};
}
