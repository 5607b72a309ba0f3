/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "nearest.h"

#include <stdlib.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, three rows of the matrix at a time. */
size_t word_distance(const char *a, const char *b)
{
    size_t n = strlen(b), width = n + 1;
    size_t *rows = xcalloc(3 * width, sizeof(*rows));
    size_t *before = rows, *above = rows + width, *row = rows + 2 * width;
    size_t distance;

    for (size_t k = 0; k <= n; k++)
        row[k] = k;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t *oldest = before;

        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t k = 1; k <= n; k++) {
            row[k] = above[k - 1] + (a[i - 1] != b[k - 1]);
            row[k] = least(row[k], least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = least(row[k], before[k - 2] + 1);
        }
    }
    distance = row[n];
    free(rows);
    return distance;
}

const char *nearest(const char *word, const struct strvec *known)
{
    size_t limit = least(3, (strlen(word) + 2) / 3);
    const char *best = NULL;

    for (size_t i = 0; i < known->n; i++) {
        size_t d = word_distance(word, known->v[i]);

        if (d <= limit) {
            best = known->v[i];
            limit = d ? d - 1 : 0;
            if (!d)
                break;
        }
    }
    return best;
}

char *nearest_hint(const char *word, const char *prefix,
                   const struct strvec *known)
{
    const char *best = nearest(word, known);

    return best ? xasprintf(": did you mean '%s%s'?", prefix, best)
                : xstrdup("");
}
