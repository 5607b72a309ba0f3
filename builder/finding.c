/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "finding.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};

    return names[severity];
}

static const char *role_of(const struct finding_of *of)
{
    return of->role ? of->role : "in";
}

static int report(const struct finding_of *of, const char *what)
{
    struct buf line = {0};

    buf_adds(&line, what);
    if (of->where)
        buf_addf(&line, ", %s '%s'", role_of(of), of->where);
    if (of->remedy)
        buf_addf(&line, ": %s", of->remedy);
    if (of->severity == FINDING_ERROR)
        fail("%s", buf_str(&line));
    else
        note("%s", buf_str(&line));
    buf_release(&line);
    return of->severity == FINDING_ERROR ? -1 : 0;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static struct finding *find(struct findings *list, const struct finding_of *of,
                            const char *what)
{
    for (size_t i = list->n; i-- > 0;) {
        struct finding *f = &list->v[i];

        if (f->severity == of->severity && !strcmp(f->id, of->id) &&
            !strcmp(f->what, what) && same_text(f->remedy, of->remedy))
            return f;
    }
    return NULL;
}

static struct finding *add(struct findings *list, const struct finding_of *of,
                           const char *what)
{
    struct finding *f;

    if (list->n == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 16;
        list->v = xrealloc(list->v, list->cap, sizeof(*list->v));
    }
    f = &list->v[list->n++];
    *f = (struct finding){.severity = of->severity,
                          .id = of->id,
                          .role = role_of(of),
                          .what = xstrdup(what),
                          .remedy = of->remedy ? xstrdup(of->remedy) : NULL};
    return f;
}

int finding(struct findings *list, const struct finding_of *of, const char *fmt,
            ...)
{
    struct finding *f;
    char *what, *text;
    va_list ap;
    int r = 0;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = xstrdup(fmt);
    va_end(ap);
    what = report_shown(text);
    free(text);
    if (!list) {
        r = report(of, what);
    } else {
        f = find(list, of, what);
        if (!f)
            f = add(list, of, what);
        if (of->where && !strvec_has(&f->where, of->where))
            strvec_push(&f->where, of->where);
    }
    free(what);
    return r;
}

void findings_sort(struct findings *list)
{
    /* by insertion: they are few, and equal ones keep their order */
    for (size_t i = 1; i < list->n; i++)
        for (size_t k = i;
             k > 0 && list->v[k].severity < list->v[k - 1].severity; k--) {
            struct finding swap = list->v[k];

            list->v[k] = list->v[k - 1];
            list->v[k - 1] = swap;
        }
}

size_t findings_count(const struct findings *list, enum severity severity)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        n += list->v[i].severity == severity;
    return n;
}

void findings_release(struct findings *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->v[i].what);
        free(list->v[i].remedy);
        strvec_release(&list->v[i].where);
    }
    free(list->v);
    *list = (struct findings){0};
}
