/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/option.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "osv/resolver.h"
#include "report.h"

static void check_line(const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            usage_error("build: --command-line has a control character in it");
}

static unsigned seconds(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long n = strtoul(text, NULL, 10);

    if (!digits || text[digits] || digits > 6 || n < 1)
        usage_error("build: --base-timeout '%s' is not a number of seconds",
                    text);
    return (unsigned)n;
}

static void take_nameserver(struct osv_options *o, const char *text)
{
    if (!osv_is_nameserver(text))
        usage_error("build: --nameserver '%s' is not an address that the "
                    "machine could reach",
                    text);
    if (!strvec_has(&o->nameservers, text))
        strvec_push(&o->nameservers, text);
}

static enum osv_format take_format(const char *text)
{
    static const char *const words[] = {"qcow2", "raw", NULL};

    return opt_choose("build", "format", text, words) ? OSV_RAW : OSV_QCOW2;
}

static enum osv_accel take_accel(const char *text)
{
    static const char *const words[] = {"auto", "kvm", "tcg", NULL};

    return (enum osv_accel)opt_choose("build", "accel", text, words);
}

void osv_option_take(struct osv_options *o, int id, const char *value)
{
    o->given[id] = true;
    switch (id) {
    case OSV_BASE:
        o->base = value;
        break;
    case OSV_COMMAND_LINE:
        check_line(value);
        o->command_line = value;
        break;
    case OSV_FORMAT:
        o->format = take_format(value);
        break;
    case OSV_STARTER:
        o->starter = value;
        break;
    case OSV_NAMESERVER:
        take_nameserver(o, value);
        break;
    case OSV_TIMEOUT:
        o->timeout = seconds(value);
        break;
    case OSV_QEMU:
        o->qemu = value;
        break;
    case OSV_ACCEL:
        o->accel = take_accel(value);
        break;
    }
}

static bool is_in(int id, const int *ids)
{
    for (; *ids >= 0; ids++)
        if (id == *ids)
            return true;
    return false;
}

void osv_option_check(const struct osv_options *o, const struct opt *table,
                      const int *both)
{
    /* may stand where they are meant for `unibeam run` */
    static const int harmless[] = {OSV_QEMU, OSV_ACCEL, -1};

    for (int id = 0; id < OSV_OPTION_END; id++) {
        if (!o->given[id])
            continue;
        if (!o->base && id >= OSV_BASE && !is_in(id, harmless))
            usage_error("build: --%s makes no sense without --base",
                        opt_name(table, id));
        if (o->base && id < OSV_BASE && !is_in(id, both))
            usage_error("build: --%s makes no sense with --base: OSv has its "
                        "own kernel, libraries and settings (see "
                        "--command-line)",
                        opt_name(table, id));
    }
}
