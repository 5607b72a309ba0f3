/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "unit.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#define MINIMAL                                                                \
    "release=shop\nversion=1.0.0\nlayout=relx\nroot=/app\n"                    \
    "erts=/app/erts-13.1.5\nboot=/app/releases/1.0.0/start\n"

static void test_complete_file(void **state)
{
    struct pool p = {0};
    struct conf c;
    struct err e;

    (void)state;
    conf_init(&c);
    assert_int_equal(conf_parse_file(&p, &c,
                                     "# made by unibeam build\n\n" MINIMAL
                                     "config=/app/releases/1.0.0/sys.config\n"
                                     "vmargs=/app/releases/1.0.0/vm.args\n"
                                     "env.A=1\nenv.B= two = 2 # x\nenv.A=3\n"
                                     "env.EMPTY=\n"
                                     "hostname=shop-1.example.com\n"
                                     "restart=on-failure:3\n"
                                     "envsh=/app/releases/1.0.0/env.sh\n"
                                     "pre_start=hooks/a|b c\npa=/a\npa=/b\n"
                                     "grace=5",
                                     &e),
                     0);
    assert_string_equal(c.release, "shop");
    assert_int_equal(c.layout, LAYOUT_RELX);
    assert_string_equal(c.vmargs, "/app/releases/1.0.0/vm.args");
    assert_null(c.cookie);
    assert_int_equal(c.env.n, 3);
    assert_string_equal(c.env.v[0], "A=3");
    assert_string_equal(c.env.v[1], "B= two = 2 # x");
    assert_string_equal(c.env.v[2], "EMPTY=");
    assert_string_equal(c.hostname, "shop-1.example.com");
    assert_int_equal(c.grace, 5);
    assert_int_equal(c.restart.when, RESTART_ON_FAILURE);
    assert_int_equal(c.restart.max, 3);
    assert_string_equal(c.envsh, "/app/releases/1.0.0/env.sh");
    assert_string_equal(c.pre_start, "hooks/a|b c");
    assert_int_equal(c.pa.n, 2);
    assert_null(c.eval);
    pool_release(&p);
}

static const struct {
    const char *text;
    const char *error;
} bad_files[] = {
    {"", "'release' is missing"},
    {"release=x\n", "'version' is missing"},
    {"release=\n", "line 1: 'release' has no value"},
    {MINIMAL "color=red\n", "line 7: unknown key 'color'"},
    {MINIMAL "nonsense\n", "line 7: 'nonsense' is not key=value"},
    {MINIMAL "grace=5s\n", "line 7: bad grace '5s': seconds, at most 86400"},
    {MINIMAL "grace=-1\n", "line 7: bad grace '-1': seconds, at most 86400"},
    {MINIMAL "grace=99999999999999999999\n",
     "line 7: bad grace '99999999999999999999': seconds, at most 86400"},
    {MINIMAL "env.=x\n", "line 7: bad environment variable name ''"},
    {MINIMAL "hostname=a_b\n", "line 7: bad hostname 'a_b'"},
    {MINIMAL "hostname=-a\n", "line 7: bad hostname '-a'"},
    {MINIMAL "console.shell=1\n", "line 7: bad console.shell '1': yes or no"},
    {MINIMAL "layout=deb\n", "line 7: bad layout 'deb'"},
    {MINIMAL "restart=sometimes\n",
     "line 7: bad restart 'sometimes': no, on-failure[:TIMES] or always"},
    {MINIMAL "envsh=env.sh\n", "'env.sh' is not an absolute path"},
    {MINIMAL "config=sys.config\n", "'sys.config' is not an absolute path"},
};

static void test_bad_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_files); i++) {
        struct pool p = {0};
        struct conf c;
        struct err e;

        conf_init(&c);
        assert_int_equal(conf_parse_file(&p, &c, bad_files[i].text, &e), -1);
        assert_string_equal(e.text, bad_files[i].error);
        pool_release(&p);
    }
}

