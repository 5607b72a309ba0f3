/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/baked.h"

#include <stdlib.h>
#include <string.h>

#include "abi/initconf.h"
#include "image/words.h"

#define CONF_MAX (1 << 20)
#define ENV      "env."

int baked_load(struct baked *b, struct rootfs *r)
{
    struct buf text = {0};

    *b = (struct baked){.cmdline = xstrdup(r->img->cmdline)};
    if (rootfs_load(r, INITCONF_PATH, CONF_MAX, &text)) {
        buf_release(&text);
        return -1;
    }
    strvec_split(&b->conf, buf_str(&text), "\n");
    buf_release(&text);
    return 0;
}

void baked_release(struct baked *b)
{
    strvec_release(&b->conf);
    free(b->cmdline);
    *b = (struct baked){0};
}

/* What follows "KEY=" in (line), or NULL. */
static const char *value_of(const char *line, const char *key)
{
    size_t len = strlen(key);

    return !strncmp(line, key, len) && line[len] == '=' ? line + len + 1 : NULL;
}

const char *baked_conf(const struct baked *b, const char *key)
{
    const char *found = NULL;

    for (size_t i = 0; i < b->conf.n; i++)
        if (value_of(b->conf.v[i], key))
            found = value_of(b->conf.v[i], key);
    return found;
}

char *baked_value(const struct baked *b, const char *key)
{
    char *word = xasprintf("%s=", key);
    char *value = words_value(b->cmdline, word);
    const char *conf = baked_conf(b, key);

    free(word);
    return value ? value : conf ? xstrdup(conf) : NULL;
}

/* Add "NAME=VALUE", or change the value. */
static void put_env(struct strvec *env, const char *pair)
{
    size_t len = strcspn(pair, "=") + 1;

    for (size_t i = 0; i < env->n; i++)
        if (!strncmp(env->v[i], pair, len)) {
            free(env->v[i]);
            env->v[i] = xstrdup(pair);
            return;
        }
    strvec_push(env, pair);
}

static void take_env(struct strvec *env, const char *text)
{
    if (!strncmp(text, ENV, strlen(ENV)) && strchr(text, '='))
        put_env(env, text + strlen(ENV));
}

void baked_env(const struct baked *b, struct strvec *env)
{
    const char *line = b->cmdline;
    struct word w;

    for (size_t i = 0; i < b->conf.n; i++)
        take_env(env, b->conf.v[i]);
    while (word_next(&line, &w)) {
        take_env(env, w.text);
        free(w.text);
    }
    strvec_sort(env);
}

/* Where build puts a key that is not there yet: in front of the first of those
 * that follow it there. */
static size_t place_of(const struct baked *b, const char *key)
{
    static const char *const order[] = {
        ENV, "hostname=", "grace=", "restart=", "console.shell=", "pa="};
    size_t n = sizeof(order) / sizeof(*order), from = 0;
    char *line = xasprintf("%s=", key);

    while (from < n && strncmp(line, order[from], strlen(order[from])))
        from++;
    free(line);
    for (size_t i = 0; i < b->conf.n; i++)
        for (size_t k = from + 1; k < n; k++)
            if (!strncmp(b->conf.v[i], order[k], strlen(order[k])))
                return i;
    return b->conf.n;
}

/* The command line as it is, without the words for (key) if there are any. */
static void forget_words(struct baked *b, const char *key)
{
    char *word = xasprintf("%s=", key);
    char *value = words_value(b->cmdline, word);

    if (value) {
        char *rest = words_without(b->cmdline, word);

        free(b->cmdline);
        b->cmdline = rest;
    }
    free(value);
    free(word);
}

void baked_set(struct baked *b, const char *key, const char *value)
{
    struct strvec old = b->conf;
    char *line = value ? xasprintf("%s=%s", key, value) : NULL;
    size_t place = place_of(b, key);

    for (size_t i = 0; i < old.n; i++)
        if (value_of(old.v[i], key)) {
            place = i;
            break;
        }
    b->conf = (struct strvec){0};
    for (size_t i = 0; i <= old.n; i++) {
        if (i == place && line)
            strvec_push(&b->conf, line);
        if (i < old.n && !value_of(old.v[i], key))
            strvec_push(&b->conf, old.v[i]);
    }
    strvec_release(&old);
    free(line);
    forget_words(b, key);
}

void baked_text(const struct baked *b, struct buf *out)
{
    for (size_t i = 0; i < b->conf.n; i++)
        buf_addf(out, "%s\n", b->conf.v[i]);
}
