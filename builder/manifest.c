/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "abi/initconf.h"
#include "json_text.h"
#include "version.h"

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
    json_object_set_new(j, "name", json_text(name));
    json_object_set_new(j, "files", json_integer(files));
    json_object_set_new(j, "bytes", json_integer(bytes));
    json_object_set_new(j, "why", json_text(node_why(n)));
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
        json_object_set_new(j, "path", json_text(path));
        if (n->type == NODE_LINK)
            json_object_set_new(j, "link", json_text(n->target));
        else
            json_object_set_new(j, "bytes", json_integer((json_int_t)n->size));
        json_object_set_new(j, "why", json_text(node_why(n)));
        json_array_append_new(arg, j);
    }
    free(path);
    return 0;
}

static json_t *strings(const struct strvec *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n; i++)
        json_array_append_new(list, json_text(s->v[i]));
    return list;
}

void manifest_write(const struct release *r, const struct tree *t,
                    const char *shell_reason, struct buf *out)
{
    json_t *root = json_object(), *system = json_array();
    char *dump;

    tree_walk(t, list_system, system);
    json_object_set_new(root, "unibeam", json_text(UNIBEAM_VERSION));
    json_object_set_new(root, "release", json_text(r->rel.name));
    json_object_set_new(root, "version", json_text(r->version));
    json_object_set_new(root, "erts", json_text(r->erts));
    json_object_set_new(root, "layout", json_text(release_layout_name(r)));
    json_object_set_new(root, "shell",
                        shell_reason ? json_text(shell_reason) : json_false());
    json_object_set_new(root, "app", release_parts(t));
    json_object_set_new(root, "left_out", strings(&r->left_out));
    json_object_set_new(root, "system", system);
    dump = json_dumps(root, JSON_INDENT(1));
    buf_adds(out, dump);
    buf_adds(out, "\n");
    free(dump);
    json_decref(root);
}
