/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net6_test.c - addresses from advertisements and from DHCPv6, routes and path
 * MTUs, with router and server played by the test.
 */
#include "net_fakes.h"

#include "lib/string.h"
#include "net/net6.h"

#include <linux/ipv6.h>
#include <linux/sockios.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lwip/ip6.h"
#include "lwip/nd6.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/priv/tcp_priv.h"

/* --- frames ------------------------------------------------------------ */

static uint8_t frame[1514];
static unsigned len;

static void put(const void *p, unsigned n)
{
    memcpy(frame + len, p, n);
    len += n;
}

static void put32(uint32_t v)
{
    put((uint8_t[4]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                     (uint8_t)v},
        4);
}

static const uint8_t router[16] = {0xfe, 0x80, [15] = 2};
static const uint8_t us[16] = {0xff, 2, [15] = 1}; /* all of us */

static void begin(uint8_t next)
{
    len = 0;
    put(fake_prefix, 14);
    frame[12] = 0x86, frame[13] = 0xdd;
    put((uint8_t[8]){0x60, 0, 0, 0, 0, 0, next, 255}, 8);
    put(router, 16);
    put(us, 16);
}

/* Fill in length and checksum, which lies at (csum), and deliver. */
static void end(unsigned csum)
{
    unsigned n = len - 54;
    uint32_t sum;

    frame[18] = (uint8_t)(n >> 8), frame[19] = (uint8_t)n;
    sum = net_checksum(frame + 54, (int)n) + net_checksum(frame + 22, 32) +
          lwip_htons((u16_t)n) + lwip_htons(frame[20]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    uint16_t right = (uint16_t)~sum;
    memcpy(frame + csum, &right, 2);
    fake_receive(frame, len);
}

static void begin_advert(uint8_t flags, uint16_t lifetime)
{
    begin(58);
    put((uint8_t[16]){134, 0, 0, 0, 64, flags, (uint8_t)(lifetime >> 8),
                      (uint8_t)lifetime},
        16);
    put((uint8_t[8]){1, 1, 0x52, 0, 0, 0, 0, 2}, 8); /* its address */
}

static void put_prefix(uint32_t net, uint32_t valid, uint32_t preferred)
{
    put((uint8_t[4]){3, 4, 64, 0xc0}, 4);
    put32(valid);
    put32(preferred);
    put32(0);
    put32(0x20010db8);
    put32(net);
    put32(0);
    put32(0);
}

static void advertise(uint32_t net, uint32_t valid, uint32_t preferred)
{
    begin_advert(0, 1800);
    put_prefix(net, valid, preferred);
    end(56);
}

static struct netif *eth(void)
{
    return netdev_netif(&fake_dev);
}

/* 0: none; otherwise the state of the address in 2001:db8:(net)::/64. */
static unsigned state_of(uint32_t net)
{
    net_lock();
    net_timer_link();
    net_unlock();
    for (int k = 1; k < LWIP_IPV6_NUM_ADDRESSES; k++) {
        const ip6_addr_t *a = netif_ip6_addr(eth(), k);
        if (!ip6_addr_isinvalid(netif_ip6_addr_state(eth(), k)) &&
            a->addr[0] == PP_HTONL(0x20010db8) && a->addr[1] == lwip_htonl(net))
            return netif_ip6_addr_state(eth(), k);
    }
    return 0;
}

static void seconds(unsigned n)
{
    fake_pass((nsec_t)n * NSEC_PER_SEC);
}

static bool reachable(uint32_t net)
{
    ip_addr_t any = *IP6_ADDR_ANY;
    ip_addr_t dst = IPADDR6_INIT_HOST(0x20010db8, 0, 0, 0x99);

    ip_2_ip6(&dst)->addr[1] = lwip_htonl(net);
    net_lock();
    bool yes = net_route(&any, &dst);
    net_unlock();
    return yes;
}

static struct netconf_ip6 ask(void)
{
    struct netconf_ip6 c = {0};

    net6_configure("eth0", &c);
    return c;
}

static int start(void **state)
{
    (void)state;
    net_lock();
    netdev_set_up(eth(), false);
    net6_of(eth())->mode = NETCONF_IP6_AUTO;
    netdev_set_up(eth(), true);
    net_unlock();
    seconds(3);
    return 0;
}

/* --- duplicates -------------------------------------------------------- */

/* Somebody says that an address is his while we ask. */
static void somebody_has(const ip6_addr_t *a)
{
    begin(58);
    put((uint8_t[8]){136, 0, 0, 0, 0x20}, 8);
    put(a->addr, 16);
    put((uint8_t[8]){2, 1, 0x52, 0, 0, 0, 0, 9}, 8);
    end(56);
}

static void test_duplicate(void **state)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6,
                             .sin6_scope_id = netif_get_index(eth())};
    int fd = (int)sys_socket(AF_INET6, SOCK_DGRAM, 0);

    (void)state;
    net_lock();
    netdev_set_up(eth(), false);
    netdev_set_up(eth(), true);
    net_unlock();
    memcpy(&a.sin6_addr, netif_ip6_addr(eth(), 0)->addr, 16);
    assert_int_equal(sys_bind(fd, &a, sizeof(a)), -EADDRNOTAVAIL);
    somebody_has(netif_ip6_addr(eth(), 0));
    seconds(5);
    assert_true(ip6_addr_isduplicated(netif_ip6_addr_state(eth(), 0)));
    assert_int_equal(sys_bind(fd, &a, sizeof(a)), -EADDRNOTAVAIL);
    begin_advert(0, 1800); /* nor is one made from it */
    put_prefix(8, 600, 600);
    end(56);
    assert_int_equal(state_of(8), 0);
    fd_close(fd);
}

