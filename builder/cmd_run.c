/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
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
    OPT_SMP = 256,
    OPT_ACCEL,
    OPT_MACHINE,
    OPT_DIRECT,
    OPT_APPEND,
    OPT_ENV,
    OPT_ARG,
    OPT_NETWORK,
    OPT_MAC,
    OPT_IP,
    OPT_HOSTNAME,
    OPT_ADD_HOST,
    OPT_CRASH_DUMP,
    OPT_QEMU,
    OPT_DRY_RUN,
    OPT_CONSOLE,
    OPT_EVAL,
    OPT_RESTART,
};

static const struct option options[] = {
    {"memory", required_argument, NULL, 'm'},
    {"smp", required_argument, NULL, OPT_SMP},
    {"publish", required_argument, NULL, 'p'},
    {"accel", required_argument, NULL, OPT_ACCEL},
    {"machine", required_argument, NULL, OPT_MACHINE},
    {"direct", no_argument, NULL, OPT_DIRECT},
    {"append", required_argument, NULL, OPT_APPEND},
    {"network", required_argument, NULL, OPT_NETWORK},
    {"mac", required_argument, NULL, OPT_MAC},
    {"ip", required_argument, NULL, OPT_IP},
    {"hostname", required_argument, NULL, OPT_HOSTNAME},
    {"add-host", required_argument, NULL, OPT_ADD_HOST},
    {"eval", required_argument, NULL, OPT_EVAL},
    {"restart", required_argument, NULL, OPT_RESTART},
    {"env", required_argument, NULL, OPT_ENV},
    {"arg", required_argument, NULL, OPT_ARG},
    {"crash-dump", required_argument, NULL, OPT_CRASH_DUMP},
    {"console", no_argument, NULL, OPT_CONSOLE},
    {"qemu", required_argument, NULL, OPT_QEMU},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char help[] =
    "usage: unibeam run IMAGE [OPTIONS] [-- QEMU-ARGUMENTS]\n"
    "\n"
    "Run an image in QEMU, with its console on the terminal.\n"
    "\n"
    "  -m, --memory SIZE   memory (default 256M)\n"
    "  --smp N             virtual CPUs (default 1)\n"
    "  -p, --publish [ADDR:]HOST:GUEST[/udp]\n"
    "                      lead a port of the host into the guest; may be\n"
    "                      repeated\n"
    "  --network user|tap=NAME|bridge=NAME|socket=PATH\n"
    "                      what the guest's network card is connected to "
    "(user)\n"
    "  --mac ADDR          of the network card\n"
    "  --ip dhcp|none|ADDR/PREFIX[,GATEWAY[,DNS...]]\n"
    "                      address of the guest (dhcp)\n"
    "  --hostname NAME     of the guest\n"
    "  --add-host NAME:ADDR\n"
    "                      a line in the guest's /etc/hosts; may be "
    "repeated\n"
    "  --env NAME=VALUE    environment of the release; may be repeated\n"
    "  --arg WORD          argument for the Erlang emulator; may be repeated\n"
    "  --crash-dump FILE   where to keep the emulator's crash dump\n"
    "  --console           start the release with its shell on the console\n"
    "  --eval EXPRESSION   evaluate it instead of starting the release, as a "
    "mix\n"
    "                      release's 'eval' does\n"
    "  --restart POLICY    no, on-failure[:TIMES] or always\n"
    "  --append TEXT       words for the kernel's command line; may be "
    "repeated\n"
    "  --accel auto|kvm|tcg\n"
    "                      auto (the default) uses KVM if it works\n"
    "  --machine q35|pc|microvm\n"
    "                      (default q35; microvm implies --direct)\n"
    "  --direct            start the kernel without firmware and boot sector\n"
    "  --qemu PROGRAM      (default " QEMU ")\n"
    "  --dry-run           print the QEMU command instead\n"
    "  -h, --help          this text\n"
    "\n"
    "On a terminal, Ctrl-C goes to the guest: a release without a shell stops\n"
    "in order, and at once the second time. Ctrl-A X ends QEMU, Ctrl-A C is "
    "for\n"
    "its monitor, Ctrl-A Ctrl-A sends Ctrl-A.\n"
    "SIGTERM, SIGINT or SIGHUP press the guest's power button; a second one\n"
    "kills it.\n"
    "\n"
    "Exit status: that of the release, 128+N when signal N ended it; 125 when\n"
    "the guest's kernel panics or cannot start a process; 126 when the "
    "release\n"
    "cannot be started; 1 when QEMU cannot run; 2 for wrong usage; 128+N when\n"
    "signal N made us kill QEMU.\n";

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

/* The index of (word) in (words); exits 2 when it is none of them. */
static int choose(const char *option, const char *word,
                  const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (!strcmp(word, words[i]))
            return i;
    usage_error("run: %s '%s' is unknown", option, word);
}

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

static const char *option_name(int opt)
{
    const struct option *o = options;

    while (o->name && o->val != opt)
        o++;
    return o->name;
}

static void append_key(struct run_options *o, const char *key,
                       const char *value)
{
    if (o->append.len)
        buf_adds(&o->append, " ");
    quote_kernel(&o->append, key, value);
}

static void take_option(struct run_options *o, int opt, const char *value)
{
    static const char *const accels[] = {"auto", "kvm", "tcg", NULL};
    static const char *const machines[] = {"q35", "pc", "microvm", NULL};

    switch (opt) {
    case 'm':
        check_memory(value);
        o->qemu.memory = value;
        break;
    case 'p':
        if (forwards_add(&o->forwards, value))
            usage_error("run: -p '%s' is not [ADDR:]HOST:GUEST[/udp]", value);
        break;
    case OPT_SMP:
        check_cpus(value);
        o->qemu.cpus = value;
        break;
    case OPT_ACCEL:
        o->accel = (enum accel)choose("--accel", value, accels);
        break;
    case OPT_MACHINE:
        o->qemu.machine =
            (enum qemu_machine)choose("--machine", value, machines);
        break;
    case OPT_DIRECT:
        o->direct = true;
        break;
    case OPT_APPEND:
        take_append(o, value);
        break;
    case OPT_NETWORK:
    case OPT_MAC:
    case OPT_IP:
    case OPT_HOSTNAME:
    case OPT_ADD_HOST:
        network_option(&o->network, option_name(opt), value);
        break;
    case OPT_ENV:
        env_option_add(&o->env, "run", value);
        break;
    case OPT_ARG:
        check_line("--arg", value);
        strvec_push(&o->args, value);
        break;
    case OPT_CRASH_DUMP:
        o->qemu.crash_dump = value;
        break;
    case OPT_CONSOLE:
        o->qemu.console = true;
        break;
    case OPT_EVAL:
        check_line("--eval", value);
        append_key(o, "eval=", value);
        break;
    case OPT_RESTART:
        restart_option_check("run", value);
        append_key(o, "restart=", value);
        break;
    case OPT_QEMU:
        o->program = value;
        break;
    case OPT_DRY_RUN:
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

/* Move everything behind "--" to the arguments for QEMU; returns how many are
 * left. */
static int split_arguments(struct run_options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--"))
            continue;
        for (int k = i + 1; k < argc; k++)
            strvec_push(&o->extra, argv[k]);
        return i;
    }
    return argc;
}

static int run(int argc, char **argv)
{
    struct run_options o = {.program = QEMU,
                            .qemu = {.memory = "256M", .cpus = "1"}};
    int opt, status;

    argc = split_arguments(&o, argc, argv);
    opterr = 0;
    while ((opt = getopt_long(argc, argv, ":m:p:h", options, NULL)) != -1) {
        if (opt == 'h') {
            cmd_help(&cmd_run);
            return 0;
        }
        if (opt == '?' || opt == ':')
            cmd_bad_option(&cmd_run, opt, argv);
        take_option(&o, opt, optarg);
    }
    if (optind == argc)
        usage_error("run: which image?");
    if (argc - optind > 1)
        usage_error("run: only one image at a time: '%s' (arguments for QEMU "
                    "go behind --)",
                    argv[optind + 1]);
    if (o.forwards.n && o.network.kind != NETWORK_USER)
        usage_error("run: -p goes with --network user only: elsewhere the "
                    "guest has an address of its own");
    network_choose_mac(&o.network);
    o.qemu.image = argv[optind];
    o.direct |= o.qemu.machine == MACHINE_MICROVM;
    o.qemu.network = &o.network;
    o.qemu.forwards = &o.forwards;
    o.qemu.env = &o.env;
    o.qemu.args = &o.args;
    o.qemu.extra = &o.extra;
    o.qemu.append = buf_str(&o.append);
    status = prepare_and_run(&o);
    network_release(&o.network);
    forwards_release(&o.forwards);
    strvec_release(&o.env);
    strvec_release(&o.args);
    strvec_release(&o.extra);
    buf_release(&o.append);
    return status;
}

const struct command cmd_run = {
    .name = "run",
    .summary = "run an image in QEMU",
    .help = help,
    .run = run,
};
