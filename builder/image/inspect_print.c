/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdio.h>
#include <string.h>

#include "image/inspect.h"
#include "image/show_name.h"

static double mib(const json_t *j, const char *key)
{
    return (double)json_integer_value(json_object_get(j, key)) / (1 << 20);
}

static long long number(const json_t *j, const char *key)
{
    return (long long)json_integer_value(json_object_get(j, key));
}

/* Whatever an image says is made fit for a terminal. */
static void put(const char *text)
{
    struct buf shown = {0};

    show_text(&shown, text);
    fputs(buf_str(&shown), stdout);
    buf_release(&shown);
}

static const char *text_or(const json_t *j, const char *key,
                           const char *otherwise)
{
    const char *text = json_string_value(json_object_get(j, key));

    return text ? text : otherwise;
}

static void put_line(const char *label, const char *text)
{
    printf("  %-12s ", label);
    put(text);
    putchar('\n');
}

static void print_release(const json_t *info)
{
    const json_t *r = json_object_get(info, "release");

    printf("  %-12s ", "release");
    put(text_or(r, "name", "?"));
    putchar(' ');
    put(text_or(r, "version", "?"));
    fputs(" (", stdout);
    put(text_or(r, "layout", "?"));
    fputs(", erts ", stdout);
    put(text_or(r, "erts", "?"));
    if (json_is_string(json_object_get(r, "otp")))
        printf(", OTP %s", text_or(r, "otp", ""));
    puts(")");
    put_line("unibeam", text_or(info, "unibeam", "?"));
    put_line("shell", text_or(info, "shell", "no"));
}

void image_settings_print(const json_t *s)
{
    const char *key;
    json_t *value;

    put_line("hostname", text_or(s, "hostname", "none"));
    if (*text_or(s, "command_line", ""))
        put_line("command line", text_or(s, "command_line", ""));
    json_object_foreach (json_object_get(s, "environment"), key, value) {
        printf("  %-12s ", "environment");
        put(key);
        putchar('=');
        put(json_string_value(value));
        putchar('\n');
    }
    if (json_is_string(json_object_get(s, "restart")))
        put_line("restart", text_or(s, "restart", ""));
    if (json_is_string(json_object_get(s, "grace")))
        put_line("grace", text_or(s, "grace", ""));
    if (json_is_true(json_object_get(s, "console")))
        put_line("console", "the release's shell");
}

static void print_disk(const json_t *info)
{
    const json_t *fs = json_object_get(info, "file_system"), *part;
    const json_t *kernel = json_object_get(info, "kernel");
    size_t i;

    printf("  %-12s %.1f MiB, SHA-256 %s\n", "kernel", mib(kernel, "bytes"),
           text_or(kernel, "sha256", ""));
    puts("partitions");
    json_array_foreach (json_object_get(info, "partitions"), i, part) {
        printf("  %zu %-10s ", i + 1, text_or(part, "name", ""));
        printf("%lld bytes at %lld\n", number(part, "bytes"),
               number(part, "offset"));
    }
    printf("file system\n  ext4, %.1f MiB, %.1f MiB free; %lld inodes, %lld "
           "free\n",
           mib(fs, "bytes"), mib(fs, "free_bytes"), number(fs, "inodes"),
           number(fs, "free_inodes"));
}

static void print_applications(const json_t *info)
{
    const json_t *system = json_object_get(info, "system"), *app;
    size_t i;

    puts("applications");
    json_array_foreach (json_object_get(info, "applications"), i, app) {
        struct buf name = {0};

        show_text(&name, text_or(app, "name", ""));
        if (json_is_string(json_object_get(app, "version"))) {
            buf_adds(&name, " ");
            show_text(&name, text_or(app, "version", ""));
        }
        printf("  %-30s %5lld files %8.1f KiB\n", buf_str(&name),
               number(app, "files"), number(app, "bytes") / 1024.0);
        buf_release(&name);
    }
    printf("system\n  %lld files, %.1f MiB\n", number(system, "files"),
           mib(system, "bytes"));
}

void image_inspect_print(const json_t *info)
{
    put(text_or(info, "image", ""));
    printf(": %.1f MiB\n", mib(info, "bytes"));
    put_line("SHA-256", text_or(info, "sha256", ""));
    print_release(info);
    image_settings_print(json_object_get(info, "settings"));
    print_disk(info);
    print_applications(info);
}