/* --- advertisements ---------------------------------------------------- */

static void test_link_local(void **state)
{
    (void)state;
    assert_int_equal(netif_ip6_addr_state(eth(), 0), IP6_ADDR_PREFERRED);
    assert_false(reachable(1));
}

static void test_prefixes(void **state)
{
    (void)state;
    begin_advert(0, 1800);
    put_prefix(1, 600, 300);
    put_prefix(2, 7200, 7200);
    end(56);
    assert_true(ip6_addr_istentative(state_of(1)));
    seconds(2);
    assert_int_equal(state_of(1), IP6_ADDR_PREFERRED);
    assert_int_equal(state_of(2), IP6_ADDR_PREFERRED);
    assert_true(reachable(1));
    assert_true(reachable(9)); /* by the router */
    seconds(310);
    assert_int_equal(state_of(1), IP6_ADDR_DEPRECATED);
    /* The link is idle meanwhile: clocks stand still. */
    seconds(400);
    advertise(2, 7200, 7200);
    seconds(2);
    assert_int_equal(state_of(1), 0);
    assert_int_equal(state_of(2), IP6_ADDR_PREFERRED);
}

static void test_idle_for_hours(void **state)
{
    (void)state;
    advertise(3, 3000, 3000);
    seconds(2);
    seconds(5000);
    advertise(4, 3000, 3000);
    seconds(3);
    assert_int_equal(state_of(3), 0);
    assert_int_equal(state_of(4), IP6_ADDR_PREFERRED);
}

static void test_router_leaves(void **state)
{
    (void)state;
    begin_advert(0, 1800);
    end(56);
    assert_true(reachable(9));
    begin_advert(0, 0);
    end(56);
    assert_false(reachable(9));
    begin_advert(0, 0); /* of one that never was */
    frame[14 + 8 + 15] = 77;
    end(56);
    assert_false(reachable(9));
}

static void test_mtu(void **state)
{
    (void)state;
    for (uint32_t mtu = 1300; mtu <= 1400; mtu += 100) {
        begin_advert(0, 1800);
        put((uint8_t[4]){5, 1}, 4);
        put32(mtu);
        end(56);
        assert_int_equal(eth()->mtu6, mtu);
    }
    begin_advert(0, 1800);
    put((uint8_t[4]){5, 1}, 4);
    put32(1279);
    end(56);
    assert_int_equal(eth()->mtu6, 1400);
}

static void test_resolvers(void **state)
{
    static const uint8_t names[24] = {3,   'l', 'a', 'b', 7,   'e', 'x', 'a',
                                      'm', 'p', 'l', 'e', 0,   3,   'a', ' ',
                                      'b', 0,   2,   'o', 'k', 0};
    (void)state;
    begin_advert(0, 1800);
    put((uint8_t[4]){25, 3}, 4);
    put32(100);
    put((uint8_t[16]){0x20, 1, 0xd, 0xb8, [15] = 0x53}, 16);
    put((uint8_t[4]){31, 4}, 4);
    put32(100);
    put(names, 24);
    end(56);
    struct netconf_ip6 c = ask();
    assert_int_equal(c.ndns, 1);
    assert_int_equal(c.dns[0][15], 0x53);
    assert_string_equal(c.search, "lab.example ok");
    seconds(101);
    c = ask();
    assert_int_equal(c.ndns, 0);
    assert_string_equal(c.search, "");
}

