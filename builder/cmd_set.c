/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "env_option.h"
#include "grace_option.h"
#include "hostname_option.h"
#include "image/change.h"
#include "image/image_option.h"
#include "image/inspect.h"
#include "json_text.h"
#include "mount_option.h"
#include "network_option.h"
#include "quote.h"
#include "report.h"
#include "restart_option.h"

enum {
    APPEND,
    ENV,
    UNSET_ENV,
    HOSTNAME,
    IP,
    IP6,
    ADD_HOST,
    ARG,
    MOUNT,
    UNSET,
    GRACE,
    RESTART,
    CONSOLE,
    NO_CONSOLE,
    OUTPUT,
    SHOW,
    FORMAT,
};

/* None has a twin: what a project builds with would change images unasked. */
static const struct opt options[] = {
    {"append", 0, "TEXT",
     "words for the kernel's command line, in place of those of build --append",
     APPEND, OPT_CLI_ONLY},
    {"env", 0, "NAME=VALUE", "environment of the release", ENV,
     OPT_MANY | OPT_CLI_ONLY},
    {"unset-env", 0, "NAME", "take NAME out of it", UNSET_ENV,
     OPT_MANY | OPT_CLI_ONLY},
    {"hostname", 0, "NAME", "name of the guest", HOSTNAME, OPT_CLI_ONLY},
    {"ip", 0, "dhcp|none|ADDR/PREFIX[,GATEWAY[,DNS...]]",
     "address of the guest", IP, OPT_CLI_ONLY},
    {"ip6", 0, "auto|dhcp|none|ADDR/PREFIX[,GATEWAY[,DNS...]]",
     "its IPv6 address", IP6, OPT_CLI_ONLY},
    {"add-host", 0, "NAME:ADDR",
     "a line in its /etc/hosts, in place of those the image has", ADD_HOST,
     OPT_MANY | OPT_CLI_ONLY},
    {"arg", 0, "WORD",
     "argument for the Erlang emulator, in place of those the image has", ARG,
     OPT_MANY | OPT_CLI_ONLY},
    {"mount", 0, "SOURCE:PATH[:SIZE]",
     "mount SOURCE on PATH, a directory of the image, in place of what it "
     "mounts",
     MOUNT, OPT_MANY | OPT_CLI_ONLY},
    {"unset", 0, "ip|ip6|add-host|arg|mount|grace|restart",
     "take out what the image says of this", UNSET, OPT_MANY | OPT_CLI_ONLY},
    {"grace", 0, "SECONDS", "time to stop in when the power button is pressed",
     GRACE, OPT_CLI_ONLY},
    {"restart", 0, "POLICY",
     "no, on-failure[:TIMES] or always: whether a release that ended is "
     "started again",
     RESTART, OPT_CLI_ONLY},
    {"console", 0, NULL, "start the release with its shell on the console",
     CONSOLE, OPT_CLI_ONLY},
    {"no-console", 0, NULL, "start it without", NO_CONSOLE, OPT_CLI_ONLY},
    {"output", 'o', "IMAGE", "change a copy, and leave the image as it is",
     OUTPUT, OPT_CLI_ONLY},
    {"show", 0, NULL, "print the settings, as they are afterwards", SHOW,
     OPT_CLI_ONLY},
    {"format", 0, "text|json", "how --show prints (default: text)", FORMAT,
     OPT_CLI_ONLY},
    OPT_END,
};

struct set_options {
    struct changes changes;
    const char *output;
    bool show;
    bool json;
};

static void check_text(const char *what, const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text) && *text != '\t')
            usage_error("set: %s has a control character in it", what);
}

static void take_append(struct set_options *o, const char *value)
{
    check_text("--append", value);
    if (!quote_kernel_closed(value))
        usage_error("set: --append: a quote is not closed: %s", value);
    o->changes.append = value;
}

static void take_env(struct set_options *o, const char *value)
{
    struct strvec checked = {0};
    size_t len = strcspn(value, "=");
    char *key;

    env_option_add(&checked, "set", value);
    strvec_release(&checked);
    key = xasprintf("env.%.*s", (int)len, value);
    changes_add(&o->changes, key, value + len + 1);
    free(key);
}

