/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "unit.h"

#include <arpa/inet.h>
#include <string.h>

#include "net.h"

static struct net_names shop(uint32_t addr, const char *domain)
{
    return (struct net_names){
        .hostname = "shop", .domain = domain, .addr = addr};
}

#define LOCAL "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"

static void test_hosts(void **state)
{
    struct pool p = {0};
    uint32_t a = inet_addr("10.0.2.15");
    struct net_names n = shop(a, "");

    (void)state;
    assert_string_equal(net_hosts(&p, &n), LOCAL "10.0.2.15\tshop\n");
    n = shop(a, "example.com");
    assert_string_equal(net_hosts(&p, &n),
                        LOCAL "10.0.2.15\tshop.example.com shop\n");
    n = shop(0, "example.com");
    n.hostname = "shop.example.org";
    assert_string_equal(net_hosts(&p, &n),
                        LOCAL "127.0.1.1\tshop.example.org\n");
    /* A domain that would break the file is not used. */
    n = shop(a, "x\n1.2.3.4 bank");
    assert_string_equal(net_hosts(&p, &n), LOCAL "10.0.2.15\tshop\n");
    pool_release(&p);
}

static void test_hosts6(void **state)
{
    struct pool p = {0};
    struct net_names n = shop(0, "");

    (void)state;
    inet_pton(AF_INET6, "2001:db8::5", n.six.addr);
    assert_string_equal(net_hosts(&p, &n), LOCAL "2001:db8::5\tshop\n");
    n.addr = inet_addr("10.0.2.15");
    n.domain = "example.com";
    assert_string_equal(net_hosts(&p, &n),
                        LOCAL "10.0.2.15\tshop.example.com shop\n"
                              "2001:db8::5\tshop.example.com shop\n");
    pool_release(&p);
}

static void test_resolv(void **state)
{
    struct pool p = {0};
    uint32_t dns[2] = {inet_addr("10.0.2.3"), inet_addr("1.1.1.1")};
    struct net_names n = shop(0, "");

    (void)state;
    assert_string_equal(net_resolv(&p, &n), "");
    n.domain = "example.com";
    n.dns = dns;
    n.ndns = 2;
    assert_string_equal(net_resolv(&p, &n),
                        "search example.com\nnameserver 10.0.2.3\n"
                        "nameserver 1.1.1.1\n");
    n.domain = "a b";
    n.ndns = 1;
    assert_string_equal(net_resolv(&p, &n), "nameserver 10.0.2.3\n");
    pool_release(&p);
}

static void test_resolv6(void **state)
{
    struct pool p = {0};
    struct net_names n = shop(0, "");

    (void)state;
    n.six.ndns = 2;
    inet_pton(AF_INET6, "2001:db8::53", n.six.dns[0]);
    inet_pton(AF_INET6, "fe80::53", n.six.dns[1]);
    strcpy(n.six.search, "example.net lab.example.net");
    assert_string_equal(net_resolv(&p, &n),
                        "search example.net lab.example.net\n"
                        "nameserver 2001:db8::53\nnameserver fe80::53%eth0\n");
    n.domain = "example.com";
    n.six.ndns = 0;
    assert_string_equal(net_resolv(&p, &n),
                        "search example.com example.net lab.example.net\n");
    pool_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_hosts6),
        cmocka_unit_test(test_resolv),
        cmocka_unit_test(test_resolv6),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
