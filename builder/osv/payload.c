/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/initconf.h"
#include "boot_files.h"
#include "file.h"
#include "osv/resolver.h"
#include "report.h"

#define ROOT      "otp"
#define STARTER   "start-otp.so"
#define MAX_NOTES 8

/* ---- is it a release for OSv? ---- */

/* To be asked first: opening a shipment takes an Erlang, which it lacks. */
static int check_kind(const char *dir)
{
    if (path_has(dir, "entrypoint.sh") &&
        !path_has(dir, "releases/start_erl.data"))
        return fail("'%s' is a shipment of Gleam's: OSv is for releases, with "
                    "their own Erlang",
                    dir);
    return 0;
}

static int check_layout(const struct release *r)
{
    if (!r->has_erts)
        return fail("release '%s' has no Erlang of its own (erts-%s): let it "
                    "include one made for OSv",
                    r->dir, r->erts);
    if (r->runtime)
        return fail("release '%s' has a runtime.exs: nobody evaluates that on "
                    "OSv, use config.exs",
                    r->dir);
    if (r->envsh)
        note("'%s' of the release is not run: OSv has no shell", "env.sh");
    if (r->pre_start)
        note("the pre_start hooks of the release are not run: OSv has no "
             "shell");
    return 0;
}

/* A file of releases/VSN that the starter hands over, as it is. */
static int check_config(const struct release *r, const char *path,
                        const char *name)
{
    size_t len = path ? strlen(path) : 0;

    if (len > 4 && !strcmp(path + len - 4, ".src"))
        return fail("release '%s' has a '%s.src': nobody fills in its "
                    "variables on OSv, use %s",
                    r->dir, name, name);
    return 0;
}

/* Words of OSv's command line, which has quotes and variables. */
static int check_word(const struct release *r, const char *what,
                      const char *word)
{
    if (word[strcspn(word, " \t;&\"'$\\")])
        return fail("release '%s' cannot be started on OSv: its %s '%s' cannot "
                    "be part of a command line",
                    r->dir, what, word);
    return 0;
}

static int check_release(const struct osv_payload *p)
{
    const struct release *r = &p->release;
    char *program = xasprintf("%s/erts-%s/bin/erlexec", INITCONF_ROOT, r->erts);
    const struct node *n = tree_find(&p->tree, program, true);

    free(program);
    if (!n)
        return fail("release '%s' has no 'erts-%s/bin/erlexec': let it include "
                    "an Erlang made for OSv",
                    r->dir, r->erts);
    return check_config(r, r->vmargs, "vm.args") ||
                   check_config(r, r->config, "sys.config") ||
                   check_word(r, "version", r->version) ||
                   check_word(r, "name", path_base(r->boot))
               ? -1
               : 0;
}

/* /otp/erts.  The release may have that itself, as a link to the same place. */
static int add_erts_link(struct osv_payload *p)
{
    const struct node *app = tree_find(&p->tree, INITCONF_ROOT, true);
    const struct node *old = tree_child(app, "erts");
    char *dir = xasprintf("%s/erts-%s", INITCONF_ROOT, p->release.erts);
    const struct node *wanted = tree_find(&p->tree, dir, true);
    int r = 0;

    if (!old)
        r = tree_link(&p->tree, INITCONF_ROOT "/erts", dir, "") ? 0 : -1;
    else if (tree_find(&p->tree, INITCONF_ROOT "/erts", true) != wanted)
        r = fail("release '%s' has an 'erts' of its own, where OSv is to find "
                 "erts-%s",
                 p->release.dir, p->release.erts);
    free(dir);
    return r;
}

/* ---- entries ---- */

/* The name in the archive of what is at (path) in the tree. */
static char *archive_name(const char *path)
{
    return xasprintf(ROOT "%s", path + strlen(INITCONF_ROOT));
}

static int check_node(struct node *n, void *arg)
{
    char *path = tree_path(n);
    char *name = archive_name(path);
    int r = cpio_check(name, n->type == NODE_FILE ? n->size : 0,
                       n->host ? n->host : path + strlen(INITCONF_ROOT "/"));

    free(name);
    free(path);
    return r;
}

/* Where links of the tree lead to is said with the tree's paths. */
static char *link_target(const struct osv_payload *p, const struct node *n)
{
    size_t len = strlen(INITCONF_ROOT);

    if (!strncmp(n->target, INITCONF_ROOT, len) &&
        (!n->target[len] || n->target[len] == '/') &&
        tree_find(&p->tree, n->target, false))
        return xasprintf("/" ROOT "%s", n->target + len);
    return xstrdup(n->target);
}

static int send_file(struct cpio *to, const char *name, const struct node *n)
{
    struct stat st;

    if (!n->host)
        return cpio_data(to, name, n->mode, n->data, n->size);
    if (stat(n->host, &st))
        return fail("cannot read '%s': %s", n->host, strerror(errno));
    st.st_size = (off_t)n->size;
    st.st_mtim = n->mtime;
    return cpio_file(to, name, n->host, &st);
}

/* The permissions of a directory are those it has in the release; those of an
 * unpacked archive are for us alone, and say nothing. */
static int send_dir(struct osv_payload *p, struct cpio *to, const char *name,
                    const struct node *n)
{
    char *host = path_join(p->release.dir, name + strlen(ROOT));
    struct stat st;
    unsigned mode = n->mode;

    if (!p->input.temp.path && stat(host, &st) == 0 && S_ISDIR(st.st_mode))
        mode = st.st_mode;
    free(host);
    return cpio_dir(to, name, mode);
}