/* RFC 4861, 6.1.2: such a message is dropped whole. */
static void test_bad_advertisements(void **state)
{
    (void)state;
    begin_advert(0, 1800);
    put_prefix(5, 600, 600);
    frame[21] = 254; /* has crossed a router */
    end(56);
    assert_int_equal(state_of(5), 0);
    begin_advert(0, 1800);
    put_prefix(5, 600, 600);
    put((uint8_t[8]){99, 0}, 8); /* an option without length */
    end(56);
    assert_int_equal(state_of(5), 0);
    begin_advert(0, 1800);
    put_prefix(5, 600, 600);
    end(56);
    begin_advert(0, 1800);
    put_prefix(6, 600, 600);
    end(56);
    assert_int_not_equal(state_of(6), 0);
    /* the checksum is the last one's */
    frame[14 + 40 + 24 + 23] = 7;
    fake_receive(frame, len);
    assert_int_equal(state_of(7), 0);
}

static const struct nd6_neighbor_cache_entry *neighbour(void)
{
    for (int i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++)
        if (neighbor_cache[i].state &&
            !memcmp(neighbor_cache[i].next_hop_address.addr, router, 16))
            return &neighbor_cache[i];
    return NULL;
}

/* "The router's address is (mac)", with (option) and (eights) as given. */
static void claim(uint8_t flags, uint8_t option, uint8_t eights, uint8_t mac)
{
    begin(58);
    put((uint8_t[8]){136, 0, 0, 0, flags}, 8);
    put(router, 16);
    put((uint8_t[8]){option, eights, 0x52, 0, 0, 0, 0, mac}, 8);
    end(56);
}

static void test_bad_claims(void **state)
{
    (void)state;
    begin_advert(0, 1800);
    end(56);
    assert_non_null(neighbour());
    claim(0x20, 2, 1, 7);
    assert_int_equal(neighbour()->lladdr[5], 7);
    claim(0x20, 2, 0, 8); /* of no length */
    claim(0x20, 2, 2, 8); /* longer than the message */
    claim(0x20, 1, 1, 8); /* not the option that tells it */
    claim(0x60, 2, 1, 8); /* "solicited", and to all */
    assert_int_equal(neighbour()->lladdr[5], 7);
    claim(0x20, 2, 1, 2);
    assert_int_equal(neighbour()->lladdr[5], 2);
}

/* Only the router a destination is reached by may redirect it. */
static void test_redirects(void **state)
{
    static const uint8_t far[16] = {0x20, 1, 0xd, 0xb8, 9, [15] = 1};
    static const uint8_t other[16] = {0xfe, 0x80, [15] = 0x33};
    ip6_addr_t dst = {0};
    const u8_t *mac;

    (void)state;
    begin_advert(0, 1800);
    end(56);
    memcpy(dst.addr, far, 16);
    struct pbuf *p = pbuf_alloc(PBUF_LINK, 40, PBUF_RAM);
    net_lock();
    nd6_clear_destination_cache();
    nd6_get_next_hop_addr_or_queue(eth(), p, &dst, &mac);
    net_unlock();
    pbuf_free(p);
    for (int by_router = 0; by_router < 2; by_router++) {
        begin(58);
        if (!by_router)
            frame[14 + 8 + 15] = 0x44;
        put((uint8_t[8]){137}, 8);
        put(other, 16);
        put(far, 16);
        put((uint8_t[8]){2, 1, 0x52, 0, 0, 0, 0, 0x33}, 8);
        end(56);
        int i = 0;
        while (!ip6_addr_cmp(&destination_cache[i].destination_addr, &dst))
            assert_true(++i < LWIP_ND6_NUM_DESTINATIONS);
        bool moved =
            !memcmp(destination_cache[i].next_hop_addr.addr, other, 16);
        assert_int_equal(moved, by_router);
    }
}

/* --- static ------------------------------------------------------------ */

static int configure(uint8_t prefix, const uint8_t *gateway)
{
    ip6_addr_t a = {0}, g = {0};

    a.addr[0] = PP_HTONL(0x20010db8);
    a.addr[1] = PP_HTONL(0x10);
    a.addr[3] = PP_HTONL(0x11);
    net_lock();
    net6_set_mode(eth(), NETCONF_IP6_STATIC);
    int rc = net6_add(eth(), &a, prefix, NET6_STATIC, UINT32_MAX, UINT32_MAX);
    net_unlock();
    seconds(3);
    net_lock();
    memcpy(g.addr, gateway, 16);
    if (!rc && !ip6_addr_isany(&g))
        rc = net6_set_gateway(eth(), &g);
    net_unlock();
    return rc;
}

