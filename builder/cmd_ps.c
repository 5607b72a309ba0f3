/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "file.h"
#include "json_text.h"
#include "machine/record.h"
#include "report.h"

enum { ALL, FORMAT, QUIET };

static const struct opt options[] = {
    {"all", 'a', NULL, "those that have ended too", ALL, OPT_CLI_ONLY},
    {"format", 0, "text|json", "how to list them (default: text)", FORMAT, 0},
    {"quiet", 'q', NULL, "only the names", QUIET, OPT_CLI_ONLY},
    OPT_END,
};

struct ps_options {
    bool all;
    bool json;
    bool quiet;
};

static void take_option(void *ctx, int id, const char *value)
{
    static const char *const formats[] = {"text", "json", NULL};
    struct ps_options *o = ctx;

    switch (id) {
    case ALL:
        o->all = true;
        break;
    case FORMAT:
        o->json = opt_choose("ps", "format", value, formats) == 1;
        break;
    case QUIET:
        o->quiet = true;
        break;
    }
}

/* ---- the table ---- */

#define COLUMNS 8

struct row {
    char *cell[COLUMNS];
};

struct table {
    struct row *v;
    size_t n;
};

static struct row *add_row(struct table *t)
{
    t->v = xrealloc(t->v, t->n + 1, sizeof(*t->v));
    return &t->v[t->n++];
}

static char *time_text(time_t when)
{
    char text[32];
    struct tm tm;

    if (!when)
        return xstrdup("-");
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", localtime_r(&when, &tm));
    return xstrdup(text);
}

/* Nothing in it that would upset the terminal. */
static char *plain(const char *text)
{
    char *copy = xstrdup(text && *text ? text : "-");

    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    return copy;
}

static char *ports_text(const struct record *r)
{
    struct buf b = {0};

    for (size_t i = 0; i < r->ports.n; i++)
        buf_addf(&b, "%s%s", i ? "," : "", r->ports.v[i]);
    return b.len ? buf_take(&b) : xstrdup("-");
}

static void add_machine(struct table *t, const struct machine *m,
                        const struct record *r)
{
    struct row *row = add_row(t);

    row->cell[0] = xstrdup(m->name);
    row->cell[1] = plain(r->image ? path_base(r->image) : NULL);
    row->cell[2] = xstrdup(record_state(r));
    row->cell[3] = time_text(r->ended ? r->ended : r->started);
    row->cell[4] = ports_text(r);
    row->cell[5] = plain(r->memory);
    row->cell[6] = plain(r->cpus);
    row->cell[7] = r->ended ? xasprintf("%d", r->status) : xstrdup("-");
}

static void add_head(struct table *t)
{
    static const char *const head[COLUMNS] = {
        "NAME", "IMAGE", "STATE", "SINCE", "PORTS", "MEMORY", "CPUS", "STATUS"};
    struct row *row = add_row(t);

    for (size_t i = 0; i < COLUMNS; i++)
        row->cell[i] = xstrdup(head[i]);
}

static void print_table(struct table *t)
{
    size_t width[COLUMNS] = {0};

    for (size_t i = 0; i < t->n; i++)
        for (size_t c = 0; c < COLUMNS; c++)
            if (strlen(t->v[i].cell[c]) > width[c])
                width[c] = strlen(t->v[i].cell[c]);
    for (size_t i = 0; i < t->n; i++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            if (c + 1 < COLUMNS)
                printf("%-*s  ", (int)width[c], t->v[i].cell[c]);
            else
                puts(t->v[i].cell[c]);
            free(t->v[i].cell[c]);
        }
    }
    free(t->v);
}

/* ---- all of it ---- */

static void list(const struct ps_options *o, const struct strvec *names)
{
    json_t *j = json_array();
    struct table t = {0};

    add_head(&t);
    for (size_t i = 0; i < names->n; i++) {
        struct machine m;
        struct record r = {0};

        if (machine_try_open(&m, names->v[i]) == 0) {
            record_read(&r, &m);
            if (!o->all && !r.runs)
                ;
            else if (o->quiet)
                puts(m.name);
            else if (o->json)
                json_array_append_new(j, record_json(&r, &m));
            else
                add_machine(&t, &m, &r);
        }
        record_release(&r);
        machine_close(&m);
    }
    if (o->json && !o->quiet)
        json_print(json_incref(j));
    else if (!o->quiet)
        print_table(&t);
    json_decref(j);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0}, names = {0};
    struct ps_options o = {0};
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (operands.n)
        usage_error("ps: it takes no names: '%s'", operands.v[0]);
    r = machine_list(&names);
    if (!r)
        list(&o, &names);
    strvec_release(&operands);
    strvec_release(&names);
    return r ? 1 : 0;
}

const struct command cmd_ps = {
    .name = "ps",
    .summary = "list machines",
    .operands = "",
    .about = "List the machines that run: those of unibeam run with --detach, "
             "--name or --dist.",
    .options = options,
    .notes = "The state is starting, running, stopping or ended; or lost, when "
             "the process that kept the machine was killed, or the host went "
             "down: then nobody knows its status.",
    .run = run,
};