static const struct {
    const char *value;
    const char *addr;
    const char *mask;
    const char *gateway;
    unsigned ndns;
} good_ips[] = {
    {"10.0.2.15/24", "10.0.2.15", "255.255.255.0", "0.0.0.0", 0},
    {"10.0.2.15/24,10.0.2.2", "10.0.2.15", "255.255.255.0", "10.0.2.2", 0},
    {"192.168.1.9/16,192.168.0.1,1.1.1.1,8.8.8.8", "192.168.1.9", "255.255.0.0",
     "192.168.0.1", 2},
    {"172.16.0.2/32", "172.16.0.2", "255.255.255.255", "0.0.0.0", 0},
    {"10.1.1.1/8,,9.9.9.9", "10.1.1.1", "255.0.0.0", "0.0.0.0", 1},
};

static void test_good_ips(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good_ips); i++) {
        struct ipconf ip = {0};
        struct err e;

        assert_int_equal(conf_parse_ip(&ip, good_ips[i].value, &e), 0);
        assert_int_equal(ip.mode, IP_STATIC);
        assert_int_equal(ip.addr, inet_addr(good_ips[i].addr));
        assert_int_equal(ip.netmask, inet_addr(good_ips[i].mask));
        assert_int_equal(ip.gateway, inet_addr(good_ips[i].gateway));
        assert_int_equal(ip.ndns, good_ips[i].ndns);
    }
}

/* Later wins, the command line over the file. */
static void test_console(void **state)
{
    struct pool p = {0};
    struct conf c;
    struct err e;

    (void)state;
    conf_init(&c);
    assert_int_equal(c.shell, 0);
    assert_int_equal(conf_parse_file(&p, &c, MINIMAL "console.shell=yes\n", &e),
                     0);
    assert_int_equal(c.shell, 1);
    assert_int_equal(conf_parse_cmdline(&p, &c,
                                        "console.size=132x43 "
                                        "console.resize=/dev/ttyS1",
                                        &e),
                     0);
    assert_int_equal(c.shell, 1);
    assert_int_equal(c.size.columns, 132);
    assert_int_equal(c.size.rows, 43);
    assert_string_equal(c.size_channel, "/dev/ttyS1");
    assert_int_equal(conf_parse_cmdline(&p, &c, "console.shell=no", &e), 0);
    assert_int_equal(c.shell, 0);
    pool_release(&p);
}

static const char *const bad_ips[] = {
    "",
    "yes",
    "DHCP",
    "10.0.2.15",
    "10.0.2.15/",
    "10.0.2.15/33",
    "10.0.2.15/0",
    "10.0.2/24",
    "10.0.2.256/24",
    "0.0.0.0/8",
    "224.0.0.1/24",
    "255.255.255.255/24",
    "10.0.2.15/24,gw",
    "10.0.2.15/24,10.0.2.2,",
    "10.0.2.15/24,10.0.2.2,1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5",
    "10.0.2.15/24/24",
    " 10.0.2.15/24",
    "/24",
    ",",
};

static void test_bad_ips(void **state)
{
    char longer[500];
    struct ipconf ip = {.mode = IP_NONE};
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_ips); i++)
        if (conf_parse_ip(&ip, bad_ips[i], &e) != -1)
            fail_msg("accepted ip=%s", bad_ips[i]);
    memset(longer, '1', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    assert_int_equal(conf_parse_ip(&ip, longer, &e), -1);
    assert_int_equal(ip.mode, IP_NONE); /* untouched by failures */
}

static const struct {
    const char *value;
    const char *addr;
    unsigned prefix;
    const char *gateway;
    unsigned ndns;
} good_ip6s[] = {
    {"2001:db8::5/64", "2001:db8::5", 64, "::", 0},
    {"2001:db8::5/64,fe80::1", "2001:db8::5", 64, "fe80::1", 0},
    {"fd00::2/126,fd00::1,fd00::53,2001:db8::53", "fd00::2", 126, "fd00::1", 2},
    {"2001:db8::5/128,,2001:db8::53", "2001:db8::5", 128, "::", 1},
};

