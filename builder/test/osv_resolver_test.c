/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* Which name servers of a host are of use to a machine on OSv. */
#include <stdlib.h>

#include "file.h"
#include "osv/resolver.h"
#include "test.h"

static void check(const char *conf, const char *wanted)
{
    char *dir = test_dir();
    char *path = path_join(dir, "resolv.conf");
    struct strvec servers = {0};
    struct buf out = {0};

    test_file(dir, "resolv.conf", conf);
    osv_read_nameservers(path, &servers);
    osv_write_resolv_conf(&servers, &out);
    assert_string_equal(buf_str(&out), wanted);
    buf_release(&out);
    strvec_release(&servers);
    free(path);
    test_remove_dir(dir);
}

static void resolv_conf(void **state)
{
    check("", "");
    check("# nameserver 192.0.2.1\nsearch example\nnameserver\nnameserver x\n",
          "");
    check("nameserver 192.0.2.1\r\nnameserver\t 192.0.2.2  # second\n"
          "nameserver 192.0.2.1\nnameservers 192.0.2.3\n",
          "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
    check("nameserver 127.0.0.53\nnameserver ::1\nnameserver fe80::1%eth0\n"
          "nameserver 2001:db8::1",
          "nameserver 2001:db8::1\n");
}

static void no_file(void **state)
{
    struct strvec servers = {0};

    osv_read_nameservers("/no/such/file", &servers);
    assert_int_equal(servers.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolv_conf),
        cmocka_unit_test(no_file),
    };

    return cmocka_run_group_tests_name("osv_resolver", tests, NULL, NULL);
}
