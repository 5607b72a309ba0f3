/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * What makes an image large.
 */
#include <stdlib.h>
#include <string.h>

#include "check/check_priv.h"

#define SHOWN 5

struct part {
    char *name;
    uint64_t bytes;
};

struct parts {
    struct part *v;
    size_t n;
    uint64_t all;
};

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static uint64_t measure(const struct node *n)
{
    uint64_t bytes = n->type == NODE_FILE && !n->same_as ? n->size : 0;

    for (size_t i = 0; i < n->nchild; i++)
        bytes += measure(n->child[i]);
    return bytes;
}

static void add(struct parts *p, const struct node *n)
{
    p->v = xrealloc(p->v, p->n + 1, sizeof(*p->v));
    p->v[p->n++] = (struct part){tree_path(n), measure(n)};
}

/* Applications, and single files outside of them. */
static void add_parts(struct parts *p, const struct node *dir)
{
    for (size_t i = 0; i < dir->nchild; i++) {
        const struct node *n = dir->child[i];

        if (n->type == NODE_DIR && !tree_child(n, "ebin"))
            add_parts(p, n);
        else
            add(p, n);
    }
}

static int larger(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

void check_sizes(struct check *c)
{
    struct parts p = {.all = measure(c->view->tree->root)};

    add_parts(&p, c->view->tree->root);
    if (p.n)
        qsort(p.v, p.n, sizeof(*p.v), larger);
    for (size_t i = 0; i < p.n; i++) {
        char *where = xasprintf("%6.1f MiB %s", mib(p.v[i].bytes), p.v[i].name);
        struct finding_of of = {.severity = FINDING_NOTE,
                                .id = "size",
                                .role = "among them",
                                .where = where};

        if (i < SHOWN && p.v[i].bytes)
            finding(&c->found, &of, "the image's files have %.1f MiB",
                    mib(p.all));
        free(where);
        free(p.v[i].name);
    }
    free(p.v);
}
