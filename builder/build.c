/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "build.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/initconf.h"
#include "busybox.h"
#include "disk_image.h"
#include "elf_closure.h"
#include "etc_files.h"
#include "extra_files.h"
#include "init_conf.h"
#include "input.h"
#include "manifest.h"
#include "mount_option.h"
#include "output.h"
#include "quote.h"
#include "release.h"
#include "report.h"
#include "runtime_files.h"
#include "shell_need.h"
#include "summary.h"

#define INIT "/sbin/init"

struct build {
    const struct build_options *o;
    struct findings *findings; /* NULL: what is wrong is said at once */
    struct sysroot sysroot;
    struct input input;
    struct release release;
    struct tree tree;
    struct closure closure;
    struct boot_files boot;
    struct shell_need need;
    struct strvec extra; /* guest paths of what --file brought */
    char *shell_reason;  /* NULL: no shell */
    char *hostname;
    char *output;
    time_t when;
    uint64_t bytes;
};

/* ---- settings ---- */

/* A host name from the release's: letters, digits and hyphens. */
static char *default_hostname(const char *name)
{
    char *host = xstrdup(name);
    size_t len = 0;

    for (const char *p = name; *p && len < 63; p++) {
        if (isalnum((unsigned char)*p))
            host[len++] = (char)tolower((unsigned char)*p);
        else if (len && host[len - 1] != '-')
            host[len++] = '-';
    }
    while (len && host[len - 1] == '-')
        len--;
    host[len] = '\0';
    if (!len) {
        free(host);
        host = xstrdup("unibeam");
    }
    return host;
}

/* The one time stamp of everything in the image. */
static int choose_time(struct build *b)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    long long v;
    char *end;

    b->when = b->release.newest.tv_sec;
    if (!epoch || !*epoch)
        return 0;
    errno = 0;
    v = strtoll(epoch, &end, 10);
    if (errno || *end || v < 0 || v > 0x3ffffffffLL)
        return fail("SOURCE_DATE_EPOCH '%s' is not a time in seconds", epoch);
    b->when = (time_t)v;
    return 0;
}

static void settle_names(struct build *b)
{
    const char *name = b->release.rel.name;

    b->hostname =
        b->o->hostname ? xstrdup(b->o->hostname) : default_hostname(name);
    b->output =
        b->o->output ? xstrdup(b->o->output) : xasprintf("%s.img", name);
}

/* ---- contents ---- */

/* Before everything else: who asks for a file wants that one. */
static int add_extra(struct build *b)
{
    return extra_files_add(&b->release, &b->tree, &b->o->files, &b->extra);
}

/* A file system needs a directory to be mounted on; what is in memory then has
 * those made by the kernel. */
static int add_mount_points(struct build *b)
{
    int r = 0;

    for (size_t i = 0; i < b->o->mounts.n && !r; i++) {
        char *path = mount_option_path(b->o->mounts.v[i]);

        r = tree_dir(&b->tree, path, "asked for with --mount") ? 0 : -1;
        free(path);
    }
    return r;
}

static int add_release(struct build *b)
{
    struct release *r = &b->release;

    r->findings = b->findings;
    if (release_copy(r, &b->tree, b->output) ||
        release_complete(r, &b->tree, b->o->erts) || choose_time(b))
        return -1;
    for (size_t i = 0; i < r->left_out.n && i < 8; i++)
        if (!strstr(r->left_out.v[i], "link librar") &&
            !strstr(r->left_out.v[i], ": headers"))
            note("left out: %s", r->left_out.v[i]);
    return 0;
}

static char *emulator_path(const struct build *b)
{
    static const char *const names[] = {"beam.smp", "beam"};
    char *path = NULL;

    for (size_t i = 0; i < 2 && !path; i++) {
        path = xasprintf("%s/erts-%s/bin/%s", b->release.root, b->release.erts,
                         names[i]);
        if (!tree_find(&b->tree, path, true)) {
            free(path);
            path = NULL;
        }
    }
    return path;
}

