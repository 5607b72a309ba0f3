/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd.h"
#include "crash_dump.h"
#include "disk_image.h"
#include "env_option.h"
#include "kvm_probe.h"
#include "network_option.h"
#include "qemu_args.h"
#include "quote.h"
#include "report.h"
#include "restart_option.h"
#include "tty.h"
#include "vm.h"

#define QEMU "qemu-system-x86_64"
/* The kernel reads 4095 bytes, of which QEMU's microvm takes some. */
#define MAX_WORDS    3584
#define LEAST_MEMORY (16 << 20)

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
};

static const struct opt options[] = {
    {"memory", 'm', "SIZE", "memory (default: 256M)", MEMORY, 0},
    {"smp", 0, "N", "virtual CPUs (default: 1)", SMP, 0},
    {"publish", 'p', "[ADDR:]HOST:GUEST[/udp]",
     "lead a port of the host into the guest", PUBLISH, OPT_MANY},
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
    {"dry-run", 0, NULL, "print the QEMU command instead", DRY_RUN,
     OPT_CLI_ONLY},
    OPT_END,
};

enum accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };

struct run_options {
    struct qemu_options qemu;
    struct network network;
    struct forwards forwards;
    struct strvec env;
    struct strvec args;
    struct strvec extra;
    struct buf append;
    const char *program;
    enum accel accel;
    bool direct;
    bool dry_run;
};

/* Bytes of QEMU's unit, which is MiB if there is none. */
static uint64_t scale(char unit)
{
    static const char units[] = "kmgt";
    const char *at = unit ? strchr(units, tolower((unsigned char)unit)) : NULL;

    return UINT64_C(1024) << (at ? 10 * (at - units) : 10);
}

static void check_memory(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;

    if (!digits || digits > 9 || strlen(unit) > 1 ||
        (*unit && !strchr("kKmMgGtT", *unit)))
        usage_error("run: -m '%s' is not a size like 256M or 2G", text);
    if (strtoull(text, NULL, 10) * scale(*unit) < LEAST_MEMORY)
        usage_error("run: -m '%s' is too little: at least %dM", text,
                    LEAST_MEMORY >> 20);
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
        check_memory(value);
        o->qemu.memory = value;
        break;
    case PUBLISH:
        if (forwards_add(&o->forwards, value))
            usage_error("run: -p '%s' is not [ADDR:]HOST:GUEST[/udp]", value);
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
    }
}

/* ---- preparations ---- */

/* The program's path: as given if it has a slash, else from PATH. */
static char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    struct strvec dirs = {0};
    char *found = NULL;

    if (strchr(name, '/')) {
        if (access(name, X_OK) == 0)
            return xstrdup(name);
    } else {
        strvec_split(&dirs, path ? path : "/usr/bin:/bin", ":");
        for (size_t i = 0; i < dirs.n && !found; i++) {
            char *full = xasprintf("%s/%s", dirs.v[i], name);

            if (access(full, X_OK) == 0)
                found = full;
            else
                free(full);
        }
        strvec_release(&dirs);
    }
    if (!found)
        fail("cannot find '%s': install QEMU for x86 (on Debian: "
             "qemu-system-x86), or give --qemu PROGRAM",
             name);
    return found;
}

static int choose_accel(struct run_options *o)
{
    struct kvm_answer kvm = {0};

    if (o->accel != ACCEL_TCG)
        kvm_probe(&kvm);
    if (o->accel == ACCEL_KVM && !kvm.works)
        return fail("cannot use --accel kvm: %s", kvm.why);
    if (o->accel == ACCEL_KVM || !kvm.slow)
        o->qemu.kvm_cpu = kvm.cpu;
    if (o->qemu.kvm_cpu)
        fprintf(stderr, "unibeam: using kvm\n");
    else if (kvm.why)
        fprintf(stderr, "unibeam: using tcg, which is slow: %s\n", kvm.why);
    else
        fprintf(stderr, "unibeam: using tcg\n");
    return 0;
}

/* The kernel in memory, with a name QEMU can open. */
static int kernel_in_memory(const struct image *img, char **path)
{
    int fd = memfd_create("kernel", MFD_CLOEXEC);

    if (fd < 0) {
        fail("cannot make a file in memory: %s", strerror(errno));
        return -1;
    }
    if (image_copy_kernel(img, fd, "the kernel's copy")) {
        close(fd);
        return -1;
    }
    *path = xasprintf("/proc/self/fd/%d", fd);
    return fd;
}

/* The kernel in a file that stays, so that the printed command works. */
static int kernel_in_file(const struct image *img, char **path)
{
    const char *dir = getenv("TMPDIR");
    int fd, r;

    *path =
        xasprintf("%s/unibeam-kernel-XXXXXX.elf", dir && *dir ? dir : "/tmp");
    fd = mkstemps(*path, 4);
    if (fd < 0)
        return fail("cannot write '%s': %s", *path, strerror(errno));
    r = image_copy_kernel(img, fd, *path);
    if (close(fd) && !r)
        r = fail("cannot write '%s': %s", *path, strerror(errno));
    if (r)
        unlink(*path);
    else
        fprintf(stderr, "unibeam: the kernel is now in '%s'\n", *path);
    return r;
}