static void test_static_prefix(void **state)
{
    static const uint8_t none[16];

    (void)state;
    assert_int_equal(configure(126, none), 0);
    ip_addr_t any = *IP6_ADDR_ANY;
    ip_addr_t near = IPADDR6_INIT_HOST(0x20010db8, 0x10, 0, 0x12);
    ip_addr_t far = IPADDR6_INIT_HOST(0x20010db8, 0x10, 0, 0x14);
    net_lock();
    assert_ptr_equal(net_route(&any, &near), eth());
    assert_null(net_route(&any, &far));
    net_unlock();
}

static void test_static_gateway(void **state)
{
    static const uint8_t off[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
    static const uint8_t on[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0x10, [15] = 1};

    (void)state;
    assert_int_equal(configure(64, off), -EHOSTUNREACH);
    assert_false(reachable(9));
    net_lock();
    ip6_addr_t g = {0};
    memcpy(g.addr, on, 16);
    assert_int_equal(net6_set_gateway(eth(), &g), 0);
    net_unlock();
    assert_true(reachable(9));
}

/* --- DHCPv6 ------------------------------------------------------------ */

enum { SOLICIT = 1, ADVERTISE, REQUEST, RENEW = 5, REBIND, REPLY, INFORM = 11 };
static unsigned seen;

/* Type of the last message to a server since the last call, or 0. */
static int client_said(void)
{
    const uint8_t *f = fake_last_sent;
    bool dhcp = fake_sent != seen && fake_last_len > 66 && f[12] == 0x86 &&
                f[20] == 17 && f[56] == 547 >> 8 && f[57] == (547 & 255);

    seen = fake_sent;
    return dhcp ? f[62] : 0;
}

static void server_says(uint8_t type, uint8_t host, uint32_t valid, bool dns)
{
    begin(17);
    put((uint8_t[8]){547 >> 8, 547 & 255, 546 >> 8, 546 & 255}, 8);
    put((uint8_t[1]){type}, 1);
    put(fake_last_sent + 63, 3);
    put((uint8_t[8]){0, 1, 0, 10, 0, 3, 0, 1}, 8);
    put(fake_dev.mac, 6);
    put((uint8_t[8]){0, 2, 0, 4, 1, 2, 3, 4}, 8);
    if (dns) {
        put((uint8_t[20]){0, 23, 0, 16, 0x20, 1, 0xd, 0xb8, [19] = 0x35}, 20);
        put((uint8_t[10]){0, 24, 0, 6, 4, 'd', 'h', 'c', 'p', 0}, 10);
    }
    if (host) {
        put((uint8_t[4]){0, 3, 0, 12 + 28}, 4);
        put(fake_dev.mac + 2, 4);
        put32(0);
        put32(0);
        put((uint8_t[20]){0, 5, 0, 24, 0x20, 1, 0xd, 0xb8, 0, 0, 0,
                          0x77, [19] = host},
            20);
        put32(valid);
        put32(valid);
    }
    frame[58] = (uint8_t)((len - 54) >> 8), frame[59] = (uint8_t)(len - 54);
    end(60);
}

static void start_dhcp(void)
{
    begin_advert(0x80, 1800);
    end(56);
    client_said();
    fake_pass(400 * NSEC_PER_MSEC);
}

static void bound(uint32_t valid)
{
    start_dhcp();
    assert_int_equal(client_said(), SOLICIT);
    server_says(ADVERTISE, 5, valid, true);
    fake_pass(1500 * NSEC_PER_MSEC);
    assert_int_equal(client_said(), REQUEST);
    server_says(REPLY, 5, valid, true);
    seconds(3);
    assert_int_equal(state_of(0x77), IP6_ADDR_PREFERRED);
}

static void test_information(void **state)
{
    (void)state;
    begin_advert(0x40, 1800);
    end(56);
    client_said();
    fake_pass(400 * NSEC_PER_MSEC);
    assert_int_equal(client_said(), INFORM);
    server_says(REPLY, 0, 0, true);
    struct netconf_ip6 c = ask();
    assert_int_equal(c.ndns, 1);
    assert_int_equal(c.dns[0][15], 0x35);
    assert_string_equal(c.search, "dhcp");
    assert_int_equal(state_of(0x77), 0);
}

static void test_address(void **state)
{
    (void)state;
    bound(600);
    assert_string_equal(ask().search, "dhcp");
    client_said();
    seconds(300);
    assert_int_equal(client_said(), RENEW);
    server_says(REPLY, 5, 600, true);
    seconds(250);
    assert_int_equal(state_of(0x77), IP6_ADDR_PREFERRED);
}

static void test_server_gone(void **state)
{
    (void)state;
    bound(600);
    seconds(500);
    assert_int_equal(client_said(), REBIND);
    seconds(110);
    assert_int_equal(state_of(0x77), 0);
    int last = 0;
    for (int i = 0, said; i < 200; i++, last = said ? said : last) {
        seconds(1);
        said = client_said();
    }
    assert_int_equal(last, SOLICIT);
}

static void test_declined(void **state)
{
    (void)state;
    start_dhcp();
    client_said();
    server_says(ADVERTISE, 5, 600, false);
    fake_pass(1500 * NSEC_PER_MSEC);
    server_says(REPLY, 5, 600, false);
    /* Somebody has it: an answer to the search for duplicates. */
    begin(58);
    put((uint8_t[8]){136, 0, 0, 0, 0x20}, 8);
    put((uint8_t[16]){0x20, 1, 0xd, 0xb8, 0, 0, 0, 0x77, [15] = 5}, 16);
    put((uint8_t[8]){2, 1, 0x52, 0, 0, 0, 0, 9}, 8);
    end(56);
    bool declined = false;
    for (int i = 0; i < 100 && !declined; i++) {
        fake_pass(20 * NSEC_PER_MSEC);
        declined = client_said() == 9;
    }
    assert_true(declined);
    assert_int_equal(state_of(0x77), 0);
}

/* --- path MTU ---------------------------------------------------------- */

static void too_big(const struct tcp_pcb *p, uint32_t mtu)
{
    begin(58);
    put((uint8_t[4]){2, 0}, 4);
    put32(mtu);
    put((uint8_t[8]){0x60, 0, 0, 0, 4, 0, 6, 64}, 8);
    put(&ip_2_ip6(&p->local_ip)->addr, 16);
    put(&ip_2_ip6(&p->remote_ip)->addr, 16);
    put((uint8_t[4]){(uint8_t)(p->local_port >> 8), (uint8_t)p->local_port,
                     (uint8_t)(p->remote_port >> 8), (uint8_t)p->remote_port},
        4);
    put32(p->lastack);
    put32(0);
    end(56);
}

static void test_too_big(void **state)
{
    struct sockaddr_in6 to = {.sin6_family = AF_INET6,
                              .sin6_port = 0x5000,
                              .sin6_scope_id = netif_get_index(eth())};

    (void)state;
    begin_advert(0, 1800); /* makes the router a known neighbour */
    end(56);
    memcpy(&to.sin6_addr, router, 16);
    int fd = (int)sys_socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sys_connect(fd, &to, sizeof(to));
    struct tcp_pcb *p = tcp_active_pcbs;
    assert_non_null(p);
    ip6_addr_t dst = *ip_2_ip6(&p->remote_ip);
    unsigned before = nd6_get_destination_mtu(&dst, eth());
    p->mss = 1440;
    eth()->chksum_flags &= (u16_t)~NETIF_CHECKSUM_GEN_TCP; /* the device's */
    too_big(p, 68); /* no link is so small */
    assert_int_equal(nd6_get_destination_mtu(&dst, eth()), before);
    too_big(p, 1300);
    assert_int_equal(nd6_get_destination_mtu(&dst, eth()), 1300);
    assert_int_equal(p->mss, 1240);
    assert_true(eth()->chksum_flags & NETIF_CHECKSUM_GEN_TCP);
    too_big(p, 1400); /* paths do not grow by being told so */
    assert_int_equal(nd6_get_destination_mtu(&dst, eth()), 1300);
    fd_close(fd);
}

static int start_all(void **state)
{
    (void)state;
    fake_net_start();
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup(fn, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_link_local),    TEST(test_duplicate),
        TEST(test_prefixes),      TEST(test_idle_for_hours),
        TEST(test_router_leaves), TEST(test_mtu),
        TEST(test_resolvers),     TEST(test_bad_advertisements),
        TEST(test_bad_claims),    TEST(test_redirects),
        TEST(test_static_prefix), TEST(test_static_gateway),
        TEST(test_information),   TEST(test_address),
        TEST(test_server_gone),   TEST(test_declined),
        TEST(test_too_big),
    };

    return cmocka_run_group_tests(tests, start_all, NULL);
}