static int add_init(struct build *b)
{
    struct stat st;

    if (!b->boot.init)
        return 0; /* nothing is to be started */
    if (stat(b->boot.init, &st))
        return fail("cannot read '%s': %s", b->boot.init, strerror(errno));
    if (!tree_file(&b->tree, INIT, b->boot.init, &st, "process 1"))
        return -1;
    tree_find(&b->tree, INIT, true)->mode = 0755;
    return closure_add(&b->closure, INIT);
}

static int add_emulator(struct build *b)
{
    char *emulator = emulator_path(b);
    int r;

    /* said already where that is no reason to stop */
    if (!emulator && b->findings)
        return 0;
    if (!emulator)
        return fail("release '%s' has no emulator (erts-%s/bin/beam.smp)",
                    b->release.dir, b->release.erts);
    r = closure_set_runtime(&b->closure, emulator) ||
        closure_add(&b->closure, emulator);
    free(emulator);
    return r;
}

static int follow_extra(struct build *b, const char *path)
{
    struct node *n = tree_find(&b->tree, path, true);

    return n->type == NODE_DIR ? closure_add_tree(&b->closure, n)
                               : closure_add(&b->closure, path);
}

static int add_programs(struct build *b)
{
    struct node *app = tree_find(&b->tree, INITCONF_ROOT, true);
    int r =
        add_emulator(b) || add_init(b) || closure_add_tree(&b->closure, app);

    if (!r && b->release.layout == RELEASE_GLEAM)
        r = closure_add_tree(&b->closure,
                             tree_find(&b->tree, b->release.root, true));
    for (size_t i = 0; i < b->extra.n && !r; i++)
        r = follow_extra(b, b->extra.v[i]);
    closure_report_foreign(&b->closure);
    return r ? -1 : 0;
}

/* What speaks for a shell, or NULL. */
static char *shell_reason(const struct build *b)
{
    const struct shell_need *n = &b->need;
    bool script = b->release.envsh || b->release.pre_start;

    if (b->o->shell == SHELL_YES)
        return xstrdup("asked for with --shell");
    if (n->os_mon)
        return xstrdup("os_mon is in the release");
    if (script)
        return release_script_reason(&b->release);
    if (n->heart)
        return xstrdup("vm.args says -heart");
    if (n->callers.n == 1)
        return xstrdup(n->callers.v[0]);
    if (n->callers.n)
        return xasprintf("%s, and %zu more", n->callers.v[0], n->callers.n - 1);
    return NULL;
}

/* What may need a shell, but cannot be told from outside. */
static void hint_at_shell(const struct shell_need *n)
{
    if (n->spawners.n)
        shell_need_spawner(NULL, n->spawners.v[0]);
    if (n->nscripts)
        shell_need_script(NULL, &n->script[0]);
}

static int add_shell(struct build *b)
{
    const struct node *app = tree_find(&b->tree, INITCONF_ROOT, true);
    const char *vmargs = b->release.vmargs;
    char *reason;
    int r;

    if (b->release.layout != RELEASE_GLEAM)
        app = tree_child(app, "lib");
    if (shell_need_scan(&b->need, app) ||
        (vmargs &&
         shell_need_vmargs(&b->need, tree_find(&b->tree, vmargs, true))))
        return -1;
    reason = shell_reason(b);
    if (!reason) {
        if (!b->findings)
            hint_at_shell(&b->need);
        return 0;
    }
    if (b->o->shell == SHELL_NO) {
        struct finding_of of = {.severity = FINDING_WARNING, .id = "no-shell"};

        if (b->findings)
            of.remedy = "build it without --no-shell";
        finding(b->findings, &of, "no shell, although %s", reason);
        free(reason);
        release_drop_scripts(&b->release);
        return 0;
    }
    r = busybox_add(&b->closure, b->o->busybox, reason, b->need.os_mon);
    b->shell_reason = reason;
    return r;
}

static int add_data(struct build *b, const char *path, struct buf *content,
                    const char *why)
{
    struct node *n =
        tree_data(&b->tree, path, buf_str(content), content->len, why);

    buf_release(content);
    return n ? 0 : -1;
}

