/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "qemu_args.h"

#include <stdlib.h>
#include <string.h>

#include "abi/machine.h"
#include "crash_dump.h"
#include "quote.h"

/* Two words of the command line. */
static void add(struct strvec *argv, const char *option, const char *value)
{
    strvec_push(argv, option);
    strvec_push(argv, value);
}

static bool on_pci(const struct qemu_options *o)
{
    return o->machine != MACHINE_MICROVM;
}

static void add_machine(const struct qemu_options *o, struct strvec *argv)
{
    static const char *const names[] = {
        [MACHINE_Q35] = "q35",
        [MACHINE_PC] = "pc",
        [MACHINE_MICROVM] = "microvm,acpi=on,isa-serial=on",
    };

    add(argv, "-M", names[o->machine]);
    add(argv, "-accel", o->kvm_cpu ? "kvm" : "tcg,thread=multi");
    add(argv, "-cpu", o->kvm_cpu ? o->kvm_cpu : "max");
    add(argv, "-m", o->memory);
    add(argv, "-smp", o->cpus);
    strvec_push(argv, "-nodefaults");
    strvec_push(argv, "-no-user-config");
    strvec_push(argv, "-no-reboot");
    add(argv, "-display", "none");
}

static void add_terminal(const struct qemu_options *o, struct buf *b)
{
    if (o->console)
        buf_adds(b, " console.shell=yes");
    /* A shell behind a pipe: nothing to edit on, nobody to ask for the size. */
    if (o->console && !o->tty && o->console_fd < 0)
        buf_adds(b, " env.TERM=dumb console.size=80x24");
    /* No terminal yet: who attaches one tells its size. */
    if (o->console_fd >= 0)
        buf_adds(b, " console.size=80x24 console.resize=" MACHINE_SIZE_DEVICE);
    if (!o->tty)
        return;
    if (o->term && *o->term)
        quote_kernel(b, " env.TERM=", o->term);
    if (o->columns)
        buf_addf(b, " console.size=%ux%u", o->columns, o->rows);
    if (o->size_fd >= 0)
        buf_adds(b, " console.resize=" MACHINE_SIZE_DEVICE);
}

char *qemu_kernel_words(const struct qemu_options *o)
{
    struct buf b = {0};

    if (o->kernel && o->baked && *o->baked)
        buf_addf(&b, "%s ", o->baked);
    buf_addf(&b, "exit.port=0x%x exit.log=0x%x", MACHINE_EXIT_PORT,
             MACHINE_EXIT_LOG_PORT);
    if (o->crash_dump)
        buf_adds(&b, " env.ERL_CRASH_DUMP=" CRASH_DUMP_DEVICE);
    add_terminal(o, &b);
    for (size_t i = 0; i < o->env->n; i++) {
        const char *eq = strchr(o->env->v[i], '=');
        char *key =
            xasprintf(" env.%.*s=", (int)(eq - o->env->v[i]), o->env->v[i]);

        quote_kernel(&b, key, eq + 1);
        free(key);
    }
    for (size_t i = 0; i < o->args->n; i++)
        quote_kernel(&b, " arg=", o->args->v[i]);
    network_words(o->network, &b);
    if (o->append && *o->append)
        buf_addf(&b, " %s", o->append);
    return buf_take(&b);
}

static void add_boot(const struct qemu_options *o, struct strvec *argv)
{
    char *words = qemu_kernel_words(o);
    struct buf b = {0};

    if (o->kernel) {
        add(argv, "-kernel", o->kernel);
        add(argv, "-append", words);
    }
    if (o->secret) {
        buf_adds(&b, "name=" FWCFG_CMDLINE ",file=");
        quote_qemu(&b, o->secret_file);
    } else if (!o->kernel) {
        buf_adds(&b, "name=" FWCFG_CMDLINE ",string=");
        quote_qemu(&b, words);
    }
    if (b.len)
        add(argv, "-fw_cfg", buf_str(&b));
    buf_release(&b);
    free(words);
}

static void add_disk(const struct qemu_options *o, struct strvec *argv)
{
    struct buf b = {0};

    /* read-only: the root file system is, and several may share the image */
    buf_addf(&b, "if=none,id=hd0,format=%s,read-only=on,file=", o->format);
    quote_qemu(&b, o->image);
    add(argv, "-drive", buf_str(&b));
    if (!on_pci(o))
        add(argv, "-device", "virtio-blk-device,drive=hd0");
    else if (o->kernel)
        add(argv, "-device", "virtio-blk-pci,drive=hd0,disable-legacy=on");
    else
        add(argv, "-device",
            "virtio-blk-pci,drive=hd0,disable-legacy=on,bootindex=0");
    buf_release(&b);
}

