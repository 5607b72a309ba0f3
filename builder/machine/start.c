/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash_dump.h"
#include "disk_image.h"
#include "file.h"
#include "kvm_probe.h"
#include "machine/detach.h"
#include "machine/dist.h"
#include "quote.h"
#include "report.h"
#include "tty.h"
#include "vm.h"

/* The kernel reads 4095 bytes, of which QEMU's microvm takes some. */
#define MAX_WORDS 3584

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

/* A file in memory, with a name QEMU can open.  -1, reported. */
static int memory_file(const char *name, char **path)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd < 0)
        return fail("cannot make a file in memory: %s", strerror(errno));
    *path = xasprintf("/proc/self/fd/%d", fd);
    return fd;
}

static int kernel_in_memory(const struct image *img, char **path)
{
    int fd = memory_file("kernel", path);

    if (fd >= 0 && image_copy_kernel(img, fd, "the kernel's copy")) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The words that are to stay out of sight, behind the others when the kernel
 * gets all of them there. */
static int words_in_memory(const struct qemu_options *q, char **path)
{
    char *words = q->kernel ? xstrdup("") : qemu_kernel_words(q);
    char *text = xasprintf("%s%s%s", words, *words ? " " : "", q->secret);
    int fd = memory_file("words", path);

    if (fd >= 0 && file_pwrite(fd, "a file in memory", text, strlen(text), 0)) {
        close(fd);
        fd = -1;
    }
    free(words);
    free(text);
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

/* ---- what to do with it ---- */

static int print_command(struct run_options *o, const struct image *img)
{
    char *kernel = NULL, *words = NULL;
    struct strvec argv = {0};
    struct buf line = {0};

    if (o->direct && kernel_in_file(img, &kernel)) {
        free(kernel);
        return 1;
    }
    o->qemu.kernel = kernel;
    o->qemu.qmp_fd = o->qemu.log_fd = o->qemu.size_fd = -1;
    o->qemu.console_fd = -1;
    /* in plain sight: nothing has started that it could be kept from */
    if (o->qemu.secret)
        o->qemu.append = words =
            xasprintf("%s%s%s", o->qemu.append, *o->qemu.append ? " " : "",
                      o->qemu.secret);
    o->qemu.secret = NULL;
    qemu_args_make(&o->qemu, &argv);
    for (size_t i = 0; i < argv.n; i++) {
        if (i)
            buf_adds(&line, " ");
        quote_shell(&line, argv.v[i]);
    }
    puts(buf_str(&line));
    buf_release(&line);
    strvec_release(&argv);
    free(words);
    free(kernel);
    return 0;
}

/* QEMU with the kernel and the words where they belong. */
static int run_qemu(struct run_options *o, const struct image *img,
                    struct vm *vm, struct keeper *k)
{
    int keep[] = {-1, -1, -1}, n = 0, status = 1;
    char *kernel = NULL, *words = NULL;
    struct strvec argv = {0};
    bool ok = true;

    if (o->direct)
        ok = (keep[n++] = kernel_in_memory(img, &kernel)) >= 0;
    o->qemu.kernel = kernel;
    o->qemu.qmp_fd = vm->qmp_child;
    o->qemu.log_fd = vm->log_child;
    o->qemu.size_fd = vm->size_child;
    o->qemu.console_fd = vm->console_child;
    if (ok && o->qemu.secret)
        ok = (keep[n++] = words_in_memory(&o->qemu, &words)) >= 0;
    if (ok) {
        o->qemu.secret_file = words;
        qemu_args_make(&o->qemu, &argv);
        status = vm_run(vm, argv.v, keep, k);
    }
    while (n)
        if (keep[--n] >= 0)
            close(keep[n]);
    strvec_release(&argv);
    free(words);
    free(kernel);
    return status;
}

/* With the crash dump's file around it. */
static int run_image(struct run_options *o, const struct image *img,
                     struct vm *vm, struct keeper *k)
{
    int status;

    if (o->qemu.crash_dump && crash_dump_prepare(o->qemu.crash_dump))
        return 1;
    status = run_qemu(o, img, vm, k);
    if (o->qemu.crash_dump && crash_dump_finish(o->qemu.crash_dump) && !status)
        status = 1;
    return status;
}

static int run_plain(struct run_options *o, const struct image *img)
{
    struct vm vm;
    int status = 1;

    if (vm_init(&vm, o->qemu.tty, false) == 0)
        status = run_image(o, img, &vm, NULL);
    vm_release(&vm);
    return status;
}

/* ---- machines that have a name ---- */

static void describe(const struct run_options *o, struct record *r)
{
    r->image = realpath(o->qemu.image, NULL);
    if (!r->image)
        r->image = xstrdup(o->qemu.image);
    r->memory = xstrdup(o->qemu.memory);
    r->cpus = xstrdup(o->qemu.cpus);
    for (size_t i = 0; i < o->ports.n; i++)
        strvec_push(&r->ports, o->ports.v[i]);
    r->started = time(NULL);
    r->pid = getpid();
    r->foreground = !o->detach;
}

/* Its node, and the port that leads there. */
static int add_node(struct run_options *o, const struct image *img,
                    const char *name, struct dist *d)
{
    char *port;

    if (dist_make(d, img, name, &o->env, &o->args))
        return -1;
    port = xasprintf("127.0.0.1:%u:%u", d->port, d->port);
    forwards_add(&o->forwards, port);
    strvec_take(&o->ports, port);
    o->qemu.secret = d->words;
    return 0;
}

static int run_keeper(struct run_options *o, const struct image *img,
                      struct keeper *k)
{
    int status = 1;

    if (o->detach)
        keeper_log(k, o->log_size);
    if (!o->detach || detach(k, &status)) {
        status = run_image(o, img, k->vm, k);
        keeper_end(k, status);
    } else if (status == 0) {
        puts(k->machine->name);
    }
    return status;
}

static int run_machine(struct run_options *o, const struct image *img,
                       struct machine *m, struct record *r)
{
    struct keeper k;
    struct vm vm;
    bool ready = vm_init(&vm, o->qemu.tty || o->detach, o->detach) == 0;
    int status = 1;

    if (ready) {
        ready = keeper_init(&k, m, r, &vm) == 0;
        if (ready)
            status = run_keeper(o, img, &k);
        keeper_release(&k);
    }
    vm_release(&vm);
    if (!ready)
        machine_remove(m);
    return status;
}

static int run_with_node(struct run_options *o, const struct image *img,
                         struct machine *m, struct record *r)
{
    struct dist d = {0};
    int status = 1;

    if (add_node(o, img, m->name, &d) == 0 && dist_keep(&d, m) == 0) {
        r->node = xstrdup(d.node);
        r->port = d.port;
        r->elixir = d.elixir;
        describe(o, r);
        status = run_machine(o, img, m, r);
    } else {
        machine_remove(m);
    }
    dist_release(&d);
    return status;
}

static int run_named(struct run_options *o, const struct image *img,
                     const char *name)
{
    struct machine m = {.dir = -1, .lock = -1};
    struct record r = {0};
    int status = 1;

    if (machine_take(&m, name) == 0) {
        if (o->dist) {
            status = run_with_node(o, img, &m, &r);
        } else {
            describe(o, &r);
            status = run_machine(o, img, &m, &r);
        }
    }
    record_release(&r);
    machine_close(&m);
    return status;
}

static int print_with_node(struct run_options *o, const struct image *img,
                           const char *name)
{
    struct dist d = {0};
    int status = add_node(o, img, name, &d) ? 1 : print_command(o, img);

    dist_release(&d);
    return status;
}

/* ---- checks ---- */

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

static int check_qmp(const char *path)
{
    struct stat st;

    if (path && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return fail("cannot make the socket '%s': there is a file of that name",
                    path);
    return 0;
}

static int check_host(struct run_options *o)
{
    return network_check(&o->network) || forwards_check(&o->forwards) ||
                   disks_check(&o->disks, o->qemu.image) ||
                   check_qmp(o->qemu.qmp_path)
               ? -1
               : 0;
}

/* What the guest cannot see through a serial line. */
static void take_terminal(struct run_options *o)
{
    o->qemu.tty = !o->detach && isatty(STDIN_FILENO);
    if (!o->qemu.tty)
        return;
    o->qemu.term = getenv("TERM");
    tty_size(&o->qemu.columns, &o->qemu.rows);
}

static int start_now(struct run_options *o, const struct image *img)
{
    char *name;
    int status = 1;

    if (!o->dist && o->dry_run)
        return print_command(o, img);
    if (!o->dist && !o->name && !o->detach)
        return run_plain(o, img);
    name = o->name ? xstrdup(o->name) : machine_name_for(o->qemu.image);
    if (name && !o->name && !o->detach)
        fprintf(stderr, "unibeam: the machine is called %s\n", name);
    if (name)
        status = o->dry_run ? print_with_node(o, img, name)
                            : run_named(o, img, name);
    free(name);
    return status;
}

static int start_image(struct run_options *o, const struct image *img)
{
    char *program = find_program(o->program);
    int status = 1;

    if (o->dry_run)
        disks_guess(&o->disks);
    if (program && (o->dry_run || check_host(o) == 0) && choose_accel(o) == 0) {
        o->qemu.qemu = program;
        o->qemu.baked = img->cmdline;
        take_terminal(o);
        status = start_now(o, img);
    }
    free(program);
    return status;
}

/* What is inside of another format only QEMU can read. */
static int open_image(struct run_options *o, struct image *img)
{
    const char *format = disk_probe(o->qemu.image);

    *img = (struct image){.fd = -1};
    o->qemu.format = format ? format : "raw";
    if (!strcmp(o->qemu.format, "raw"))
        return image_open(img, o->qemu.image);
    if (o->direct || o->dist)
        return fail("cannot look into '%s', which is %s: give the raw image, "
                    "or leave out %s",
                    o->qemu.image, format,
                    o->dist ? "--dist" : "--direct and --machine microvm");
    return 0;
}

int start_machine(struct run_options *o)
{
    struct image img;
    int status = 1;

    if (open_image(o, &img) == 0) {
        check_words(o, &img);
        status = start_image(o, &img);
    }
    image_close(&img);
    return status;
}