/* ---- the two things to do ---- */

static int print_command(struct run_options *o, const struct image *img)
{
    char *kernel = NULL;
    struct strvec argv = {0};
    struct buf line = {0};
    int r = 0;

    if (o->direct)
        r = kernel_in_file(img, &kernel);
    if (!r) {
        o->qemu.kernel = kernel;
        o->qemu.qmp_fd = o->qemu.log_fd = o->qemu.size_fd = -1;
        qemu_args_make(&o->qemu, &argv);
        for (size_t i = 0; i < argv.n; i++) {
            if (i)
                buf_adds(&line, " ");
            quote_shell(&line, argv.v[i]);
        }
        puts(buf_str(&line));
    }
    buf_release(&line);
    strvec_release(&argv);
    free(kernel);
    return r ? 1 : 0;
}

static int run_image(struct run_options *o, const struct image *img)
{
    char *kernel = NULL;
    struct strvec argv = {0};
    struct vm vm;
    int fd = -1, status = 1;

    if (o->qemu.crash_dump && crash_dump_prepare(o->qemu.crash_dump))
        return status;
    if (vm_init(&vm, o->qemu.tty) == 0 &&
        (!o->direct || (fd = kernel_in_memory(img, &kernel)) >= 0)) {
        o->qemu.kernel = kernel;
        o->qemu.qmp_fd = vm.qmp_child;
        o->qemu.log_fd = vm.log_child;
        o->qemu.size_fd = vm.size_child;
        qemu_args_make(&o->qemu, &argv);
        status = vm_run(&vm, argv.v, fd);
    }
    vm_release(&vm);
    if (o->qemu.crash_dump && crash_dump_finish(o->qemu.crash_dump) && !status)
        status = 1;
    if (fd >= 0)
        close(fd);
    strvec_release(&argv);
    free(kernel);
    return status;
}

/* What the kernel cannot take in would be cut off there. */
static void check_words(const struct run_options *o, const struct image *img)
{
    struct qemu_options q = o->qemu;
    char *words;
    size_t len;

    q.baked = img->cmdline;
    q.kernel = o->direct ? "" : NULL;
    words = qemu_kernel_words(&q);
    len = strlen(words);
    free(words);
    if (len > MAX_WORDS)
        usage_error("run: the words for the kernel are too long: %zu bytes, "
                    "at most %d",
                    len, MAX_WORDS);
}

static int check_host(const struct run_options *o)
{
    return network_check(&o->network) || forwards_check(&o->forwards) ? -1 : 0;
}

/* What the guest cannot see through a serial line. */
static void take_terminal(struct run_options *o)
{
    o->qemu.tty = isatty(STDIN_FILENO);
    if (!o->qemu.tty)
        return;
    o->qemu.term = getenv("TERM");
    tty_size(&o->qemu.columns, &o->qemu.rows);
}

static int start_image(struct run_options *o, const struct image *img)
{
    char *program = find_program(o->program);
    int status = 1;

    if (program && (o->dry_run || check_host(o) == 0) && choose_accel(o) == 0) {
        o->qemu.qemu = program;
        o->qemu.baked = img->cmdline;
        take_terminal(o);
        status = o->dry_run ? print_command(o, img) : run_image(o, img);
    }
    free(program);
    return status;
}

static int prepare_and_run(struct run_options *o)
{
    struct image img;
    int status = 1;

    if (image_open(&img, o->qemu.image) == 0) {
        check_words(o, &img);
        status = start_image(o, &img);
    }
    image_close(&img);
    return status;
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
    if (o->forwards.n && o->network.kind != NETWORK_USER)
        usage_error("run: -p goes with --network user only: elsewhere the "
                    "guest has an address of its own");
}

static void release_options(struct run_options *o)
{
    network_release(&o->network);
    forwards_release(&o->forwards);
    strvec_release(&o->env);
    strvec_release(&o->args);
    strvec_release(&o->extra);
    buf_release(&o->append);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct run_options o = {.program = QEMU,
                            .qemu = {.memory = "256M", .cpus = "1"}};
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
    o.qemu.append = buf_str(&o.append);
    status = prepare_and_run(&o);
    release_options(&o);
    strvec_release(&operands);
    return status;
}

const struct command cmd_run = {
    .name = "run",
    .summary = "run an image in QEMU",
    .operands = "IMAGE [-- QEMU-ARGUMENTS]",
    .about = "Run an image in QEMU, with its console on the terminal.",
    .options = options,
    .notes =
        "On a terminal, Ctrl-C goes to the guest: a release without a shell "
        "stops in order, and at once the second time. Ctrl-A X ends QEMU, "
        "Ctrl-A C is for its monitor, Ctrl-A Ctrl-A sends Ctrl-A. SIGTERM, "
        "SIGINT or SIGHUP press the guest's power button; a second one kills "
        "it.\n"
        "\n"
        "Exit status: that of the release, 128+N when signal N ended it; 125 "
        "when the guest's kernel panics or cannot start a process; 126 when "
        "the release cannot be started; 1 when QEMU cannot run; 2 for wrong "
        "usage; 128+N when signal N made us kill QEMU.",
    .settings = true,
    .run = run,
};
