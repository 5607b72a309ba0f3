/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kvm_probe.h"
#include "osv/machine.h"
#include "osv/payload.h"
#include "report.h"

/* The last command makes what is written from then on uncompressed.  When
 * something goes wrong the machine is to end, not to stand still. */
#define UPLOAD                                                                 \
    "--norandom --noinit --power-off-on-abort /tools/cpiod.so; "               \
    "/zfs.so set compression=off osv"

#define DEFAULT_TIMEOUT 120

struct build {
    const struct osv_options *o;
    enum progress_kind progress;
    struct osv_payload payload;
    struct osv_disk disk;
    char *command;
};

static int choose_accel(const struct osv_options *o, struct osv_machine *m)
{
    struct kvm_answer kvm = {0};

    if (o->accel != OSV_ACCEL_TCG)
        kvm_probe(&kvm);
    if (o->accel == OSV_ACCEL_KVM && !kvm.works)
        return fail("cannot use --accel kvm: %s", kvm.why);
    if (kvm.works && (o->accel == OSV_ACCEL_KVM || !kvm.slow))
        m->kvm_cpu = kvm.cpu;
    else if (kvm.why)
        note("OSv runs without KVM for this, which is slow: %s", kvm.why);
    return 0;
}

static int upload(struct build *b)
{
    struct osv_machine m = {.qemu = b->o->qemu ? b->o->qemu : OSV_QEMU_PROGRAM,
                            .name = b->payload.output,
                            .disk = b->disk.fd,
                            .timeout = b->o->timeout ? b->o->timeout
                                                     : DEFAULT_TIMEOUT};
    struct cpio cpio = {.write = osv_machine_write, .to = &m};
    int r = -1;

    if (choose_accel(b->o, &m) == 0 && osv_machine_start(&m) == 0) {
        progress_start(b->progress, "sending", b->payload.release.bytes);
        r = osv_payload_send(&b->payload, &cpio) || osv_machine_finish(&m);
        if (!r)
            progress_end();
    }
    osv_machine_release(&m);
    return r ? -1 : 0;
}

static int make_image(struct build *b)
{
    struct osv_disk *d = &b->disk;

    return osv_disk_open(d, b->o->base, b->payload.output, b->o->format) ||
                   osv_disk_set_cmdline(d, UPLOAD) || upload(b) ||
                   osv_disk_set_cmdline(d, b->command) || osv_disk_finish(d)
               ? -1
               : 0;
}

static void print_summary(const struct build *b)
{
    const struct osv_payload *p = &b->payload;
    const struct release *r = &p->release;

    printf("%s: %.1f MiB (%s)\n", p->output, (double)b->disk.bytes / (1 << 20),
           osv_format_name(b->disk.format));
    printf("  release  %s %s (%s, erts %s): %zu files, %.1f MiB\n", r->rel.name,
           r->version, release_layout_name(r), r->erts, r->files,
           (double)r->bytes / (1 << 20));
    printf("  base     %s\n", b->o->base);
    printf("  starter  %s\n", p->starter ? p->starter : "the base image's");
    printf("  command  %s\n", b->command);
}

static int run(struct build *b, const char *release, const char *output,
               bool quiet)
{
    if (osv_payload_open(&b->payload, b->o, release, output))
        return -1;
    b->command = osv_payload_command(&b->payload, b->o);
    if (strlen(b->command) >= OSV_MAX_CMDLINE)
        return fail("OSv's command line would have %zu bytes, and can have %d",
                    strlen(b->command), OSV_MAX_CMDLINE - 1);
    if (make_image(b))
        return -1;
    if (!quiet && b->progress != PROGRESS_NUMERIC)
        print_summary(b);
    if (fflush(stdout) || ferror(stdout))
        return fail("cannot write the summary: %s", strerror(errno));
    return 0;
}

int osv_build(const struct osv_options *o, const char *release,
              const char *output, bool quiet, enum progress_kind progress)
{
    struct build b = {
        .o = o, .progress = progress, .disk = {.out = {.fd = -1}, .fd = -1}};
    int r;

    progress_begin();
    r = run(&b, release, output, quiet);
    osv_disk_close(&b.disk);
    osv_payload_close(&b.payload);
    free(b.command);
    return r;
}