static int add_settings(struct build *b)
{
    struct init_settings s = {.hostname = b->hostname,
                              .grace = b->o->grace,
                              .console = b->o->console,
                              .restart = b->o->restart,
                              .env = &b->o->env};
    struct buf conf = {0}, manifest = {0};

    if (init_conf_write(&b->release, &s, &conf) ||
        add_data(b, INITCONF_PATH, &conf, "what process 1 starts"))
        return -1;
    manifest_write(&b->release, &b->tree, b->shell_reason, &manifest);
    return add_data(b, MANIFEST_PATH, &manifest, "what is in the image");
}

static int fill_tree(struct build *b)
{
    tree_init(&b->tree);
    closure_init(&b->closure, &b->sysroot, &b->tree, b->o->allow_missing);
    b->closure.findings = b->findings;
    return etc_add_dirs(&b->tree, &b->sysroot) || add_extra(b) ||
                   add_release(b) || add_mount_points(b) || add_programs(b) ||
                   add_shell(b) || runtime_add_files(&b->closure) ||
                   runtime_add_cache(&b->closure) ||
                   etc_add_files(&b->tree, b->hostname) || add_settings(b)
               ? -1
               : 0;
}

/* ---- the image ---- */

static int write_image(struct build *b)
{
    struct image_parts parts = {.boot = &b->boot,
                                .cmdline = b->o->append ? b->o->append : "",
                                .root = &b->tree,
                                .when = b->when,
                                .progress = b->o->progress,
                                .name = b->output};
    struct output out;
    int r;

    if (output_open(&out, b->output))
        return -1;
    r = image_write(&parts, out.fd, out.temp, &b->bytes) || output_commit(&out);
    output_close(&out);
    return r ? -1 : 0;
}

static void print_summary(struct build *b)
{
    struct summary s = {.release = &b->release,
                        .tree = &b->tree,
                        .from = sysroot_name(&b->sysroot),
                        .shell_reason = b->shell_reason,
                        .image = b->output,
                        .bytes = b->bytes,
                        .kernel = b->boot.kernel.len};

    summary_print(&s, b->o->verbose);
}

static int gather(struct build *b)
{
    if (sysroot_init(&b->sysroot, b->o->sysroot ? b->o->sysroot : "/") ||
        input_open(&b->input, b->o->release) ||
        release_open(&b->release, b->input.dir, b->o->erts))
        return -1;
    settle_names(b);
    return fill_tree(b);
}

static int run(struct build *b)
{
    if (boot_files_read(&b->boot, &b->o->boot) || gather(b) || write_image(b))
        return -1;
    if (!b->o->quiet && b->o->progress != PROGRESS_NUMERIC)
        print_summary(b);
    if (fflush(stdout) || ferror(stdout))
        return fail("cannot write the summary: %s", strerror(errno));
    return 0;
}

static void release_all(struct build *b)
{
    closure_release(&b->closure);
    tree_release(&b->tree);
    shell_need_release(&b->need);
    release_close(&b->release);
    strvec_release(&b->extra);
    input_close(&b->input);
    sysroot_release(&b->sysroot);
    boot_files_release(&b->boot);
    free(b->shell_reason);
    free(b->hostname);
    free(b->output);
}

int build_image(const struct build_options *o)
{
    struct build b = {.o = o};
    int r;

    progress_begin();
    r = run(&b);

    release_all(&b);
    return r;
}

int build_examine(const struct build_options *o, struct findings *found,
                  void (*look)(const struct build_view *view, void *ctx),
                  void *ctx)
{
    struct build b = {.o = o, .findings = found};
    struct build_view view = {.release = &b.release,
                              .sysroot = &b.sysroot,
                              .tree = &b.tree,
                              .closure = &b.closure,
                              .need = &b.need};
    int r = gather(&b);

    view.shell_reason = b.shell_reason;
    if (!r)
        look(&view, ctx);
    release_all(&b);
    return r;
}