static void add_crash_dump(const struct qemu_options *o, struct strvec *argv)
{
    struct buf b = {0};

    buf_adds(&b, "if=none,id=crash,format=raw,file=");
    quote_qemu(&b, o->crash_dump);
    add(argv, "-drive", buf_str(&b));
    add(argv, "-device",
        on_pci(o) ? "virtio-blk-pci,drive=crash,disable-legacy=on,"
                    "serial=" CRASH_DUMP_SERIAL
                  : "virtio-blk-device,drive=crash,serial=" CRASH_DUMP_SERIAL);
    buf_release(&b);
}

static void add_disks(const struct qemu_options *o, struct strvec *argv)
{
    struct buf b = {0};

    for (size_t i = 0; i < o->disks->n; i++) {
        const struct disk *d = &o->disks->v[i];

        buf_addf(&b, "if=none,id=disk%zu,format=%s,%sfile=", i, d->format,
                 d->read_only ? "read-only=on," : "");
        quote_qemu(&b, d->file);
        add(argv, "-drive", buf_str(&b));
        buf_trim(&b, 0);
        buf_addf(&b,
                 on_pci(o) ? "virtio-blk-pci,drive=disk%zu,disable-legacy=on"
                           : "virtio-blk-device,drive=disk%zu",
                 i);
        if (d->serial)
            buf_addf(&b, ",serial=%s", d->serial);
        add(argv, "-device", buf_str(&b));
        buf_trim(&b, 0);
    }
    buf_release(&b);
}

static void add_card(const struct qemu_options *o, struct strvec *argv)
{
    struct buf b = {0};

    network_format(o->network, o->forwards, &b);
    add(argv, "-netdev", buf_str(&b));
    buf_trim(&b, 0);
    /* no romfile: nothing here boots from the network */
    buf_adds(&b, on_pci(o)
                     ? "virtio-net-pci,netdev=n0,disable-legacy=on,romfile="
                     : "virtio-net-device,netdev=n0");
    if (*o->network->mac)
        buf_addf(&b, ",mac=%s", o->network->mac);
    add(argv, "-device", buf_str(&b));
    buf_release(&b);
}

static void add_devices(const struct qemu_options *o, struct strvec *argv)
{
    /* microvm's transport speaks the old dialect unless told otherwise */
    if (!on_pci(o))
        add(argv, "-global", "virtio-mmio.force-legacy=false");
    add_disk(o, argv);
    if (o->crash_dump)
        add_crash_dump(o, argv);
    add_disks(o, argv);
    add_card(o, argv);
    add(argv, "-device",
        on_pci(o) ? "virtio-rng-pci,disable-legacy=on" : "virtio-rng-device");
}

static void add_console(const struct qemu_options *o, struct strvec *argv)
{
    if (o->console_fd >= 0) {
        strvec_push(argv, "-chardev");
        strvec_pushf(argv, "socket,id=con,fd=%d", o->console_fd);
    } else if (o->tty) {
        add(argv, "-chardev", "stdio,id=con,mux=on,signal=off");
        add(argv, "-mon", "chardev=con,mode=readline");
    } else {
        add(argv, "-chardev", "stdio,id=con,signal=off");
    }
    add(argv, "-serial", "chardev:con");
    if (o->size_fd >= 0) {
        strvec_push(argv, "-chardev");
        strvec_pushf(argv, "socket,id=size,fd=%d", o->size_fd);
        add(argv, "-device", "isa-serial,index=1,chardev=size");
    }
}

static void add_control(const struct qemu_options *o, struct strvec *argv)
{
    char *port =
        xasprintf("isa-debug-exit,iobase=0x%x,iosize=0x4", MACHINE_EXIT_PORT);
    char *log = xasprintf("isa-debugcon,iobase=0x%x,chardev=log",
                          MACHINE_EXIT_LOG_PORT);
    char *to = o->log_fd >= 0 ? xasprintf("socket,id=log,fd=%d", o->log_fd)
                              : xstrdup("null,id=log");

    add(argv, "-chardev", to);
    add(argv, "-device", log);
    add(argv, "-device", port);
    if (o->qmp_fd >= 0) {
        strvec_push(argv, "-chardev");
        strvec_pushf(argv, "socket,id=qmp,fd=%d", o->qmp_fd);
        add(argv, "-mon", "chardev=qmp,mode=control");
    }
    if (o->qmp_path) {
        struct buf b = {0};

        buf_adds(&b, "socket,id=qmp2,server=on,wait=off,path=");
        quote_qemu(&b, o->qmp_path);
        add(argv, "-chardev", buf_str(&b));
        add(argv, "-mon", "chardev=qmp2,mode=control");
        buf_release(&b);
    }
    free(to);
    free(log);
    free(port);
}

void qemu_args_make(const struct qemu_options *o, struct strvec *argv)
{
    strvec_push(argv, o->qemu);
    add_machine(o, argv);
    add_boot(o, argv);
    add_devices(o, argv);
    add_console(o, argv);
    add_control(o, argv);
    for (size_t i = 0; i < o->extra->n; i++)
        strvec_push(argv, o->extra->v[i]);
}
