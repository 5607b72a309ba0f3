/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * emu_words.h - what vm.args and the like say about an Erlang node.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"

struct emu_words {
    char *cookie;
    bool name; /* there is a -name */
    bool sname;
};

/* Take the words of (text), which is quoted as for erlexec; in a file lines can
 * be comments. */
void emu_words_text(struct emu_words *w, const char *text, bool file);
void emu_words_list(struct emu_words *w, const struct strvec *list);
void emu_words_release(struct emu_words *w);
