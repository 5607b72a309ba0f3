/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Compiled code: whether the emulator takes it, whether its NIFs are there, and
 * what it runs.
 */
#include <stdlib.h>
#include <string.h>

#include "beam.h"
#include "check/archive.h"
#include "check/check_priv.h"
#include "check/command_word.h"
#include "file.h"
#include "otp_apps.h"
#include "otp_version.h"

#define MAX_MODULE   (256u << 20)
#define MAX_ARCHIVED (32u << 20) /* a small file may become a large module */

struct module {
    struct check *check;
    const char *path;
    const char *app_name;   /* of what is above ebin, or NULL */
    const struct node *app; /* that, where it is a directory */
    bool of_otp;            /* of the run-time system's applications */
    struct beam_info info;
    const struct buf *file;
};

static void check_age(const struct module *m)
{
    struct check *c = m->check;
    unsigned max = otp_max_opcode(c->otp);
    unsigned needs = otp_of_opcode(m->info.max_opcode);
    struct finding_of of = {.severity = FINDING_ERROR,
                            .id = "newer-code",
                            .where = m->path,
                            .remedy = "compile them with the OTP of the "
                                      "release, or make it with theirs"};

    if (!max || m->info.max_opcode <= max)
        return;
    if (needs)
        finding(&c->found, &of,
                "modules need OTP %u or later, the release's is %u", needs,
                c->otp);
    else
        finding(&c->found, &of,
                "modules need a newer OTP than the release's, %u", c->otp);
}

/* A library, for whatever system. */
static bool has_library(const struct node *dir, const char *name)
{
    for (size_t i = 0; i < dir->nchild; i++) {
        const struct node *n = dir->child[i];

        if (n->type == NODE_DIR ? has_library(n, name)
                                : (name ? !strcmp(n->name, name)
                                        : strstr(n->name, ".so") != NULL))
            return true;
    }
    return false;
}

static void check_nif(const struct module *m)
{
    struct finding_of of = {.severity = FINDING_WARNING,
                            .id = "no-nif",
                            .role = "loaded by",
                            .where = m->info.module,
                            .remedy = "have its native part compiled before "
                                      "the release is made"};

    if (m->info.loads_nif && m->app_name &&
        !(m->app && has_library(m->app, NULL)))
        finding(&m->check->found, &of, "there is no NIF in '%s'", m->app_name);
}

/* ---- what it runs ---- */

static bool names_driver(const struct module *m, const char *name)
{
    char *file = xasprintf("%s.so", name);
    bool yes = m->info.loads_drivers || (m->app && has_library(m->app, file));

    free(file);
    return yes;
}

static void check_program(const struct module *m, const struct beam_command *b)
{
    struct check *c = m->check;
    char *word =
        b->kind == BEAM_EXECUTABLE ? xstrdup(b->text) : command_word(b->text);
    char *where = xasprintf("%s: \"%s\"", m->info.module, b->text);
    struct finding_of of = {.severity = FINDING_WARNING,
                            .id = "no-program",
                            .role = "run by",
                            .where = where,
                            .remedy = "put it into the image with --file, or "
                                      "do without"};

    if (word && !strcmp(path_base(word), "sh"))
        of.remedy = "pass --shell";
    if (word && !command_of_other_system(word) && !check_has_program(c, word))
        finding(&c->found, &of, "there is no program '%s' in the image", word);
    free(where);
    free(word);
}

static void lacks_shell(const struct module *m, const char *how)
{
    struct finding_of of = {.severity = FINDING_WARNING,
                            .id = "no-shell",
                            .where = m->info.module,
                            .remedy = "pass --shell"};

    finding(&m->check->found, &of, "commands are run by %s, without a shell",
            how);
}

/* Returns whether a command by open_port({spawn, ...}) was found. */
static bool check_commands(const struct module *m)
{
    bool shell = check_has_shell(m->check), spawns = false;
    struct beam_commands all;

    beam_commands(buf_str((struct buf *)(uintptr_t)m->file), m->file->len,
                  &all);
    for (size_t i = 0; i < all.n; i++) {
        const struct beam_command *b = &all.v[i];

        if (b->kind == BEAM_SPAWN && names_driver(m, b->text))
            continue;
        if (b->kind == BEAM_SPAWN)
            spawns = true;
        if (b->kind == BEAM_EXECUTABLE || shell)
            check_program(m, b);
    }
    beam_commands_release(&all);
    return spawns;
}

