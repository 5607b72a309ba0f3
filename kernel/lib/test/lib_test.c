/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lib_test.c - the kernel's string, printf and command-line functions against
 * the host's C library.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The kernel's, renamed by the build. */
void *k_memcpy(void *d, const void *s, size_t n);
void *k_memmove(void *d, const void *s, size_t n);
void *k_memset(void *d, int c, size_t n);
int k_memcmp(const void *a, const void *b, size_t n);
size_t k_strlen(const char *s);
size_t k_strlcpy(char *d, const char *s, size_t n);
char *k_strstr(const char *s, const char *w);
uint64_t str_to_u64(const char *s, const char **end, int base);
int ksnprintf(char *buf, size_t size, const char *fmt, ...);
long cmdline_get(const char *line, const char *key, char *buf, size_t size);
long cmdline_next(const char **line, char *buf, size_t size);

#define SPAN 300

static void fill(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)(i * 7 + 3);
}

/* Every length and distance around the sizes where the code changes way. */
static void test_memmove_matches_host(void **state)
{
    unsigned char ours[2 * SPAN], theirs[2 * SPAN];

    (void)state;
    for (size_t n = 0; n < 80; n++) {
        for (int shift = -40; shift <= 40; shift++) {
            fill(ours, sizeof(ours));
            fill(theirs, sizeof(theirs));
            k_memmove(ours + 100 + shift, ours + 100, n);
            memmove(theirs + 100 + shift, theirs + 100, n);
            assert_memory_equal(ours, theirs, sizeof(ours));
        }
    }
}

