/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "check/findings_print.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json_text.h"
#include "opt.h"
#include "version.h"

#define MAX_WHERE 6 /* lines; the JSON has all */

/* Names of files may hold anything, terminal codes too. */
static char *printable(const char *text)
{
    struct buf out = {0};

    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            buf_addf(&out, "\\x%02x", (unsigned char)*text);
        else
            buf_add(&out, text, 1);
    return buf_take(&out);
}

static void print_wrapped(FILE *to, const char *lead, const char *text,
                          int indent)
{
    char *plain = printable(text);
    char *line = xasprintf("%s%s", lead, plain);

    opt_wrap(to, line, indent);
    free(line);
    free(plain);
}

static void print_where(const struct finding *f, FILE *to)
{
    for (size_t i = 0; i < f->where.n && i < MAX_WHERE; i++) {
        char *plain = printable(f->where.v[i]);

        fprintf(to, "  %*s %s\n", (int)strlen(f->role), i ? "" : f->role,
                plain);
        free(plain);
    }
    if (f->where.n > MAX_WHERE)
        fprintf(to, "  %*s and %zu more\n", (int)strlen(f->role), "",
                f->where.n - MAX_WHERE);
}

static void print_finding(const struct finding *f, FILE *to)
{
    char *lead = xasprintf("%s: ", severity_name(f->severity));

    print_wrapped(to, lead, f->what, 0);
    print_where(f, to);
    if (f->remedy)
        print_wrapped(to, "-> ", f->remedy, 2);
    fputc('\n', to);
    free(lead);
}

static void print_head(const struct check_subject *s, FILE *to)
{
    struct buf line = {0};
    char *plain;

    buf_addf(&line, "%s %s (%s, erts %s", s->name, s->version, s->layout,
             s->erts);
    if (s->otp)
        buf_addf(&line, ", OTP %s", s->otp);
    buf_addf(&line, "), with %s shell and the libraries of %s",
             s->shell ? "a" : "no", s->system);
    plain = printable(buf_str(&line));
    fprintf(to, "%s\n\n", plain);
    free(plain);
    buf_release(&line);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_sum(const struct findings *list, FILE *to)
{
    size_t errors = findings_count(list, FINDING_ERROR);
    size_t warnings = findings_count(list, FINDING_WARNING);
    size_t notes = findings_count(list, FINDING_NOTE);

    if (!list->n)
        fputs("nothing found\n", to);
    else
        fprintf(to, "%zu error%s, %zu warning%s, %zu note%s\n", errors,
                plural(errors), warnings, plural(warnings), notes,
                plural(notes));
}

void findings_print_text(const struct findings *list,
                         const struct check_subject *s, bool quiet, FILE *to)
{
    if (!quiet)
        print_head(s, to);
    for (size_t i = 0; i < list->n; i++)
        if (!quiet || list->v[i].severity != FINDING_NOTE)
            print_finding(&list->v[i], to);
    if (!quiet)
        print_sum(list, to);
}

static json_t *text_or_null(const char *s)
{
    return s ? json_text(s) : json_null();
}

static json_t *finding_json(const struct finding *f)
{
    json_t *j = json_object(), *where = json_array();

    for (size_t i = 0; i < f->where.n; i++)
        json_array_append_new(where, json_text(f->where.v[i]));
    json_object_set_new(j, "severity", json_text(severity_name(f->severity)));
    json_object_set_new(j, "id", json_text(f->id));
    json_object_set_new(j, "what", json_text(f->what));
    json_object_set_new(j, "role", json_text(f->role));
    json_object_set_new(j, "where", where);
    json_object_set_new(j, "remedy", text_or_null(f->remedy));
    return j;
}

static void set_count(json_t *root, const char *key,
                      const struct findings *list, enum severity severity)
{
    size_t n = findings_count(list, severity);

    json_object_set_new(root, key, json_integer((json_int_t)n));
}

void findings_print_json(const struct findings *list,
                         const struct check_subject *s, bool quiet, FILE *to)
{
    json_t *root = json_object(), *all = json_array();
    char *dump;

    for (size_t i = 0; i < list->n; i++)
        if (!quiet || list->v[i].severity != FINDING_NOTE)
            json_array_append_new(all, finding_json(&list->v[i]));
    json_object_set_new(root, "unibeam", json_text(UNIBEAM_VERSION));
    json_object_set_new(root, "release", text_or_null(s->name));
    json_object_set_new(root, "version", text_or_null(s->version));
    json_object_set_new(root, "layout", text_or_null(s->layout));
    json_object_set_new(root, "erts", text_or_null(s->erts));
    json_object_set_new(root, "otp", text_or_null(s->otp));
    json_object_set_new(root, "system", text_or_null(s->system));
    json_object_set_new(root, "shell", text_or_null(s->shell));
    set_count(root, "errors", list, FINDING_ERROR);
    set_count(root, "warnings", list, FINDING_WARNING);
    set_count(root, "notes", list, FINDING_NOTE);
    json_object_set_new(root, "findings", all);
    dump = json_dumps(root, JSON_INDENT(1));
    fprintf(to, "%s\n", dump);
    free(dump);
    json_decref(root);
}
