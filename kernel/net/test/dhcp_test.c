/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dhcp_test.c - the life of a lease, with a server played by the test.
 */
#include "net_fakes.h"

#include "abi/netconf.h"
#include "lib/string.h"
#include "net/net_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lwip/dhcp.h"

#define US    0x0f02000au /* 10.0.2.15 and .2, in network order */
#define PEER  0x0202000au
#define BOOTP 42  /* offset in the frame */
#define OPTS  282 /* after the magic number */
#define LEASE 600 /* s */

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };

static unsigned seen; /* fake_sent */

/* Type of the message sent since the last call, or 0. */
static int client_said(void)
{
    bool dhcp = fake_sent != seen && fake_last_len > OPTS + 3 &&
                fake_last_sent[23] == 17 && fake_last_sent[37] == 67;

    seen = fake_sent;
    return dhcp ? fake_last_sent[OPTS + 2] : 0;
}

/* Whether the last message has the option (code) of that (value). */
static bool sent_option(uint8_t code, const char *value)
{
    const uint8_t *o = fake_last_sent + OPTS,
                  *end = fake_last_sent + fake_last_len;

    while (o + 1 < end && *o != 255 && *o != code)
        o += 2 + o[1];
    return o + 2 + strlen(value) <= end && *o == code &&
           o[1] == strlen(value) && !memcmp(o + 2, value, strlen(value));
}

static void server_says(uint8_t type, uint32_t addr)
{
    static const uint8_t options[] = {
        53, 1, ACK,                     /* type */
        54, 4, 10,  0,   2,          2, /* server */
        51, 4, 0,   0,   LEASE >> 8, LEASE & 255,
        1,  4, 255, 255, 255,        0, /* netmask */
        3,  4, 10,  0,   2,          2, /* router */
        6,  4, 10,  0,   2,          3, /* name server */
        255};
    uint8_t f[OPTS + sizeof(options)] = {0}, *ip = f + 14, *udp = f + 34;
    uint32_t peer = PEER, len = sizeof(f) - 14;

    memcpy(f, fake_prefix, 14);
    ip[0] = 0x45, ip[8] = 64, ip[9] = 17;
    ip[2] = (uint8_t)(len >> 8), ip[3] = (uint8_t)len;
    memcpy(ip + 12, &peer, 4);
    memset(ip + 16, 255, 4);
    uint16_t sum = (uint16_t)~net_checksum(ip, 20);
    memcpy(ip + 10, &sum, 2);
    len -= 20;
    udp[1] = 67, udp[3] = 68; /* no checksum */
    udp[4] = (uint8_t)(len >> 8), udp[5] = (uint8_t)len;
    f[BOOTP] = 2, f[BOOTP + 1] = 1, f[BOOTP + 2] = 6;
    memcpy(f + BOOTP + 4, fake_last_sent + BOOTP + 4, 4); /* xid */
    memcpy(f + BOOTP + 16, &addr, 4);
    memcpy(f + BOOTP + 28, fake_dev.mac, 6);
    memcpy(f + OPTS - 4, "\x63\x82\x53\x63", 4);
    memcpy(f + OPTS, options, sizeof(options));
    f[OPTS + 2] = type;
    fake_receive(f, sizeof(f));
}

static uint32_t address(void)
{
    return ip4_addr_get_u32(netif_ip4_addr(netdev_netif(&fake_dev)));
}

static int ask(unsigned ms, struct netconf_dhcp *conf)
{
    memset(conf, 0, sizeof(*conf));
    conf->timeout_ms = ms;
    return net_dhcp("eth0", conf);
}

/* Seconds until the client says (type), at most (limit). */
static unsigned until(int type, unsigned limit)
{
    for (unsigned s = 0; s < limit; s++) {
        if (client_said() == type)
            return s;
        fake_pass(NSEC_PER_SEC);
    }
    fail_msg("no message of type %d in %u s", type, limit);
    return 0;
}

/* A renewal goes to the server itself, whose address must be known. */
static void router_arp(void)
{
    uint8_t f[60] = {0};
    uint32_t peer = PEER, us = US;

    memcpy(f, fake_prefix, 14);
    f[12] = 8, f[13] = 6;
    memcpy(f + 14, "\0\1\10\0\6\4\0\1", 8);
    memcpy(f + 22, fake_prefix + 6, 6);
    memcpy(f + 28, &peer, 4);
    memcpy(f + 38, &us, 4);
    fake_receive(f, sizeof(f));
    seen = fake_sent;
}

static void test_no_server(void **state)
{
    struct netconf_dhcp conf;

    (void)state;
    assert_int_equal(ask(0, &conf), -ETIMEDOUT);
    assert_int_equal(client_said(), DISCOVER);
    for (unsigned i = 0; i < 5; i++) /* it goes on asking */
        until(DISCOVER, 120);
    assert_int_equal(address(), 0);
    assert_int_equal(ask(0, &conf), -ETIMEDOUT);
}

static void test_lease(void **state)
{
    struct netconf_dhcp conf;

    (void)state;
    until(DISCOVER, 120);
    server_says(OFFER, US);
    assert_int_equal(client_said(), REQUEST);
    assert_true(sent_option(12, FAKE_HOSTNAME));
    assert_true(sent_option(55, "\1\3\34\6\14\17")); /* what we ask for */
    server_says(ACK, US);
    assert_int_equal(ask(0, &conf), 0);
    assert_int_equal(conf.addr, US);
    assert_int_equal(conf.netmask, 0x00ffffff);
    assert_int_equal(conf.gateway, PEER);
    assert_int_equal(conf.ndns, 1);
    assert_int_equal(conf.dns[0], 0x0302000a);
    assert_int_equal(conf.lease_seconds, LEASE);
}

/* Asked for again at half time, so that it never runs out. */
static void test_renewal(void **state)
{
    (void)state;
    seen = fake_sent;
    for (unsigned i = 0; i < 5; i++) {
        fake_pass((LEASE / 2 - 90) * NSEC_PER_SEC);
        assert_int_equal(client_said(), 0);
        router_arp();
        assert_in_range(until(REQUEST, 200), 0, 190);
        server_says(ACK, US);
        assert_int_equal(address(), US);
    }
}

/* The server is gone: asked again and again, then the address is given up. */
static void test_expiry(void **state)
{
    struct netconf_dhcp conf;

    (void)state;
    seen = fake_sent;
    router_arp();
    until(REQUEST, LEASE);
    assert_int_equal(address(), US);
    until(REQUEST, LEASE); /* ... from whoever hears it */
    until(DISCOVER, LEASE);
    assert_int_equal(address(), 0);
    assert_int_equal(ask(0, &conf), -ETIMEDOUT);
    server_says(OFFER, US);
    assert_int_equal(client_said(), REQUEST);
    server_says(NAK, 0); /* refused: from the start */
    until(DISCOVER, 120);
    server_says(OFFER, US);
    assert_int_equal(client_said(), REQUEST);
    server_says(ACK, US);
    assert_int_equal(address(), US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_lease),
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_expiry),
    };

    fake_net_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