/* Mix and its tasks are for development; what is without a shell in lib/ is
 * known already. */
static void check_runs(const struct module *m)
{
    struct check *c = m->check;
    bool shell = check_has_shell(c), spawns;

    if (!m->info.runs_programs || !strncmp(m->info.module, "Elixir.Mix.", 11))
        return;
    spawns = check_commands(m);
    if (shell)
        return;
    if (m->info.shell_by && !c->view->need->callers.n)
        lacks_shell(m, m->info.shell_by);
    if (spawns)
        lacks_shell(m, "open_port({spawn, ...})");
    else if (m->info.says_spawn && !m->info.loads_drivers)
        shell_need_spawner(&c->found, m->info.module);
}

static void check_code(struct module *m)
{
    const char *why;

    m->of_otp =
        m->app_name && otp_apps_has(m->app_name, strcspn(m->app_name, "-"));
    if (beam_parse(buf_str((struct buf *)(uintptr_t)m->file), m->file->len,
                   &m->info, &why))
        return;
    check_age(m);
    if (!m->of_otp) {
        check_nif(m);
        check_runs(m);
    }
}

static void check_module(struct check *c, const struct node *n)
{
    char *path = tree_path(n);
    struct buf file = {0};
    struct module m = {.check = c, .path = path, .file = &file};

    if (!strcmp(n->parent->name, "ebin")) {
        m.app = n->parent->parent;
        m.app_name = m.app->name;
    }
    if (!file_try_read(n->host, MAX_MODULE, &file))
        check_code(&m);
    buf_release(&file);
    free(path);
}

/* ---- archives ---- */

struct archive_of {
    struct check *check;
    const struct node *node;
    const char *path;
};

/* Libraries cannot be loaded from an archive: OTP's code server looks for priv
 * in a directory of the application's name beside it, too. */
static void check_archived(void *ctx, const char *name, const struct buf *file)
{
    const struct archive_of *a = ctx;
    char *path = path_join(a->path, name);
    char *ebin = path_parent(name), *above = path_parent(ebin);
    struct module m = {.check = a->check, .path = path, .file = file};

    if (!strcmp(path_base(ebin), "ebin")) {
        m.app_name = path_base(above);
        m.app = tree_child(a->node->parent, m.app_name);
        if (m.app && m.app->type != NODE_DIR)
            m.app = NULL;
    }
    check_code(&m);
    free(above);
    free(ebin);
    free(path);
}

static void check_archive(struct check *c, const struct node *n)
{
    char *path = tree_path(n), *why = NULL;
    struct archive_of a = {.check = c, .node = n, .path = path};
    struct finding_of of = {.severity = FINDING_WARNING,
                            .id = "damaged-file",
                            .where = path,
                            .remedy = "make the release again"};

    if (archive_modules(n->host, MAX_ARCHIVED, check_archived, &a, &why))
        finding(&c->found, &of, "an archive of code cannot be read: %s", why);
    free(why);
    free(path);
}

static void check_dir(struct check *c, const struct node *dir)
{
    for (size_t i = 0; i < dir->nchild; i++) {
        const struct node *n = dir->child[i];

        if (n->type == NODE_DIR)
            check_dir(c, n);
        else if (n->type != NODE_FILE || !n->host)
            continue;
        else if (path_ends_with(n->name, ".beam"))
            check_module(c, n);
        else if (path_ends_with(n->name, ".ez"))
            check_archive(c, n);
    }
}

void check_modules(struct check *c)
{
    if (c->app)
        check_dir(c, c->app);
}

void check_scripts(struct check *c)
{
    const struct shell_need *need = c->view->need;

    for (size_t i = 0; i < need->nscripts; i++)
        if (!check_has_program(c, need->script[i].interpreter))
            shell_need_script(&c->found, &need->script[i]);
}
