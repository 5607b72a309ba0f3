/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* The archive that OSv's upload service takes, byte by byte. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "osv/cpio.h"
#include "test.h"

static int take(void *to, const void *data, size_t len)
{
    buf_add(to, data, len);
    return 0;
}

static int refuse(void *to, const void *data, size_t len)
{
    size_t *left = to;

    if (len > *left)
        return -1;
    *left -= len;
    return 0;
}

static unsigned long field(const char *entry, int n)
{
    char text[9] = "";

    memcpy(text, entry + 6 + 8 * n, 8);
    assert_int_equal(strspn(text, "0123456789abcdef"), 8);
    return strtoul(text, NULL, 16);
}

enum { INO, MODE, UID, GID, LINKS, MTIME, SIZE, NAME_SIZE = 11, CHECK };

/* Check the entry at (*at) and go behind it. */
static void entry(struct buf *b, size_t *at, const char *name, unsigned mode,
                  const char *data)
{
    const char *e = b->data + *at;
    size_t len = strlen(name) + 1, size = strlen(data);
    size_t start = (110 + len + 3) / 4 * 4, end = start + (size + 3) / 4 * 4;

    assert_true(*at + end <= b->len);
    assert_memory_equal(e, "070701", 6);
    assert_int_equal(field(e, MODE), mode);
    assert_int_equal(field(e, SIZE), size);
    assert_int_equal(field(e, LINKS), 1);
    assert_int_equal(field(e, NAME_SIZE), len);
    assert_int_equal(field(e, CHECK), 0);
    assert_memory_equal(e + 110, name, len);
    for (size_t i = 110 + len; i < start; i++)
        assert_int_equal(e[i], 0);
    assert_memory_equal(e + start, data, size);
    for (size_t i = start + size; i < end; i++)
        assert_int_equal(e[i], 0);
    *at += end;
}

/* Names and contents of all lengths modulo 4. */
static void entries(void **state)
{
    static const char *const texts[] = {"", "1", "12", "123", "1234", "12345"};
    static const char *const names[] = {"n", "na", "nam", "name", "names"};
    struct buf b = {0};
    struct cpio c = {.write = take, .to = &b};
    size_t at = 0;

    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 6; k++)
            assert_int_equal(
                cpio_data(&c, names[i], 0104755, texts[k], strlen(texts[k])),
                0);
    assert_int_equal(cpio_dir(&c, "a/dir", 041777), 0);
    assert_int_equal(cpio_link(&c, "a/link", "../target"), 0);
    assert_int_equal(cpio_end(&c), 0);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 6; k++)
            entry(&b, &at, names[i], 0100755, texts[k]);
    entry(&b, &at, "a/dir", 040777, "");
    entry(&b, &at, "a/link", 0120777, "../target");
    entry(&b, &at, "TRAILER!!!", 0, "");
    assert_int_equal(at, b.len); /* and nothing behind it */
    buf_release(&b);
}

static void files(void **state)
{
    char *dir = test_dir();
    char *path = path_join(dir, "file");
    struct buf b = {0};
    struct cpio c = {.write = take, .to = &b};
    struct stat st;
    size_t at = 0;

    test_file(dir, "file", "some text");
    chmod(path, 0640);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(cpio_file(&c, "otp/file", path, &st), 0);
    entry(&b, &at, "otp/file", 0100640, "some text");
    assert_int_equal(at, b.len);
    st.st_size++;
    assert_int_equal(cpio_file(&c, "otp/file", path, &st), -1);
    st.st_size--;
    st.st_mtim.tv_nsec ^= 1;
    assert_int_equal(cpio_file(&c, "otp/file", path, &st), -1);
    st.st_mtim.tv_nsec ^= 1;
    unlink(path);
    assert_int_equal(cpio_file(&c, "otp/file", path, &st), -1);
    assert_int_equal(at, b.len); /* nothing of these was sent */
    buf_release(&b);
    free(path);
    test_remove_dir(dir);
}

static void names(void **state)
{
    char longest[CPIO_MAX_NAME + 2];

    memset(longest, 'x', sizeof(longest));
    longest[CPIO_MAX_NAME + 1] = '\0';
    assert_int_equal(cpio_check(longest, 0, "it"), -1);
    longest[CPIO_MAX_NAME] = '\0';
    assert_int_equal(cpio_check(longest, 0, "it"), 0);
    assert_int_equal(cpio_check("", 0, "it"), -1);
    assert_int_equal(cpio_check("TRAILER!!!", 0, "it"), -1);
    assert_int_equal(cpio_check("a/TRAILER!!!", 0, "it"), 0);
    assert_int_equal(cpio_check("a\nb", 0, "it"), -1);
    assert_int_equal(cpio_check("a\x7f", 0, "it"), -1);
    assert_int_equal(cpio_check("\xc3\xbc \\\"", 0, "it"), 0);
    assert_int_equal(cpio_check("a", UINT32_MAX, "it"), 0);
    assert_int_equal(cpio_check("a", UINT64_C(1) << 32, "it"), -1);
}

/* Every write may fail; the failure comes back. */
static void broken(void **state)
{
    char *dir = test_dir();
    char *path = path_join(dir, "file");
    struct stat st;
    size_t whole = 0;

    test_file(dir, "file", "12345");
    assert_int_equal(stat(path, &st), 0);
    for (size_t room = 0; room < 600; room++) {
        size_t left = room;
        struct cpio c = {.write = refuse, .to = &left};
        int r = cpio_file(&c, "a", path, &st) || cpio_dir(&c, "b", 0755) ||
                cpio_link(&c, "c", "d") || cpio_data(&c, "d", 0644, "1", 1) ||
                cpio_end(&c);

        if (!r && !whole)
            whole = room;
        assert_int_equal(!r, whole != 0);
    }
    assert_int_equal(whole, 112 + 8 + 112 + 112 + 4 + 112 + 4 + 124);
    free(path);
    test_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),
        cmocka_unit_test(files),
        cmocka_unit_test(names),
        cmocka_unit_test(broken),
    };

    return cmocka_run_group_tests_name("osv_cpio", tests, NULL, NULL);
}