static void unset_env(struct set_options *o, const char *name)
{
    char *key = xasprintf("env.%s", name);

    if (!*name || strchr(name, '='))
        usage_error("set: --unset-env '%s' is not the name of a variable",
                    name);
    changes_add(&o->changes, key, NULL);
    free(key);
}

/* Words of which there is one, or many. */
static void take_word(struct set_options *o, int id, const char *value)
{
    static const struct {
        int id;
        enum word_kind kind;
        bool many;
    } words[] = {{IP, WORD_IP, false},
                 {IP6, WORD_IP6, false},
                 {ADD_HOST, WORD_HOST, true},
                 {ARG, WORD_ARG, true},
                 {MOUNT, WORD_MOUNT, true}};
    struct network checked = {0};

    if (id == ARG)
        check_text("--arg", value);
    else if (id == MOUNT)
        mount_option_check("set", value);
    else
        network_option_of("set", &checked, opt_name(options, id), value);
    network_release(&checked);
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (words[i].id != id)
            continue;
        if (!words[i].many)
            changes_word(&o->changes, words[i].kind, NULL);
        changes_word(&o->changes, words[i].kind, value);
    }
}

static void unset(struct set_options *o, const char *value)
{
    static const char *const names[] = {"ip",    "ip6",   "add-host", "arg",
                                        "mount", "grace", "restart",  NULL};
    int i = opt_choose("set", "unset", value, names);

    if (i < WORD_KINDS)
        changes_word(&o->changes, (enum word_kind)i, NULL);
    else
        changes_add(&o->changes, names[i], NULL);
}

static void take_option(void *ctx, int id, const char *value)
{
    struct set_options *o = ctx;

    switch (id) {
    case APPEND:
        take_append(o, value);
        break;
    case ENV:
        take_env(o, value);
        break;
    case UNSET_ENV:
        unset_env(o, value);
        break;
    case HOSTNAME:
        hostname_option_check("set", value);
        changes_add(&o->changes, "hostname", value);
        break;
    case IP:
    case IP6:
    case ADD_HOST:
    case ARG:
    case MOUNT:
        take_word(o, id, value);
        break;
    case UNSET:
        unset(o, value);
        break;
    case GRACE:
        grace_option_check("set", value);
        changes_add(&o->changes, "grace", value);
        break;
    case RESTART:
        restart_option_check("set", value);
        changes_add(&o->changes, "restart", value);
        break;
    case CONSOLE:
    case NO_CONSOLE:
        changes_add(&o->changes, "console.shell", id == CONSOLE ? "yes" : NULL);
        break;
    case OUTPUT:
        o->output = value;
        break;
    case SHOW:
        o->show = true;
        break;
    case FORMAT:
        o->json = format_option_json("set", value);
        break;
    }
}

static int show(const struct baked *b, bool json)
{
    json_t *settings = image_settings(b);

    if (json) {
        json_print(settings);
    } else {
        image_settings_print(settings);
        json_decref(settings);
    }
    return finish_stdout();
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0};
    struct set_options o = {0};
    struct baked b;
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (!operands.n)
        usage_error("set: which image?");
    if (operands.n > 1)
        usage_error("set: only one image at a time: '%s'", operands.v[1]);
    if (!changes_any(&o.changes) && !o.show)
        usage_error("set: what? (--show prints what is set)");
    r = image_change(operands.v[0], o.output, &o.changes, &b);
    if (!r && o.show)
        r = show(&b, o.json);
    baked_release(&b);
    changes_release(&o.changes);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_set = {
    .name = "set",
    .summary = "change an image's settings",
    .operands = "IMAGE",
    .about = "Change what an image was built with, without building it again: "
             "it is afterwards as if 'unibeam build' had been given these "
             "options. Settings that are not named stay.",
    .options = options,
    .notes = "The image is replaced at once, by a copy: it is never half "
             "changed, and a machine that runs goes on with the old one.",
    .run = run,
};
