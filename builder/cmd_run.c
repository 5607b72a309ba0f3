/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "cmd.h"
#include "env_option.h"
#include "machine/start.h"
#include "machine/state.h"
#include "network_option.h"
#include "quote.h"
#include "report.h"
#include "restart_option.h"

#define QEMU         "qemu-system-x86_64"
#define LEAST_MEMORY (16 << 20)
#define LEAST_LOG    (64 << 10)
#define LOG_SIZE     (8 << 20)

enum {
    MEMORY,
    SMP,
    PUBLISH,
    ACCEL,
    MACHINE,
    DIRECT,
    APPEND,
    ENV,
    ARG,
    NETWORK,
    MAC,
    IP,
    HOSTNAME,
    ADD_HOST,
    CRASH_DUMP,
    QEMU_PROGRAM,
    DRY_RUN,
    CONSOLE,
    EVAL,
    RESTART,
    DETACH,
    NAME,
    DISK,
    QMP,
    LOG,
    DIST,
};

static const struct opt options[] = {
    {"detach", 'd', NULL, "run it in the background; print its name", DETACH,
     OPT_CLI_ONLY},
    {"name", 0, "NAME",
     "of the machine, for ps, stop and the like (default: of the image)", NAME,
     0},
    {"memory", 'm', "SIZE", "memory (default: 256M)", MEMORY, 0},
    {"smp", 0, "N", "virtual CPUs (default: 1)", SMP, 0},
    {"publish", 'p', "[ADDR:]HOST:GUEST[/udp]",
     "lead a port of the host into the guest", PUBLISH, OPT_MANY},
    {"disk", 0, "FILE[,serial=NAME][,format=FORMAT][,ro]",
     "another disk, raw or qcow2 as it looks or FORMAT says; ro: only read it",
     DISK, OPT_MANY},
    {"dist", 0, NULL,
     "start an Erlang node that ping, rpc, eval and remote can reach", DIST, 0},
    {"network", 0, "user|tap=NAME|bridge=NAME|socket=PATH",
     "what the guest's network card is connected to (default: user)", NETWORK,
     0},
    {"mac", 0, "ADDR", "of the network card", MAC, 0},
    {"ip", 0, "dhcp|none|ADDR/PREFIX[,GATEWAY[,DNS...]]",
     "address of the guest (default: dhcp)", IP, 0},
    {"hostname", 0, "NAME", "of the guest", HOSTNAME, 0},
    {"add-host", 0, "NAME:ADDR", "a line in the guest's /etc/hosts", ADD_HOST,
     OPT_MANY},
    {"env", 0, "NAME=VALUE", "environment of the release", ENV, OPT_MANY},
    {"arg", 0, "WORD", "argument for the Erlang emulator", ARG, OPT_MANY},
    {"crash-dump", 0, "FILE", "where to keep the emulator's crash dump",
     CRASH_DUMP, 0},
    {"console", 0, NULL, "start the release with its shell on the console",
     CONSOLE, 0},
    {"eval", 0, "EXPRESSION",
     "evaluate it instead of starting the release, as a mix release's 'eval' "
     "does",
     EVAL, OPT_CLI_ONLY},
    {"restart", 0, "POLICY", "no, on-failure[:TIMES] or always", RESTART, 0},
    {"append", 0, "TEXT", "words for the kernel's command line", APPEND,
     OPT_MANY},
    {"accel", 0, "auto|kvm|tcg", "auto (the default) uses KVM if it works",
     ACCEL, 0},
    {"machine", 0, "q35|pc|microvm",
     "the machine QEMU plays (default: q35); microvm implies --direct", MACHINE,
     0},
    {"direct", 0, NULL, "start the kernel without firmware and boot sector",
     DIRECT, 0},
    {"qemu", 0, "PROGRAM", "the QEMU to run (default: " QEMU ")", QEMU_PROGRAM,
     0},
    {"qmp", 0, "FILE", "a socket where QEMU takes QMP commands", QMP, 0},
    {"log-size", 0, "SIZE",
     "how much of the console is kept with -d (default: 8M)", LOG, 0},
    {"dry-run", 0, NULL, "print the QEMU command instead", DRY_RUN,
     OPT_CLI_ONLY},
    OPT_END,
};

