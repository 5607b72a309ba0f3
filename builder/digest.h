/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * digest.h - a hash of everything that goes into an image, from which its
 * identifiers are made: the same content gives the same image, to the byte.
 *
 * SHA-512 over a chain of pieces, since libext2fs hashes one piece at a time.
 * The pieces do not depend on how the data is handed over.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE  64
#define DIGEST_PIECE (256 * 1024)

struct digest {
    uint8_t *piece; /* the previous piece's hash, then data */
    size_t len;     /* of the data in it */
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);
void digest_adds(struct digest *d, const char *s); /* with its NUL */
/* The hash so far; the digest can go on. */
void digest_get(const struct digest *d, uint8_t out[DIGEST_SIZE]);
void digest_release(struct digest *d);

/* A UUID (RFC 9562 version 8, in the order of its text) for the use (label). */
void digest_uuid(const uint8_t hash[DIGEST_SIZE], const char *label,
                 uint8_t uuid[16]);