static int send_link(struct osv_payload *p, struct cpio *to, const char *name,
                     const struct node *n)
{
    char *target = link_target(p, n);
    int r = cpio_link(to, name, target);

    free(target);
    return r;
}

/* A directory comes after what is in it, see cpio.h. */
static int send_node(struct osv_payload *p, struct cpio *to, const char *name,
                     const struct node *n)
{
    int r = 0;

    if (n->type == NODE_FILE)
        return send_file(to, name, n);
    if (n->type == NODE_LINK)
        return send_link(p, to, name, n);
    for (size_t i = 0; i < n->nchild && !r; i++) {
        char *path = path_join(name, n->child[i]->name);

        r = send_node(p, to, path, n->child[i]);
        free(path);
    }
    return r ? r : send_dir(p, to, name, n);
}

static int send_text(struct cpio *to, const char *path, struct buf *text)
{
    int r = cpio_data(to, path + 1, 0644, buf_str(text), text->len);

    buf_release(text);
    return r;
}

/* The starter hands both over, whether the release has them or not. */
static int send_config(const struct osv_payload *p, struct cpio *to)
{
    const struct release *r = &p->release;
    char *dir = xasprintf("/" ROOT "/releases/%s", r->version);
    char *vmargs = path_join(dir, "vm.args");
    char *config = path_join(dir, "sys.config");
    struct buf none = {0}, empty = {0};
    int err = 0;

    buf_adds(&empty, "[].\n");
    if (!r->vmargs)
        err = send_text(to, vmargs, &none);
    if (!err && !r->config)
        err = send_text(to, config, &empty);
    buf_release(&empty);
    free(config);
    free(vmargs);
    free(dir);
    return err;
}

static int send_resolver(const struct osv_payload *p, struct cpio *to)
{
    struct buf inetrc = {0}, conf = {0};

    osv_write_inetrc(&inetrc);
    if (send_text(to, OSV_INETRC_PATH, &inetrc))
        return -1;
    if (!p->nameservers.n)
        return 0;
    osv_write_resolv_conf(&p->nameservers, &conf);
    return send_text(to, "/etc/resolv.conf", &conf);
}

static int send_starter(const struct osv_payload *p, struct cpio *to)
{
    struct stat st;

    if (!p->starter)
        return 0;
    if (stat(p->starter, &st))
        return fail("cannot read '%s': %s", p->starter, strerror(errno));
    return cpio_file(to, STARTER, p->starter, &st);
}

int osv_payload_send(struct osv_payload *p, struct cpio *to)
{
    const struct node *app = tree_find(&p->tree, INITCONF_ROOT, true);

    return send_node(p, to, ROOT, app) || send_config(p, to) ||
                   send_resolver(p, to) || send_starter(p, to) || cpio_end(to)
               ? -1
               : 0;
}

/* ---- all of it ---- */

static int find_starter(struct osv_payload *p, const char *given)
{
    struct stat st;

    if (given && !strcmp(given, "none"))
        return 0;
    p->starter = boot_file_find(given, STARTER, "starter", "--starter");
    if (!p->starter)
        return -1;
    if (stat(p->starter, &st))
        return fail("cannot open '%s': %s", p->starter, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail("cannot use '%s' as the starter: it is not a file",
                    p->starter);
    return 0;
}

static void find_nameservers(struct osv_payload *p, const struct strvec *given)
{
    for (size_t i = 0; i < given->n; i++)
        strvec_push(&p->nameservers, given->v[i]);
    if (!given->n)
        osv_host_nameservers(&p->nameservers);
    if (!p->nameservers.n)
        note("no name server: Erlang will know the names in /etc/hosts only, "
             "give --nameserver");
}

static int fill_tree(struct osv_payload *p)
{
    struct release *r = &p->release;

    if (release_copy(r, &p->tree, p->output) ||
        release_complete(r, &p->tree, NULL))
        return -1;
    for (size_t i = 0; i < r->left_out.n && i < MAX_NOTES; i++)
        if (!strstr(r->left_out.v[i], "link librar") &&
            !strstr(r->left_out.v[i], ": headers"))
            note("left out: %s", r->left_out.v[i]);
    return 0;
}

int osv_payload_open(struct osv_payload *p, const struct osv_options *o,
                     const char *release, const char *output)
{
    *p = (struct osv_payload){0};
    tree_init(&p->tree);
    if (input_open(&p->input, release) || check_kind(p->input.dir) ||
        release_open(&p->release, p->input.dir, NULL) ||
        check_layout(&p->release))
        return -1;
    p->output =
        output ? xstrdup(output) : xasprintf("%s.img", p->release.rel.name);
    if (find_starter(p, o->starter) || fill_tree(p) || check_release(p) ||
        add_erts_link(p) || tree_walk(&p->tree, check_node, NULL))
        return -1;
    find_nameservers(p, &o->nameservers);
    return 0;
}

char *osv_payload_command(const struct osv_payload *p,
                          const struct osv_options *o)
{
    const char *text = o->command_line ? o->command_line : "";
    const char *blank = *text && text[strlen(text) - 1] != ' ' ? " " : "";
    char *dir = xasprintf("/" ROOT "/releases/%s", p->release.version);
    char *line = xasprintf("%s%s%s/" STARTER " %s/%s %s/vm.args %s/sys.config",
                           text, blank, o->verbose ? "--verbose " : "", dir,
                           path_base(p->release.boot), dir, dir);

    free(dir);
    return line;
}

void osv_payload_close(struct osv_payload *p)
{
    tree_release(&p->tree);
    release_close(&p->release);
    input_close(&p->input);
    strvec_release(&p->nameservers);
    free(p->starter);
    free(p->output);
}
