/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * network.h - what the guest's network card is connected to, and who the guest
 * is there.
 *
 * The parsers say 0, or -1 for a text that is not what they read.
 */
#pragma once

#include "buf.h"
#include "forward.h"

enum network_kind {
    NETWORK_USER,   /* QEMU's own, with forwarded ports */
    NETWORK_TAP,    /* an interface of the host that exists */
    NETWORK_BRIDGE, /* a new interface in a bridge of the host */
    NETWORK_SOCKET, /* a Unix socket that takes frames */
};

#define NETWORK_MAC_TEXT 18

struct network {
    enum network_kind kind;
    const char *name;           /* interface, bridge or path */
    char mac[NETWORK_MAC_TEXT]; /* "": see network_choose_mac */
    const char *ip;             /* for the guest, or NULL, as the next */
    const char *ip6;
    const char *hostname;
    struct strvec hosts; /* NAME:ADDR */
};

/* On a network with other guests the address of QEMU's card, which is always
 * the same, would be there twice: without one from the user take any. */
void network_choose_mac(struct network *n);
/* Reports what would keep QEMU from connecting the card. */
int network_check(const struct network *n);

/* Append the value of QEMU's -netdev. */
void network_format(const struct network *n, const struct forwards *f,
                    struct buf *out);
/* Append " key=value" for each word the guest is to be told. */
void network_words(const struct network *n, struct buf *out);
void network_release(struct network *n);
