/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static void paths_follow_links(void **state)
{
    struct tree t;
    struct node *n;
    char *path;

    tree_init(&t);
    assert_non_null(tree_link(&t, "/bin", "usr/bin", "x"));
    assert_non_null(tree_dir(&t, "/usr/bin", "x"));
    n = tree_data(&t, "/bin/sh", "hi", 2, "y");
    assert_non_null(n);
    path = tree_path(n);
    assert_string_equal(path, "/usr/bin/sh");
    free(path);
    assert_ptr_equal(tree_find(&t, "/bin/../bin/./sh", true), n);
    assert_ptr_equal(tree_find(&t, "//usr//bin/sh", true), n);
    assert_int_equal(tree_find(&t, "/bin", false)->type, NODE_LINK);
    assert_int_equal(tree_find(&t, "/bin", true)->type, NODE_DIR);
    assert_null(tree_find(&t, "/bin/no", true));
    assert_string_equal(node_why(n), "y");
    tree_release(&t);
}

static void the_first_wins(void **state)
{
    struct tree t;
    struct node *n;

    tree_init(&t);
    n = tree_data(&t, "/a/b", "1", 1, "x");
    assert_ptr_equal(tree_data(&t, "/a/b", "22", 2, "y"), n);
    assert_int_equal(n->size, 1);
    tree_release(&t);
}

static void clashes_are_errors(void **state)
{
    struct tree t;

    tree_init(&t);
    assert_non_null(tree_data(&t, "/f", "1", 1, "x"));
    assert_null(tree_dir(&t, "/f", "x"));
    assert_null(tree_data(&t, "/f/below", "1", 1, "x"));
    assert_non_null(tree_dir(&t, "/d", "x"));
    assert_null(tree_data(&t, "/d", "1", 1, "x"));
    assert_non_null(tree_link(&t, "/loop", "loop", "x"));
    assert_null(tree_data(&t, "/loop/f", "1", 1, "x"));
    tree_release(&t);
}

static void children_are_sorted(void **state)
{
    static const char *const names[] = {"/m", "/a", "/z", "/b", "/m1", "/B"};
    struct tree t;

    tree_init(&t);
    for (size_t i = 0; i < 6; i++)
        tree_data(&t, names[i], "", 0, "x");
    for (size_t i = 1; i < t.root->nchild; i++)
        assert_true(strcmp(t.root->child[i - 1]->name, t.root->child[i]->name) <
                    0);
    tree_release(&t);
}

static void modes_and_hard_links(void **state)
{
    struct stat st = {.st_mode = S_IFREG | 0775, .st_nlink = 2, .st_ino = 7};
    struct node *a, *b, *c;
    struct tree t;

    tree_init(&t);
    a = tree_file(&t, "/a", "/host/a", &st, "x");
    st.st_mode = S_IFREG | 0600;
    b = tree_file(&t, "/b", "/host/b", &st, "x");
    st.st_ino = 8;
    st.st_mode = S_IFREG | 0400;
    c = tree_file(&t, "/c", "/host/c", &st, "x");
    assert_ptr_equal(b->same_as, a);
    assert_null(c->same_as);
    assert_int_equal(a->mode, 0755);
    assert_int_equal(c->mode, 0600);
    tree_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_follow_links),
        cmocka_unit_test(the_first_wins),
        cmocka_unit_test(clashes_are_errors),
        cmocka_unit_test(children_are_sorted),
        cmocka_unit_test(modes_and_hard_links),
    };

    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
