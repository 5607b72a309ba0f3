/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "abi/initconf.h"
#include "version.h"

/* jansson takes only UTF-8; file names may be anything. */
static json_t *text(const char *s)
{
    json_t *j = json_string(s);
    struct buf hex = {0};

    if (j)
        return j;
    for (; *s; s++)
        if ((unsigned char)*s < 0x80 && *s != '%')
            buf_add(&hex, s, 1);
        else
            buf_addf(&hex, "%%%02X", (unsigned char)*s);
    j = json_string(buf_str(&hex));
    buf_release(&hex);
    return j;
}

static void measure(const struct node *n, json_int_t *files, json_int_t *bytes)
{
    if (n->type == NODE_FILE) {
        ++*files;
        *bytes += (json_int_t)n->size;
    }
    for (size_t i = 0; i < n->nchild; i++)
        measure(n->child[i], files, bytes);
}

static json_t *part(const char *name, const struct node *n)
{
    json_int_t files = 0, bytes = 0;
    json_t *j = json_object();

    measure(n, &files, &bytes);
    json_object_set_new(j, "name", text(name));
    json_object_set_new(j, "files", json_integer(files));
    json_object_set_new(j, "bytes", json_integer(bytes));
    json_object_set_new(j, "why", text(node_why(n)));
    return j;
}

/* The release: one entry for each application and each other directory. */
static json_t *release_parts(const struct tree *t)
{
    const struct node *app = tree_find(t, INITCONF_ROOT, true);
    json_t *list = json_array();

    for (size_t i = 0; app && i < app->nchild; i++) {
        const struct node *n = app->child[i];

        if (strcmp(n->name, "lib")) {
            json_array_append_new(list, part(n->name, n));
            continue;
        }
        for (size_t k = 0; k < n->nchild; k++) {
            char *name = xasprintf("lib/%s", n->child[k]->name);

            json_array_append_new(list, part(name, n->child[k]));
            free(name);
        }
    }
    return list;
}

static int list_system(struct node *n, void *arg)
{
    json_t *j;
    char *path;

    if (n->type == NODE_DIR)
        return 0;
    path = tree_path(n);
    if (strncmp(path, INITCONF_ROOT "/", sizeof(INITCONF_ROOT))) {
        j = json_object();
        json_object_set_new(j, "path", text(path));
        if (n->type == NODE_LINK)
            json_object_set_new(j, "link", text(n->target));
        else
            json_object_set_new(j, "bytes", json_integer((json_int_t)n->size));
        json_object_set_new(j, "why", text(node_why(n)));
        json_array_append_new(arg, j);
    }
    free(path);
    return 0;
}

static json_t *strings(const struct strvec *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n; i++)
        json_array_append_new(list, text(s->v[i]));
    return list;
}

void manifest_write(const struct release *r, const struct tree *t,
                    const char *shell_reason, struct buf *out)
{
    json_t *root = json_object(), *system = json_array();
    char *dump;

    tree_walk(t, list_system, system);
    json_object_set_new(root, "unibeam", text(UNIBEAM_VERSION));
    json_object_set_new(root, "release", text(r->rel.name));
    json_object_set_new(root, "version", text(r->version));
    json_object_set_new(root, "erts", text(r->erts));
    json_object_set_new(root, "layout", text(release_layout_name(r)));
    json_object_set_new(root, "shell",
                        shell_reason ? text(shell_reason) : json_false());
    json_object_set_new(root, "app", release_parts(t));
    json_object_set_new(root, "left_out", strings(&r->left_out));
    json_object_set_new(root, "system", system);
    dump = json_dumps(root, JSON_INDENT(1));
    buf_adds(out, dump);
    buf_adds(out, "\n");
    free(dump);
    json_decref(root);
}
