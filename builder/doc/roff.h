/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * roff.h - plain text as the input of man's formatter.
 */
#pragma once

#include <stdio.h>

/* Print (text) as opt_wrap() would: paragraphs, and lines that begin with a
 * blank as they are. */
void roff_paragraphs(FILE *to, const char *text);

/* Print the words of (text), which is one paragraph, each sentence on lines of
 * its own. */
void roff_sentences(FILE *to, const char *text);

/* Print a synopsis of values, "[ADDR:]HOST:GUEST[/udp]": names to be replaced
 * are emphasized, words to be typed bold.  No newline. */
void roff_value(FILE *to, const char *value);

/* Print (word) in bold, with hyphens that can be typed.  No newline. */
void roff_bold(FILE *to, const char *word);