/* Bytes of QEMU's unit, which is MiB if there is none. */
static uint64_t scale(char unit)
{
    static const char units[] = "kmgt";
    const char *at = unit ? strchr(units, tolower((unsigned char)unit)) : NULL;

    return UINT64_C(1024) << (at ? 10 * (at - units) : 10);
}

/* Bytes of a size like 256M. */
static uint64_t parse_size(const char *option, const char *text, unsigned least)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    uint64_t bytes;

    if (!digits || digits > 9 || strlen(unit) > 1 ||
        (*unit && !strchr("kKmMgGtT", *unit)))
        usage_error("run: %s '%s' is not a size like 256M or 2G", option, text);
    bytes = strtoull(text, NULL, 10) * scale(*unit);
    if (bytes < least && least >> 20)
        usage_error("run: %s '%s' is too little: at least %uM", option, text,
                    least >> 20);
    if (bytes < least)
        usage_error("run: %s '%s' is too little: at least %uK", option, text,
                    least >> 10);
    return bytes;
}

static void check_name(const char *text)
{
    if (!machine_name_ok(text))
        usage_error("run: --name '%s' is not a name: letters, digits, '.', '_' "
                    "and '-', not one of these first, %d at most",
                    text, MACHINE_NAME_MAX);
}

static void check_socket(const char *path)
{
    size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;

    if (!*path || strlen(path) > room)
        usage_error("run: --qmp '%s' is not a path of 1 to %zu bytes", path,
                    room);
}

static void check_cpus(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    if (!digits || text[digits] || digits > 3 || atoi(text) < 1)
        usage_error("run: --smp '%s' is not a number of CPUs", text);
}

static void check_line(const char *option, const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text) && *text != '\t')
            usage_error("run: %s has a control character in it", option);
}

static void take_append(struct run_options *o, const char *words)
{
    check_line("--append", words);
    if (!quote_kernel_closed(words))
        usage_error("run: --append: a quote is not closed: %s", words);
    if (o->append.len)
        buf_adds(&o->append, " ");
    buf_adds(&o->append, words);
}

static void append_key(struct run_options *o, const char *key,
                       const char *value)
{
    if (o->append.len)
        buf_adds(&o->append, " ");
    quote_kernel(&o->append, key, value);
}

static void take_option(void *ctx, int id, const char *value)
{
    static const char *const accels[] = {"auto", "kvm", "tcg", NULL};
    static const char *const machines[] = {"q35", "pc", "microvm", NULL};
    struct run_options *o = ctx;

    switch (id) {
    case MEMORY:
        parse_size("-m", value, LEAST_MEMORY);
        o->qemu.memory = value;
        break;
    case PUBLISH:
        if (forwards_add(&o->forwards, value))
            usage_error("run: -p '%s' is not [ADDR:]HOST:GUEST[/udp]", value);
        strvec_push(&o->ports, value);
        break;
    case SMP:
        check_cpus(value);
        o->qemu.cpus = value;
        break;
    case ACCEL:
        o->accel = (enum accel)opt_choose("run", "accel", value, accels);
        break;
    case MACHINE:
        o->qemu.machine =
            (enum qemu_machine)opt_choose("run", "machine", value, machines);
        break;
    case DIRECT:
        o->direct = true;
        break;
    case APPEND:
        take_append(o, value);
        break;
    case NETWORK:
    case MAC:
    case IP:
    case HOSTNAME:
    case ADD_HOST:
        network_option(&o->network, opt_name(options, id), value);
        break;
    case ENV:
        env_option_add(&o->env, "run", value);
        break;
    case ARG:
        check_line("--arg", value);
        strvec_push(&o->args, value);
        break;
    case CRASH_DUMP:
        o->qemu.crash_dump = value;
        break;
    case CONSOLE:
        o->qemu.console = true;
        break;
    case EVAL:
        check_line("--eval", value);
        append_key(o, "eval=", value);
        break;
    case RESTART:
        restart_option_check("run", value);
        append_key(o, "restart=", value);
        break;
    case QEMU_PROGRAM:
        o->program = value;
        break;
    case DRY_RUN:
        o->dry_run = true;
        break;
    case DETACH:
        o->detach = true;
        break;
    case NAME:
        check_name(value);
        o->name = value;
        break;
    case DISK:
        disks_add(&o->disks, value);
        break;
    case QMP:
        check_socket(value);
        o->qemu.qmp_path = value;
        break;
    case LOG:
        o->log_size = parse_size("--log-size", value, LEAST_LOG);
        break;
    case DIST:
        o->dist = true;
        break;
    }
}