static void test_good_ip6s(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good_ip6s); i++) {
        struct ip6conf ip = {0};
        uint8_t addr[16], gateway[16];
        struct err e;

        inet_pton(AF_INET6, good_ip6s[i].addr, addr);
        inet_pton(AF_INET6, good_ip6s[i].gateway, gateway);
        assert_int_equal(conf_parse_ip6(&ip, good_ip6s[i].value, &e), 0);
        assert_int_equal(ip.mode, IP6_STATIC);
        assert_memory_equal(ip.addr, addr, 16);
        assert_memory_equal(ip.gateway, gateway, 16);
        assert_int_equal(ip.prefix, good_ip6s[i].prefix);
        assert_int_equal(ip.ndns, good_ip6s[i].ndns);
    }
}

static void test_bad_ip6s(void **state)
{
    static const char *const bad[] = {
        "",
        "yes",
        "AUTO",
        "2001:db8::5",
        "2001:db8::5/",
        "2001:db8::5/0",
        "2001:db8::5/129",
        "2001:db8::g/64",
        "10.0.2.15/24",
        "::/64",
        "::1/128",
        "ff02::1/64",
        "2001:db8::5/64,gw",
        "2001:db8::5/64,10.0.2.2",
        "2001:db8::5/64,ff02::2",
        "2001:db8::5/64,fe80::1%eth0",
        "2001:db8::5/64,fe80::1,",
        "2001:db8::5/64,fe80::1,::2,::3,::4,::5,::6",
        "2001:db8::5/64/64",
        "/64",
        ",",
    };
    struct ip6conf ip = {.mode = IP6_NONE};
    char longer[500];
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (conf_parse_ip6(&ip, bad[i], &e) != -1)
            fail_msg("accepted ip6=%s", bad[i]);
    memset(longer, '1', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    assert_int_equal(conf_parse_ip6(&ip, longer, &e), -1);
    assert_int_equal(ip.mode, IP6_NONE);
    assert_int_equal(conf_parse_ip6(&ip, "dhcp", &e), 0);
    assert_int_equal(ip.mode, IP6_DHCP);
    assert_int_equal(conf_parse_ip6(&ip, "auto", &e), 0);
    assert_int_equal(ip.mode, IP6_AUTO);
}

static void test_cmdline(void **state)
{
    struct pool p = {0};
    struct conf c;
    struct err e;

    (void)state;
    conf_init(&c);
    assert_int_equal(conf_parse_file(&p, &c, MINIMAL "env.A=file\n", &e), 0);
    assert_int_equal(
        conf_parse_cmdline(
            &p, &c,
            "  root=vda2\tquiet ip=10.0.2.15/24,10.0.2.2 env.A=line "
            "env.B=\"two words\" \"env.C=a \\\"q\\\" \\\\ b\" env.D=x\\y "
            "arg=+S arg=2 arg=\"\" hostname=a grace=7 hostname=b ip.wait=9 "
            "host=db:10.0.0.7 host=db.example.com:fe80::1 "
            "env.E= restart=always eval=\"IO.puts(1)\" loglevel=3 "
            "virtio_mmio.device=512@0xfeb00000:5\n",
            &e),
        0);
    assert_int_equal(c.ip.mode, IP_STATIC);
    assert_int_equal(c.env.n, 5);
    assert_string_equal(c.env.v[0], "A=line");
    assert_string_equal(c.env.v[1], "B=two words");
    assert_string_equal(c.env.v[2], "C=a \"q\" \\ b");
    assert_string_equal(c.env.v[3], "D=x\\y");
    assert_string_equal(c.env.v[4], "E=");
    assert_int_equal(c.args.n, 3);
    assert_string_equal(c.args.v[2], "");
    assert_string_equal(c.hostname, "b");
    assert_int_equal(c.hosts.n, 2);
    assert_string_equal(c.hosts.v[0], "10.0.0.7\tdb\n");
    assert_string_equal(c.hosts.v[1], "fe80::1\tdb.example.com\n");
    assert_int_equal(c.grace, 7);
    assert_int_equal(c.ip_wait_ms, 9000);
    assert_int_equal(c.restart.when, RESTART_ALWAYS);
    assert_string_equal(c.eval, "IO.puts(1)");
    assert_string_equal(c.root, "/app"); /* the kernel's root= is not ours */
    pool_release(&p);
}

static const struct {
    const char *text;
    const char *error;
} bad_lines[] = {
    {"env.A=\"b", "a quote is not closed: env.A=\"b"},
    {"\"", "a quote is not closed: \""},
    {"\"a\\\"", "a quote is not closed: \"a\\\""},
    {"env.=x", "bad environment variable name ''"},
    {"hostname=", "bad hostname ''"},
    {"grace=x", "bad grace 'x': seconds, at most 86400"},
    {"host=db", "bad host 'db': NAME:ADDRESS"},
    {"host=a_b:1.2.3.4", "bad host 'a_b:1.2.3.4': NAME:ADDRESS"},
    {"host=db:1.2.3", "bad host 'db:1.2.3': NAME:ADDRESS"},
    {"ip.wait=", "bad ip.wait '': seconds"},
    {"console.shell=", "bad console.shell '': yes or no"},
    {"console.size=80", "bad console.size '80': COLUMNSxROWS"},
    {"console.size=0x24", "bad console.size '0x24': COLUMNSxROWS"},
    {"console.size=80x1001", "bad console.size '80x1001': COLUMNSxROWS"},
    {"console.size=80x24x1", "bad console.size '80x24x1': COLUMNSxROWS"},
    {"console.resize=ttyS1", "bad console.resize 'ttyS1': a device"},
    {"restart=on-failure:", "bad restart 'on-failure:': no, "
                            "on-failure[:TIMES] or always"},
    {"restart=on-failure:0", "bad restart 'on-failure:0': no, "
                             "on-failure[:TIMES] or always"},
    {"restart=on-failures", "bad restart 'on-failures': no, "
                            "on-failure[:TIMES] or always"},
    {"restart=", "bad restart '': no, on-failure[:TIMES] or always"},
    {"ip6=1",
     "bad ip6 '1': auto, dhcp, none or ADDRESS/PREFIX[,GATEWAY[,DNS...]]"},
    {"ip=1", "bad ip '1': dhcp, none or ADDRESS/PREFIX[,GATEWAY[,DNS...]]"},
};

static void test_bad_cmdline(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_lines); i++) {
        struct pool p = {0};
        struct conf c;
        struct err e;

        conf_init(&c);
        assert_int_equal(conf_parse_cmdline(&p, &c, bad_lines[i].text, &e), -1);
        assert_string_equal(e.text, bad_lines[i].error);
        pool_release(&p);
    }
}

/* Random bytes: no crash, no read outside (ASan watches). */
static void test_noise(void **state)
{
    static const char alphabet[] = "aeip.=\"\\ \n#,/0129hostname";

    (void)state;
    srandom(1);
    for (int i = 0; i < 20000; i++) {
        struct pool p = {0};
        struct conf c;
        struct err e;
        size_t n = (size_t)random() % 40;
        char *text = pool_alloc(&p, n + 1);

        for (size_t k = 0; k < n; k++)
            text[k] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
        text[n] = 0;
        conf_init(&c);
        (void)conf_parse_cmdline(&p, &c, text, &e);
        (void)conf_parse_file(&p, &c, text, &e);
        (void)conf_parse_ip(&c.ip, text, &e);
        (void)conf_parse_ip6(&c.ip6, text, &e);
        pool_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete_file), cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_console),       cmocka_unit_test(test_good_ips),
        cmocka_unit_test(test_bad_ips),       cmocka_unit_test(test_good_ip6s),
        cmocka_unit_test(test_bad_ip6s),      cmocka_unit_test(test_cmdline),
        cmocka_unit_test(test_bad_cmdline),   cmocka_unit_test(test_noise),
    };

    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
