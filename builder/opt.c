/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "opt.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "nearest.h"
#include "report.h"
#include "settings.h"

/* What getopt_long() returns: the position in the table, behind any letter. */
#define FIRST_LONG  256
#define OPT_HELP    1
#define OPT_CONFIG  2
#define MAX_OPTIONS 64

static const struct command *const *all_commands;

void opt_init(const struct command *const *commands)
{
    all_commands = commands;
}

const char *opt_keep(char *text)
{
    static struct strvec kept;

    strvec_take(&kept, text);
    return text;
}

/* ---- the tables ---- */

static bool is_end(const struct opt *o)
{
    return !o->name && !o->help;
}

const struct opt *opt_find(const struct opt *table, const char *name)
{
    for (const struct opt *o = table; !is_end(o); o++)
        if (o->name && !strcmp(o->name, name))
            return o;
    return NULL;
}

const char *opt_name(const struct opt *table, int id)
{
    for (const struct opt *o = table; !is_end(o); o++)
        if (o->name && o->id == id)
            return o->name;
    return NULL;
}

char *opt_twin(const struct opt *o)
{
    char *twin = xasprintf("UNIBEAM_%s", o->name);

    for (char *p = twin; *p; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    return twin;
}

bool opt_is_path(const struct opt *o)
{
    static const char *const kinds[] = {"FILE", "DIR", "IMAGE", "SRC"};

    for (size_t i = 0; o->value && i < sizeof(kinds) / sizeof(*kinds); i++)
        if (!strncmp(o->value, kinds[i], strlen(kinds[i])))
            return true;
    return false;
}

int opt_choose(const char *command, const char *option, const char *value,
               const char *const *words)
{
    struct buf known = {0};

    for (int i = 0; words[i]; i++)
        if (!strcmp(value, words[i]))
            return i;
    for (int i = 0; words[i]; i++)
        buf_addf(&known, "%s%s", i ? ", " : "", words[i]);
    usage_error("%s: --%s '%s' is none of %s", command, option, value,
                buf_str(&known));
}

/* ---- the command line ---- */

struct given {
    const struct opt *opt;
    const char *value;
};

struct parser {
    const struct command *c;
    opt_take *take;
    void *ctx;
    struct given *given;
    size_t n;
    const char *config;
};

/* The tables that getopt_long() wants. */
struct getopt_tables {
    struct option longs[MAX_OPTIONS];
    char letters[2 * MAX_OPTIONS];
};

static void add_getopt(struct getopt_tables *t, size_t *n, const char *name,
                       char letter, bool value, int id)
{
    char text[3] = {letter, value ? ':' : '\0', '\0'};

    if (*n + 1 >= MAX_OPTIONS)
        abort();
    t->longs[(*n)++] = (struct option){
        name, value ? required_argument : no_argument, NULL, id};
    if (letter)
        strcat(t->letters, text);
}

static void make_getopt(const struct command *c, struct getopt_tables *t)
{
    size_t n = 0;

    memset(t, 0, sizeof(*t));
    t->letters[0] = ':';
    for (const struct opt *o = c->options; !is_end(o); o++)
        if (o->name)
            add_getopt(t, &n, o->name, o->letter, o->value != NULL,
                       FIRST_LONG + (int)(o - c->options));
    add_getopt(t, &n, "help", 'h', false, OPT_HELP);
    if (c->settings)
        add_getopt(t, &n, "config", 'c', true, OPT_CONFIG);
}

static const struct opt *by_letter(const struct command *c, int letter)
{
    for (const struct opt *o = c->options; !is_end(o); o++)
        if (o->name && o->letter == letter)
            return o;
    return NULL;
}

static _Noreturn void unknown_option(const struct command *c, const char *arg)
{
    struct strvec known = {0};
    size_t len = strcspn(arg, "=");
    char *word = xasprintf("%.*s", (int)len, arg);

    for (const struct opt *o = c->options; !is_end(o); o++)
        if (o->name)
            strvec_push(&known, o->name);
    strvec_push(&known, "help");
    if (c->settings)
        strvec_push(&known, "config");
    usage_error("%s: unknown option '%s'%s", c->name, word,
                strncmp(word, "--", 2) ? ""
                                       : nearest_hint(word + 2, "--", &known));
}

/* Report what getopt_long() did not like. */
static _Noreturn void bad_option(const struct command *c, int result,
                                 char **argv)
{
    const char *arg = argv[optind - 1];
    char letter[3] = {'-', (char)optopt, '\0'};

    /* optopt: 0 or the option's value for long ones */
    if (!strncmp(arg, "--", 2) && arg[2]) {
        if (result == '?' && optopt)
            usage_error("%s: option '%s' takes no value", c->name, arg);
        if (result == '?')
            unknown_option(c, arg);
        usage_error("%s: option '%s' needs a value", c->name, arg);
    }
    usage_error(result == ':' ? "%s: option '%s' needs a value"
                              : "%s: unknown option '%s'",
                c->name, letter);
}

/* Remember what the command line gives: it counts after all else. */
static void take_argv(struct parser *p, int argc, char **argv)
{
    struct getopt_tables t;
    int id;

    make_getopt(p->c, &t);
    p->given = xcalloc((size_t)argc + 1, sizeof(*p->given));
    opterr = 0;
    optind = 0; /* start anew: glibc's way */
    while ((id = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1) {
        if (id == OPT_HELP || id == 'h') {
            opt_help(p->c, stdout);
            exit(0);
        }
        if (id == '?' || id == ':')
            bad_option(p->c, id, argv);
        if (id == OPT_CONFIG || (id == 'c' && p->c->settings)) {
            p->config = optarg;
            continue;
        }
        p->given[p->n].opt = id >= FIRST_LONG ? p->c->options + id - FIRST_LONG
                                              : by_letter(p->c, id);
        p->given[p->n++].value = optarg;
    }
}

/* ---- the environment ---- */

static bool is_yes(const char *text)
{
    static const char *const yes[] = {"1", "yes", "true", "on"};
    static const char *const no[] = {"", "0", "no", "false", "off"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
        if (!strcmp(text, yes[i]))
            return true;
    for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
        if (!strcmp(text, no[i]))
            return false;
    usage_error("'%s' is neither yes nor no", text);
}

static void take_lines(struct parser *p, const struct opt *o, const char *text)
{
    struct strvec lines = {0};

    strvec_split(&lines, text, "\n");
    for (size_t i = 0; i < lines.n; i++)
        p->take(p->ctx, o->id, opt_keep(xstrdup(lines.v[i])));
    strvec_release(&lines);
}

static void take_env(struct parser *p)
{
    for (const struct opt *o = p->c->options; !is_end(o); o++) {
        char *twin = o->name && !(o->flags & OPT_CLI_ONLY) ? opt_twin(o) : NULL;
        const char *text = twin ? getenv(twin) : NULL;

        if (text) {
            report_source(twin);
            if (!o->value) {
                if (is_yes(text))
                    p->take(p->ctx, o->id, NULL);
            } else if (o->flags & OPT_MANY) {
                take_lines(p, o, text);
            } else if (*text) {
                p->take(p->ctx, o->id, text);
            }
            report_source(NULL);
        }
        free(twin);
    }
}

/* ---- all of it ---- */

/* Where "--" is, or (argc). */
static int find_rest(int argc, char **argv, struct strvec *rest)
{
    for (int i = 1; rest && i < argc; i++) {
        if (strcmp(argv[i], "--"))
            continue;
        for (int k = i + 1; k < argc; k++)
            strvec_push(rest, argv[k]);
        return i;
    }
    return argc;
}

static void take_settings(struct parser *p, const struct strvec *operands)
{
    char *found = NULL;

    if (!p->config)
        p->config = getenv("UNIBEAM_CONFIG");
    if (!p->config || !*p->config)
        p->config = found = settings_find(operands->n ? operands->v[0] : NULL);
    if (p->config)
        settings_apply(p->config, all_commands, p->c, p->take, p->ctx);
    free(found);
}

void opt_parse(const struct command *c, int argc, char **argv, opt_take *take,
               void *ctx, struct strvec *operands, struct strvec *rest)
{
    struct parser p = {.c = c, .take = take, .ctx = ctx};

    argc = find_rest(argc, argv, rest);
    take_argv(&p, argc, argv);
    for (int i = optind; i < argc; i++)
        strvec_push(operands, argv[i]);
    if (c->settings)
        take_settings(&p, operands);
    take_env(&p);
    for (size_t i = 0; i < p.n; i++)
        take(ctx, p.given[i].opt->id, p.given[i].value);
    free(p.given);
}