static void check_usage(const struct run_options *o,
                        const struct strvec *operands)
{
    if (!operands->n)
        usage_error("run: which image?");
    if (operands->n > 1)
        usage_error("run: only one image at a time: '%s' (arguments for QEMU "
                    "go behind --)",
                    operands->v[1]);
    if (o->dist && o->network.kind != NETWORK_USER)
        usage_error("run: --dist goes with --network user only: elsewhere the "
                    "node has an address of its own");
    if (o->forwards.n && o->network.kind != NETWORK_USER)
        usage_error("run: -p goes with --network user only: elsewhere the "
                    "guest has an address of its own");
}

static void release_options(struct run_options *o)
{
    network_release(&o->network);
    forwards_release(&o->forwards);
    disks_release(&o->disks);
    strvec_release(&o->ports);
    strvec_release(&o->env);
    strvec_release(&o->args);
    strvec_release(&o->extra);
    buf_release(&o->append);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct run_options o = {
        .program = QEMU,
        .log_size = LOG_SIZE,
        .qemu = {.memory = "256M", .cpus = "1", .console_fd = -1}};
    struct strvec operands = {0};
    int status;

    opt_parse(c, argc, argv, take_option, &o, &operands, &o.extra);
    check_usage(&o, &operands);
    network_choose_mac(&o.network);
    o.qemu.image = operands.v[0];
    o.direct |= o.qemu.machine == MACHINE_MICROVM;
    o.qemu.network = &o.network;
    o.qemu.forwards = &o.forwards;
    o.qemu.env = &o.env;
    o.qemu.args = &o.args;
    o.qemu.extra = &o.extra;
    o.qemu.disks = &o.disks;
    o.qemu.append = buf_str(&o.append);
    status = start_machine(&o);
    release_options(&o);
    strvec_release(&operands);
    return status;
}

const struct command cmd_run = {
    .name = "run",
    .summary = "run an image in QEMU",
    .operands = "IMAGE [-- QEMU-ARGUMENTS]",
    .about =
        "Run an image in QEMU, with its console on the terminal, or in the "
        "background.",
    .options = options,
    .notes = "On a terminal, Ctrl-C goes to the guest: a release without a "
             "shell stops in order, and at once the second time. Ctrl-A X ends "
             "QEMU, Ctrl-A C is for its monitor, Ctrl-A Ctrl-A sends Ctrl-A. "
             "SIGTERM, SIGINT or SIGHUP press the guest's power button; a "
             "second one kills it.",
    .status = "that of the release, 128+N when signal N ended it; 125 when the "
              "guest's kernel panics or cannot start a process; 126 when the "
              "release cannot be started; 1 when QEMU cannot run; 2 for wrong "
              "usage; 128+N when signal N made us kill QEMU, 137 when 'unibeam "
              "stop' did",
    .settings = true,
    .run = run,
};
