/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "check/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/initconf.h"
#include "check/check_priv.h"
#include "file.h"
#include "otp_version.h"
#include "report.h"

#define STATUS_FOUND 3

bool check_has_shell(const struct check *c)
{
    return tree_find(c->view->tree, "/bin/sh", true) != NULL;
}

/* In the directories that process 1 puts into PATH. */
bool check_has_program(const struct check *c, const char *name)
{
    const struct release *r = c->view->release;
    struct strvec dirs = {0};
    bool yes = false;

    if (strchr(name, '/'))
        return tree_find(c->view->tree, name, true) != NULL;
    strvec_pushf(&dirs, "%s/erts-%s/bin", r->root, r->erts);
    strvec_split(&dirs, INITCONF_DIRS, ":");
    for (size_t i = 0; i < dirs.n && !yes; i++) {
        char *file = path_join(dirs.v[i], name);

        yes = tree_find(c->view->tree, file, true) != NULL;
        free(file);
    }
    strvec_release(&dirs);
    return yes;
}

bool check_has_app(const struct check *c, const char *name)
{
    const struct rel_file *rel = &c->view->release->rel;

    for (size_t i = 0; i < rel->n; i++)
        if (!strcmp(rel->app[i].name, name))
            return true;
    return false;
}

/* Inside look(): what the subject is made of ends with the view. */
static void print(const struct check *c)
{
    const struct release *r = c->view->release;
    char *otp = c->otp ? xasprintf("%u", c->otp) : NULL;
    struct check_subject s = {
        .name = r->rel.name,
        .version = r->version,
        .layout = release_layout_name(r),
        .erts = r->erts,
        .otp = otp,
        .system = sysroot_name(c->view->sysroot),
        .shell = check_has_shell(c) ? c->view->shell_reason : NULL};

    if (c->o->json)
        findings_print_json(&c->found, &s, c->o->quiet, stdout);
    else
        findings_print_text(&c->found, &s, c->o->quiet, stdout);
    free(otp);
}

static void look(const struct build_view *view, void *ctx)
{
    struct check *c = ctx;

    c->view = view;
    c->app = tree_find(view->tree, INITCONF_ROOT, true);
    c->otp = otp_of_erts(view->release->erts);
    check_runtime(c);
    check_libraries(c);
    check_modules(c);
    check_scripts(c);
    check_apps(c);
    check_config(c);
    if (c->o->verbose)
        check_sizes(c);
    findings_sort(&c->found);
    print(c);
}

static void take_note(void *ctx, const char *text)
{
    struct finding_of of = {.severity = FINDING_NOTE, .id = "remark"};

    finding(ctx, &of, "%s", text);
}

int check_release(const struct check_options *o)
{
    struct check c = {.o = o};
    int status = 0;

    report_notes(take_note, &c.found);
    if (build_examine(&o->build, &c.found, look, &c))
        status = 1;
    else if (fflush(stdout) || ferror(stdout))
        status =
            fail("cannot write what was found: %s", strerror(errno)) ? 1 : 0;
    else if (findings_count(&c.found, FINDING_ERROR) +
             findings_count(&c.found, FINDING_WARNING))
        status = STATUS_FOUND;
    findings_release(&c.found);
    return status;
}
