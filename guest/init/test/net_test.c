/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "unit.h"

#include <arpa/inet.h>

#include "net.h"

static void test_hosts(void **state)
{
    struct pool p = {0};
    uint32_t a = inet_addr("10.0.2.15");

    (void)state;
    assert_string_equal(net_hosts(&p, "shop", "", a),
                        "127.0.0.1\tlocalhost\n10.0.2.15\tshop\n");
    assert_string_equal(net_hosts(&p, "shop", "example.com", a),
                        "127.0.0.1\tlocalhost\n"
                        "10.0.2.15\tshop.example.com shop\n");
    assert_string_equal(net_hosts(&p, "shop.example.org", "example.com", 0),
                        "127.0.0.1\tlocalhost\n"
                        "127.0.1.1\tshop.example.org\n");
    /* A domain that would break the file is not used. */
    assert_string_equal(net_hosts(&p, "shop", "x\n1.2.3.4 bank", a),
                        "127.0.0.1\tlocalhost\n10.0.2.15\tshop\n");
    pool_release(&p);
}

static void test_resolv(void **state)
{
    struct pool p = {0};
    uint32_t dns[2] = {inet_addr("10.0.2.3"), inet_addr("1.1.1.1")};

    (void)state;
    assert_string_equal(net_resolv(&p, "", NULL, 0), "");
    assert_string_equal(net_resolv(&p, "example.com", dns, 2),
                        "search example.com\nnameserver 10.0.2.3\n"
                        "nameserver 1.1.1.1\n");
    assert_string_equal(net_resolv(&p, "a b", dns, 1), "nameserver 10.0.2.3\n");
    pool_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_resolv),
    };

    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
