/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "summary.h"

#include <stdio.h>
#include <stdlib.h>

#include "quote.h"
#include "report.h"

struct sizes {
    uint64_t bytes;
    size_t files;
};

static int add_size(struct node *n, void *arg)
{
    struct sizes *s = arg;

    if (n->type == NODE_FILE && !n->is_app && !n->same_as) {
        s->bytes += n->size;
        s->files++;
    }
    return 0;
}

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

static void print_shown(const char *before, const char *text)
{
    char *shown = report_shown(text);

    printf("%s%s", before, shown);
    free(shown);
}

static int print_file(struct node *n, void *arg)
{
    char *path;

    if (n->type == NODE_DIR || n->is_app)
        return 0;
    path = tree_path(n);
    print_shown("  ", path);
    print_shown(": ", node_why(n));
    putchar('\n');
    free(path);
    return 0;
}

static void print_details(const struct summary *s)
{
    puts("files of the system");
    tree_walk(s->tree, print_file, NULL);
    if (s->release->left_out.n)
        puts("left out of the release");
    for (size_t i = 0; i < s->release->left_out.n; i++) {
        print_shown("  ", s->release->left_out.v[i]);
        putchar('\n');
    }
}

void summary_print(const struct summary *s, bool verbose)
{
    const struct release *r = s->release;
    struct buf quoted = {0};
    struct sizes system = {0};

    tree_walk(s->tree, add_size, &system);
    quote_shell(&quoted, s->image);
    printf("%s: %.1f MiB\n", s->image, mib(s->bytes));
    printf("  release  %s %s (%s, erts %s): %zu files, %.1f MiB\n", r->rel.name,
           r->version, release_layout_name(r), r->erts, r->files,
           mib(r->bytes));
    printf("  system   %zu files, %.1f MiB, from %s\n", system.files,
           mib(system.bytes), s->from);
    printf("  kernel   %.1f MiB\n", mib(s->kernel));
    if (s->shell_reason)
        printf("  shell    yes: %s\n", s->shell_reason);
    else
        printf("  shell    no\n");
    if (verbose)
        print_details(s);
    printf("run it with\n  unibeam run %s\n", buf_str(&quoted));
    buf_release(&quoted);
}
