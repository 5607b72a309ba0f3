/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* Everything that is read of an image's root file system.  Seeds:
 * tests/corpus/rootfs, without the first KiB, which nothing reads. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/image.h"
#include "image/inspect.h"

#define BOOT_BLOCK 1024
#define MAX_FILES  1000
#define MAX_BYTES  (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t files, bytes;

static int count(void *ctx, const void *data, size_t len, uint64_t at)
{
    bytes += len;
    return bytes < MAX_BYTES ? 0 : -1;
}

static void walk(struct rootfs *r, struct rootfs_visits *v,
                 const struct rootfs_file *dir)
{
    struct rootfs_list list;

    if (rootfs_visit(v, r, dir))
        return;
    if (!rootfs_read_dir(r, dir, &list)) {
        for (size_t i = 0; i < list.n && files++ < MAX_FILES; i++) {
            struct rootfs_file *f = &list.v[i], at;

            if (S_ISDIR(f->mode))
                walk(r, v, f);
            else if (S_ISREG(f->mode))
                rootfs_read(r, f, count, NULL);
            if (!rootfs_find(r, f->path, true, &at))
                rootfs_has(r, at.path);
            rootfs_file_release(&at);
        }
    }
    rootfs_list_release(&list);
}

static void look(struct rootfs *r)
{
    struct rootfs_visits visits = {0};
    struct rootfs_file top;
    struct baked baked;

    if (!rootfs_find(r, "/", false, &top))
        walk(r, &visits, &top);
    rootfs_file_release(&top);
    rootfs_visits_release(&visits);
    json_decref(manifest_load(r));
    if (!baked_load(&baked, r))
        json_decref(image_settings(&baked));
    baked_release(&baked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image img = {.path = "fuzz", .bytes = BOOT_BLOCK + size};
    uint64_t sectors = img.bytes / IMG_SECTOR_SIZE;
    struct rootfs r = {0};

    if (!getenv("FUZZ_MESSAGES"))
        stderr = fopen("/dev/null", "w"); /* sanitizers do not use it */
    files = bytes = 0;
    img.cmdline = "loglevel=3 env.A=1";
    img.gpt = (struct gpt){.sectors = sectors, .n = 1};
    gpt_uuid_parse(IMG_TYPE_ROOT, img.gpt.part[0].type);
    img.gpt.part[0].last = sectors - 1;
    img.fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (img.fd >= 0 &&
        pwrite(img.fd, data, size, BOOT_BLOCK) == (ssize_t)size &&
        !rootfs_open(&r, &img, false))
        look(&r);
    rootfs_close(&r);
    close(img.fd);
    if (!getenv("FUZZ_MESSAGES"))
        fclose(stderr);
    return 0;
}
