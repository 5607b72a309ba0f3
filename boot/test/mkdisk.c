/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mkdisk - a disk with nothing but what the boot code reads, for its tests:
 *
 *   mkdisk BOOT LOADER KERNEL CMDLINE OUT [DAMAGE]
 *
 * DAMAGE: magic, sum, version, loader (its length), short (a kernel longer
 * than the disk).  The size is a whole number of cylinders (16 heads, 63
 * sectors), as Bochs wants it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/image.h"

#define CYLINDER (16 * 63 * 512)

static size_t load(const char *path, unsigned char *to, size_t max)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f) {
        perror(path);
        exit(1);
    }
    n = fread(to, 1, max, f);
    fclose(f);
    return n;
}

int main(int argc, char **argv)
{
    static unsigned char disk[64 * CYLINDER];
    unsigned char *part = disk + IMG_BOOT_LBA * IMG_SECTOR_SIZE;
    struct img_boot_header *h = (void *)part;
    const char *damage = argc > 6 ? argv[6] : "";
    uint32_t sum = 0;
    size_t kernel;
    FILE *f;

    if (argc < 6) {
        fprintf(stderr, "usage: mkdisk BOOT LOADER KERNEL CMDLINE OUT "
                        "[DAMAGE]\n");
        return 2;
    }
    load(argv[1], disk, IMG_SECTOR_SIZE);
    memcpy(h->magic, IMG_MAGIC, sizeof(h->magic));
    h->version = IMG_VERSION;
    h->loader_bytes = (uint32_t)load(argv[2], part + IMG_SECTOR_SIZE,
                                     IMG_LOADER_SECTORS * IMG_SECTOR_SIZE);
    strncpy((char *)part + IMG_CMDLINE_SECTOR * IMG_SECTOR_SIZE, argv[4],
            IMG_CMDLINE_SIZE);
    kernel = load(argv[3], part + IMG_KERNEL_SECTOR * IMG_SECTOR_SIZE,
                  sizeof(disk) - 1024 * 1024);
    h->kernel_bytes = kernel;
    h->kernel_sector = IMG_KERNEL_SECTOR;
    h->cmdline_sector = IMG_CMDLINE_SECTOR;
    if (!strcmp(damage, "magic"))
        h->magic[0] = 'u';
    if (!strcmp(damage, "version"))
        h->version = 7;
    if (!strcmp(damage, "loader"))
        h->loader_bytes = 0;
    if (!strcmp(damage, "short"))
        h->kernel_sector = 1000000;
    for (size_t i = 0; i < IMG_SECTOR_SIZE; i += 4) {
        uint32_t word;

        memcpy(&word, part + i, 4);
        sum += word;
    }
    h->sum = -sum + !strcmp(damage, "sum");
    f = fopen(argv[5], "wb");
    if (!f ||
        fwrite(disk, CYLINDER, kernel / CYLINDER + 2, f) !=
            kernel / CYLINDER + 2 ||
        fclose(f)) {
        perror(argv[5]);
        return 1;
    }
    return 0;
}
