/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "settings.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "nearest.h"
#include "report.h"

#define NAME     "unibeam.json"
#define MAX_SIZE (1 << 20)

struct reader {
    const char *path;
    char *dir;
    const struct command *const *all;
    const struct command *c;
    opt_take *take;
    void *ctx;
    char *where; /* of the value looked at: "FILE: run.memory" */
};

char *settings_find(const char *operand)
{
    char *dir, *path;

    if (operand) {
        dir = path_parent(operand);
        path = path_join(dir, NAME);
        free(dir);
        if (access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return access(NAME, F_OK) == 0 ? xstrdup(NAME) : NULL;
}

/* ---- values ---- */

static _Noreturn void wrong_value(const struct opt *o)
{
    usage_error("it has to be %s", !o->value ? "true or false"
                                   : o->flags & OPT_MANY
                                       ? "a string, a number, or an array of "
                                         "them"
                                       : "a string or a number");
}

/* Is (text) one of the words that may stand in place of a path, as in
 * "FILE|none"? */
static bool is_word(const struct opt *o, const char *text)
{
    const char *more = strchr(o->value, '|');
    struct strvec words = {0};
    bool yes;

    strvec_split(&words, more ? more : "", "|");
    yes = strvec_has(&words, text);
    strvec_release(&words);
    return yes;
}

static bool is_relative(const struct opt *o, const char *text)
{
    return opt_is_path(o) && text[0] != '/' && !is_word(o, text);
}

static void give(struct reader *r, const struct opt *o, const char *text)
{
    char *value =
        is_relative(o, text) ? path_join(r->dir, text) : xstrdup(text);

    if (strlen(text) == 0)
        usage_error("it is empty");
    r->take(r->ctx, o->id, opt_keep(value));
}

static void give_text(struct reader *r, const struct opt *o, char *text)
{
    give(r, o, text);
    free(text);
}

static void give_scalar(struct reader *r, const struct opt *o,
                        const json_t *value)
{
    if (json_is_string(value) &&
        strlen(json_string_value(value)) == json_string_length(value))
        give(r, o, json_string_value(value));
    else if (json_is_integer(value))
        give_text(r, o,
                  xasprintf("%lld", (long long)json_integer_value(value)));
    else
        wrong_value(o);
}

static bool is_pair(const struct opt *o)
{
    static const char *const pairs[] = {"NAME=", "NAME:", "SRC:"};

    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        if (!strncmp(o->value, pairs[i], strlen(pairs[i])))
            return true;
    return false;
}

/* {"A": "1"} as "A=1" or "A:1". */
static void give_pairs(struct reader *r, const struct opt *o, json_t *pairs)
{
    char between = strchr(o->value, '=') ? '=' : ':';
    const char *key;
    json_t *value;

    if (!is_pair(o))
        wrong_value(o);
    json_object_foreach (pairs, key, value) {
        if (json_is_string(value))
            give_text(
                r, o,
                xasprintf("%s%c%s", key, between, json_string_value(value)));
        else if (json_is_integer(value))
            give_text(r, o,
                      xasprintf("%s%c%lld", key, between,
                                (long long)json_integer_value(value)));
        else
            wrong_value(o);
    }
}

static void give_value(struct reader *r, const struct opt *o, json_t *value)
{
    size_t i;
    json_t *item;

    if (!o->value) {
        if (!json_is_boolean(value))
            wrong_value(o);
        if (json_is_true(value))
            r->take(r->ctx, o->id, NULL);
    } else if (json_is_array(value) && o->flags & OPT_MANY) {
        json_array_foreach (value, i, item)
            give_scalar(r, o, item);
    } else if (json_is_object(value) && o->flags & OPT_MANY) {
        give_pairs(r, o, value);
    } else {
        give_scalar(r, o, value);
    }
}

/* ---- keys ---- */

static const struct opt *key_of(const struct command *c, const char *key)
{
    const struct opt *o = opt_find(c->options, key);

    return o && !(o->flags & OPT_CLI_ONLY) ? o : NULL;
}

static void add_keys(struct strvec *known, const struct command *c)
{
    for (const struct opt *o = c->options; o->name || o->help; o++)
        if (o->name && !(o->flags & OPT_CLI_ONLY) &&
            !strvec_has(known, o->name))
            strvec_push(known, o->name);
}

static const struct command *command_of(struct reader *r, const char *key)
{
    for (size_t i = 0; r->all[i]; i++)
        if (r->all[i]->settings && !strcmp(r->all[i]->name, key))
            return r->all[i];
    return NULL;
}

static bool any_has(struct reader *r, const char *key)
{
    for (size_t i = 0; r->all[i]; i++)
        if (r->all[i]->settings && key_of(r->all[i], key))
            return true;
    return false;
}

/* Exits: (key) is none of those of (c), or of any command. */
static _Noreturn void unknown_key(struct reader *r, const struct command *c,
                                  const char *key)
{
    struct strvec known = {0};

    if (c)
        add_keys(&known, c);
    for (size_t i = 0; !c && r->all[i]; i++) {
        if (!r->all[i]->settings)
            continue;
        add_keys(&known, r->all[i]);
        strvec_push(&known, r->all[i]->name);
    }
    usage_error("%s: there is no key '%s%s%s'%s", r->path, c ? c->name : "",
                c ? "." : "", key, nearest_hint(key, "", &known));
}

/* The value of (key), in the section of a command or (section) "". */
static void take_key(struct reader *r, const char *section, const char *key,
                     json_t *value)
{
    const struct opt *o = key_of(r->c, key);

    if (!o)
        return;
    r->where =
        xasprintf("%s: %s%s%s", r->path, section, *section ? "." : "", key);
    report_source(r->where);
    give_value(r, o, value);
    report_source(NULL);
    free(r->where);
}

/* What stands for the command that ours is like, and then what stands for
 * ours. */
static void take_sections(struct reader *r, json_t *root)
{
    const char *names[] = {r->c->like, r->c->name};

    for (size_t i = 0; i < 2; i++) {
        json_t *section = names[i] ? json_object_get(root, names[i]) : NULL;
        const char *key;
        json_t *value;

        if (section)
            json_object_foreach (section, key, value)
                take_key(r, names[i], key, value);
    }
}

static void check_section(struct reader *r, const struct command *c,
                          json_t *section)
{
    const char *key;
    json_t *value;

    if (!json_is_object(section))
        usage_error("%s: '%s' has to be an object", r->path, c->name);
    json_object_foreach (section, key, value)
        if (!key_of(c, key))
            unknown_key(r, c, key);
}

static void take_all(struct reader *r, json_t *root)
{
    const char *key;
    json_t *value;

    json_object_foreach (root, key, value) {
        if (command_of(r, key))
            continue;
        if (!any_has(r, key))
            unknown_key(r, NULL, key);
        take_key(r, "", key, value);
    }
    json_object_foreach (root, key, value)
        if (command_of(r, key))
            check_section(r, command_of(r, key), value);
    take_sections(r, root);
}

void settings_apply(const char *path, const struct command *const *all,
                    const struct command *c, opt_take *take, void *ctx)
{
    struct reader r = {
        .path = path, .all = all, .c = c, .take = take, .ctx = ctx};
    struct buf text = {0};
    json_error_t why;
    json_t *root;

    if (file_read(path, MAX_SIZE, &text))
        exit(2);
    root = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        usage_error("%s: line %d: %s", path, why.line, why.text);
    if (!json_is_object(root))
        usage_error("%s: it has to be an object", path);
    r.dir = path_parent(path);
    take_all(&r, root);
    free(r.dir);
    json_decref(root);
    buf_release(&text);
}
