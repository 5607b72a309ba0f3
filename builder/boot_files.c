/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "boot_files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/image.h"
#include "elf_file.h"
#include "file.h"
#include "kernel_file.h"
#include "report.h"

#ifndef UNIBEAM_LIBDIR
#define UNIBEAM_LIBDIR "/usr/local/lib/unibeam"
#endif

#define MAX_KERNEL (64u << 20)
#define BOOT_CODE  440 /* the rest of the sector is the partition table */

static char *own_directory(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (n < 0)
        return xstrdup(".");
    path[n] = '\0';
    return path_parent(path);
}

char *boot_file_find(const char *given, const char *name, const char *what,
                     const char *option)
{
    char *own = own_directory();
    char *places[] = {
        path_join(own, name),
        xasprintf("%s/../lib/unibeam/%s", own, name),
        path_join(UNIBEAM_LIBDIR, name),
    };
    char *found = given ? xstrdup(given) : NULL;

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        if (!found && access(places[i], F_OK) == 0)
            found = xstrdup(places[i]);
    }
    if (!found)
        fail("cannot find the %s '%s' (looked in '%s' and '%s'): install "
             "unibeam, or give %s FILE",
             what, name, own, UNIBEAM_LIBDIR, option);
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        free(places[i]);
    free(own);
    return found;
}

static int read_kernel(struct boot_files *b, const char *given)
{
    const char *why;
    uint32_t entry;

    b->kernel_path =
        boot_file_find(given, "kernel.stripped.elf", "kernel", "--kernel");
    if (!b->kernel_path || file_read(b->kernel_path, MAX_KERNEL, &b->kernel))
        return -1;
    if (kernel_check(buf_str(&b->kernel), b->kernel.len, &entry, &why))
        return fail("cannot use '%s' as the kernel: %s", b->kernel_path, why);
    return 0;
}

static bool only_zeros(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (p[i])
            return false;
    return true;
}

static int read_boot_sector(struct boot_files *b, const char *given)
{
    char *path =
        boot_file_find(given, "boot.bin", "boot sector", "--boot-sector");
    const uint8_t *p;
    int r = -1;

    if (path && !file_read(path, MAX_KERNEL, &b->boot_sector)) {
        p = (const uint8_t *)buf_str(&b->boot_sector);
        if (b->boot_sector.len != IMG_SECTOR_SIZE || p[510] != 0x55 ||
            p[511] != 0xaa)
            fail("cannot use '%s' as the boot sector: it is not 512 bytes "
                 "that end with 55 aa",
                 path);
        else if (!only_zeros(p + BOOT_CODE, 510 - BOOT_CODE))
            fail("cannot use '%s' as the boot sector: its code is longer than "
                 "440 bytes",
                 path);
        else
            r = 0;
    }
    free(path);
    return r;
}

static int read_loader(struct boot_files *b, const char *given)
{
    char *path = boot_file_find(given, "loader.bin", "boot loader", "--loader");
    int r = -1;

    if (path && !file_read(path, MAX_KERNEL, &b->loader)) {
        if (b->loader.len < 1 ||
            b->loader.len > IMG_LOADER_SECTORS * IMG_SECTOR_SIZE)
            fail("cannot use '%s' as the boot loader: it must have 1 to %d "
                 "bytes",
                 path, IMG_LOADER_SECTORS * IMG_SECTOR_SIZE);
        else
            r = 0;
    }
    free(path);
    return r;
}

static int find_init(struct boot_files *b, const char *given)
{
    struct elf_info info;
    const char *why;

    b->init = boot_file_find(given, "init", "guest program", "--init");
    if (!b->init)
        return -1;
    switch (elf_info_read(b->init, &info, &why)) {
    case ELF_OK:
        elf_info_release(&info);
        return 0;
    case ELF_IO:
        return fail("cannot read '%s': %s", b->init, strerror(errno));
    default:
        return fail("cannot use '%s' as process 1: it is not a program",
                    b->init);
    }
}

int boot_files_read(struct boot_files *b, const struct boot_paths *paths)
{
    *b = (struct boot_files){0};
    if (read_kernel(b, paths->kernel) ||
        read_boot_sector(b, paths->boot_sector) ||
        read_loader(b, paths->loader) || find_init(b, paths->init))
        return -1;
    return 0;
}

void boot_files_release(struct boot_files *b)
{
    free(b->init);
    free(b->kernel_path);
    buf_release(&b->kernel);
    buf_release(&b->boot_sector);
    buf_release(&b->loader);
}
