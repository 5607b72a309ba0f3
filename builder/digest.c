/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "digest.h"

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

void digest_init(struct digest *d)
{
    d->piece = xcalloc(1, DIGEST_SIZE + DIGEST_PIECE);
    d->len = 0;
}

void digest_release(struct digest *d)
{
    free(d->piece);
    d->piece = NULL;
}

void digest_get(const struct digest *d, uint8_t out[DIGEST_SIZE])
{
    ext2fs_sha512(d->piece, DIGEST_SIZE + d->len, out);
}

void digest_add(struct digest *d, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len) {
        size_t n = DIGEST_PIECE - d->len;

        if (n > len)
            n = len;
        memcpy(d->piece + DIGEST_SIZE + d->len, p, n);
        d->len += n;
        p += n;
        len -= n;
        if (d->len == DIGEST_PIECE) {
            digest_get(d, d->piece);
            d->len = 0;
        }
    }
}

void digest_adds(struct digest *d, const char *s)
{
    digest_add(d, s, strlen(s) + 1);
}

void digest_uuid(const uint8_t hash[DIGEST_SIZE], const char *label,
                 uint8_t uuid[16])
{
    uint8_t out[DIGEST_SIZE];
    struct buf text = {0};

    buf_add(&text, hash, DIGEST_SIZE);
    buf_adds(&text, label);
    ext2fs_sha512((const uint8_t *)text.data, text.len, out);
    buf_release(&text);
    memcpy(uuid, out, 16);
    uuid[6] = (uint8_t)(0x80 | (uuid[6] & 0x0f));
    uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
}