static void test_memcpy_memset_memcmp(void **state)
{
    unsigned char a[SPAN], b[SPAN], c[SPAN];

    (void)state;
    for (size_t n = 0; n < SPAN - 8; n++) {
        fill(a, SPAN);
        memset(b, 0xee, SPAN);
        memset(c, 0xee, SPAN);
        k_memcpy(b + 3, a, n);
        memcpy(c + 3, a, n);
        assert_memory_equal(b, c, SPAN);
        assert_int_equal(k_memcmp(a, b + 3, n), 0);
        if (n) {
            b[3 + n - 1] ^= 1;
            int want = memcmp(a, b + 3, n) < 0 ? -1 : 1;
            int got = k_memcmp(a, b + 3, n) < 0 ? -1 : 1;
            assert_int_equal(got, want);
        }
        k_memset(b + 1, 0x5a, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(b[1 + i], 0x5a);
        assert_int_equal(b[0], 0xee);
    }
}

static void test_strings(void **state)
{
    char buf[8];

    (void)state;
    assert_int_equal(k_strlcpy(buf, "0123456789", sizeof(buf)), 10);
    assert_string_equal(buf, "0123456");
    assert_int_equal(k_strlcpy(buf, "abc", sizeof(buf)), 3);
    assert_string_equal(buf, "abc");
    assert_string_equal(k_strstr("hello world", "o w"), "o world");
    assert_null(k_strstr("hello", "world"));
    assert_string_equal(k_strstr("hello", ""), "hello");
}

static void test_numbers(void **state)
{
    const char *end;

    (void)state;
    assert_int_equal(str_to_u64("0x1fz", &end, 0), 0x1f);
    assert_string_equal(end, "z");
    assert_int_equal(str_to_u64("017", NULL, 0), 15);
    assert_int_equal(str_to_u64("017", NULL, 10), 17);
    assert_int_equal(str_to_u64("0", &end, 0), 0);
    assert_string_equal(end, "");
    assert_int_equal(str_to_u64("x", &end, 10), 0);
    assert_string_equal(end, "x");
    assert_true(str_to_u64("18446744073709551615", NULL, 10) == UINT64_MAX);
    assert_true(str_to_u64("99999999999999999999999", NULL, 10) == UINT64_MAX);
}

/* The same conversion by both; reports which one differs. */
#define SAME(...)                                                              \
    do {                                                                       \
        char ours[128], theirs[128];                                           \
        int n = ksnprintf(ours, sizeof(ours), __VA_ARGS__);                    \
        int m = snprintf(theirs, sizeof(theirs), __VA_ARGS__);                 \
        assert_string_equal(ours, theirs);                                     \
        assert_int_equal(n, m);                                                \
    } while (0)

static void test_printf_matches_host(void **state)
{
    (void)state;
    SAME("plain %% text");
    SAME("%d %d %d %i", 0, -1, INT_MIN, INT_MAX);
    SAME("%u %x %X %o", 4294967295u, 0xbeefu, 0xbeefu, 8u);
    SAME("%5d|%-5d|%05d|%+d|% d", 42, 42, 42, 42, 42);
    SAME("%5d|%-5d|%05d", -42, -42, -42);
    SAME("%.3d|%8.3d|%-8.3d|%.0d", 7, 7, 7, 7);
    SAME("%#x|%#o|%#X|%#x|%#06x", 255u, 8u, 255u, 0u, 255u);
    SAME("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, 1ull << 63);
    SAME("%ld %zu %hhd %hd", LONG_MIN, (size_t)99, 300, 70000);
    SAME("%s|%10s|%-10s|%.2s|%*s", "abc", "abc", "abc", "abc", 6, "abc");
    SAME("%c%c|%3c", 'x', 'y', 'z');
    SAME("%.*s|%-*d|", 2, "xyz", 5, 12);
    SAME("%p", (void *)0x1234);
}

static void test_printf_bounds(void **state)
{
    char buf[4] = "zzz";

    (void)state;
    assert_int_equal(ksnprintf(buf, sizeof(buf), "%s", "abcdef"), 6);
    assert_string_equal(buf, "abc");
    assert_int_equal(ksnprintf(NULL, 0, "%d", 12345), 5);
    assert_int_equal(ksnprintf(buf, 1, "x"), 1);
    assert_string_equal(buf, "");
}

static void test_cmdline_words(void **state)
{
    const char *line = "  a=1 env.X=\"two words\" \"q=\\\"\\\\\" b";
    char w[32];

    (void)state;
    assert_int_equal(cmdline_next(&line, w, sizeof(w)), 3);
    assert_string_equal(w, "a=1");
    cmdline_next(&line, w, sizeof(w));
    assert_string_equal(w, "env.X=two words");
    cmdline_next(&line, w, sizeof(w));
    assert_string_equal(w, "q=\"\\");
    cmdline_next(&line, w, sizeof(w));
    assert_string_equal(w, "b");
    assert_int_equal(cmdline_next(&line, w, sizeof(w)), -1);
    assert_int_equal(cmdline_next(&line, w, sizeof(w)), -1);
}

static void test_cmdline_values(void **state)
{
    const char *line = "ip=dhcp quiet ip=none ipx=1 hostname=\"a b";
    char v[8];

    (void)state;
    assert_int_equal(cmdline_get(line, "ip", v, sizeof(v)), 4);
    assert_string_equal(v, "none"); /* the last one wins */
    assert_int_equal(cmdline_get(line, "quiet", v, sizeof(v)), 0);
    assert_string_equal(v, "");
    assert_int_equal(cmdline_get(line, "absent", v, sizeof(v)), -1);
    assert_int_equal(cmdline_get(line, "hostname", v, sizeof(v)), 3);
    assert_string_equal(v, "a b"); /* an open quote ends with the line */
    assert_int_equal(cmdline_get("k=0123456789", "k", v, sizeof(v)), 10);
    assert_string_equal(v, "0123456");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memmove_matches_host),
        cmocka_unit_test(test_memcpy_memset_memcmp),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_printf_matches_host),
        cmocka_unit_test(test_printf_bounds),
        cmocka_unit_test(test_cmdline_words),
        cmocka_unit_test(test_cmdline_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
