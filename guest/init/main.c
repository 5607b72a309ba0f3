/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Process 1 of an image: configures the machine, starts the release, and ends
 * with its exit status (the kernel then powers off, include/abi/machine.h).
 *
 * The lease is asked for first and waited for last, so that everything else
 * happens while the server's answer is on its way.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/initconf.h"
#include "abi/machine.h"
#include "conf.h"
#include "console.h"
#include "files.h"
#include "net.h"
#include "release.h"
#include "restart.h"
#include "say.h"
#include "script.h"
#include "supervise.h"

#define RUN_DIR    "/run/unibeam"
#define SOON_MS    2000 /* between looks at what the network has told since */
#define LATER_MS   30000
#define SOON_TICKS 30

static struct pool pool;
static struct pool start_pool; /* for one start of the release */
static struct conf conf;
static struct netconf_dhcp lease; /* empty: none */
static struct net_names names;
static int pending;  /* a lease may come */
static int uses_six; /* there is an interface for IPv6 */

static void stdio_on_console(void)
{
    int fd;

    if (fcntl(STDERR_FILENO, F_GETFD) >= 0)
        return;
    fd = open("/dev/console", O_RDWR);
    if (fd < 0)
        return;
    for (int i = 0; i < 3; i++)
        if (fd != i)
            dup2(fd, i);
    if (fd > 2)
        close(fd);
}

/* What programs expect below the file systems the kernel mounted. */
static void make_directories(void)
{
    static const struct {
        const char *path;
        mode_t mode;
    } dirs[] = {
        {RUN_DIR, 0755},      {RUN_DIR "/home", 0700}, {"/run/lock", 01777},
        {"/var/tmp", 01777},  {"/var/log", 0755},      {"/var/lib", 0755},
        {"/var/cache", 0755},
    };

    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        if (mkdir(dirs[i].path, dirs[i].mode) && errno != EEXIST)
            say("cannot make '%s': %s", dirs[i].path, strerror(errno));
    if (symlink("/run", "/var/run") && errno != EEXIST)
        say("cannot make '/var/run': %s", strerror(errno));
}

static int read_configuration(struct err *e)
{
    struct err why;
    char *text;

    conf_init(&conf);
    text = files_read(&pool, INITCONF_PATH, e);
    if (!text)
        return -1;
    if (conf_parse_file(&pool, &conf, text, &why))
        return err_set(e, INITCONF_PATH ": %.200s", why.text);
    text = files_read(&pool, "/proc/cmdline", e);
    if (!text)
        return -1;
    if (conf_parse_cmdline(&pool, &conf, text, &why))
        return err_set(e, "kernel command line: %.200s", why.text);
    return 0;
}

/* The release's name as a host name: "hello_world" becomes "hello-world". */
static char *name_from_release(const char *release)
{
    char *name = pool_strndup(&pool, release, strnlen(release, 63));

    for (char *s = name; *s; s++)
        if (*s == '_' || *s == '@')
            *s = '-';
    return conf_valid_hostname(name) ? name : pool_strdup(&pool, "unibeam");
}

/* Writes what depends on addresses.  /etc/hosts and /etc/resolv.conf are links
 * to these files: the root file system is read-only. */
static void write_names(void)
{
    char *hosts = net_hosts(&pool, &names);
    struct err e;

    for (size_t i = 0; i < conf.hosts.n; i++)
        hosts = pool_printf(&pool, "%s%s", hosts, conf.hosts.v[i]);
    if (files_write("/run/hosts", hosts, 0644, &e))
        say("%s", e.text);
    if (files_write("/run/resolv.conf", net_resolv(&pool, &names), 0644, &e))
        say("%s", e.text);
}

static void name_machine(const char *name)
{
    names.hostname = name;
    if (sethostname(name, strlen(name)))
        say("cannot set the host name: %s", strerror(errno));
}

/* A name of our own wins over the server's, and that over the release's. */
static void take_lease(void)
{
    if (!conf.hostname && conf_valid_hostname(lease.hostname))
        name_machine(pool_strdup(&pool, lease.hostname));
    names.domain = lease.domain;
    names.addr = lease.addr;
    names.dns = lease.dns;
    names.ndns = lease.ndns;
}

/* Resolvers given on the command line are all there are. */
static void take_six(struct netconf_ip6 *six)
{
    if (conf.ip6.mode == IP6_STATIC) {
        memcpy(six->dns, conf.ip6.dns, sizeof(conf.ip6.dns));
        six->ndns = conf.ip6.ndns;
    }
    names.six = *six;
}

static void late_lease(void)
{
    if (!pending || net_dhcp(0, &lease))
        return;
    pending = 0;
    take_lease();
    write_names();
    say("address %s", net_addr_text(&pool, lease.addr));
}

/* What routers say changes as long as the machine runs. */
static void late_six(void)
{
    struct netconf_ip6 six;
    struct netconf_ip6 old = names.six;

    net_ip6(NETCONF_IP6_KEEP, 0, &six);
    take_six(&six);
    names.six.mode = old.mode;
    if (!memcmp(&old, &names.six, sizeof(old)))
        return;
    write_names();
    if (memcmp(old.addr, six.addr, sizeof(old.addr)) &&
        !net_addr6_any(six.addr))
        say("address %s", net_addr6_text(&pool, six.addr));
}

/* From time to time: what came after the release was started. */
static void late_network(unsigned *tick_ms)
{
    static unsigned ticks;

    late_lease();
    if (uses_six)
        late_six();
    if (!pending)
        *tick_ms = !uses_six ? 0 : ++ticks < SOON_TICKS ? SOON_MS : LATER_MS;
}

static void begin_six(void)
{
    static const enum netconf_ip6_mode modes[] = {
        [IP6_DEFAULT] = NETCONF_IP6_AUTO,  [IP6_NONE] = NETCONF_IP6_NONE,
        [IP6_AUTO] = NETCONF_IP6_AUTO,     [IP6_DHCP] = NETCONF_IP6_DHCP,
        [IP6_STATIC] = NETCONF_IP6_STATIC,
    };
    struct netconf_ip6 six;
    struct err e;

    if (conf.ip6.mode == IP6_DEFAULT && conf.ip.mode == IP_NONE)
        conf.ip6.mode = IP6_NONE;
    uses_six = conf.ip6.mode != IP6_NONE;
    if (conf.ip6.mode != IP6_STATIC)
        net_ip6(modes[conf.ip6.mode], 0, &six);
    else if (net_static6(&conf.ip6, &e))
        say("%s", e.text);
}

/* Starts what needs time; whether a lease is to be waited for. */
static int begin_network(void)
{
    struct err e;

    if (net_loopback(&e))
        say("%s", e.text);
    /* the DHCP client tells it the server */
    name_machine(conf.hostname ? conf.hostname
                               : name_from_release(conf.release));
    if (!net_present()) {
        if (conf.ip.mode > IP_NONE || conf.ip6.mode > IP6_NONE)
            say("%s is given but there is no network interface",
                conf.ip.mode > IP_NONE ? "ip=" : "ip6=");
        return 0;
    }
    begin_six();
    if (conf.ip.mode == IP_NONE)
        return 0;
    if (conf.ip.mode == IP_STATIC) {
        if (net_static(&conf.ip, &e)) {
            say("%s", e.text);
            conf.ip.addr = 0;
        }
        return 0;
    }
    net_dhcp(0, &lease);
    return 1;
}

static void wait_for_lease(void)
{
    int r = net_dhcp(conf.ip_wait_ms, &lease);

    if (r == -ETIMEDOUT) {
        say("no answer from a DHCP server in %u s, going on without a network",
            conf.ip_wait_ms / 1000);
        pending = 1;
    } else if (r < 0) {
        say("DHCP: %s", strerror(-r));
    }
    if (r < 0)
        memset(&lease, 0, sizeof(lease));
}

/* Only who asks for IPv6 is made to wait for it. */
static void wait_for_six(void)
{
    struct netconf_ip6 six;
    unsigned wait = conf.ip6.mode == IP6_DEFAULT ? 0 : conf.ip_wait_ms;
    int r = net_ip6(NETCONF_IP6_KEEP, wait, &six);

    if (r == -ETIMEDOUT && wait)
        say("no IPv6 address in %u s, going on without", wait / 1000);
    take_six(&six);
}

static void finish_network(int dhcp)
{
    if (dhcp)
        wait_for_lease();
    take_lease();
    if (conf.ip.mode == IP_STATIC) {
        names.addr = conf.ip.addr;
        names.dns = conf.ip.dns;
        names.ndns = conf.ip.ndns;
    }
    if (uses_six)
        wait_for_six();
    write_names();
}

/* "address A, B" or "no network". */
static const char *addresses(void)
{
    int four = names.addr != 0, six = !net_addr6_any(names.six.addr);

    if (!four && !six)
        return "no network";
    return pool_printf(&pool, "address %s%s%s",
                       four ? net_addr_text(&pool, names.addr) : "",
                       four && six ? ", " : "",
                       six ? net_addr6_text(&pool, names.six.addr) : "");
}

/* erlexec starts epmd through /bin/sh; an image need not have one. */
static void start_epmd(const struct release *r)
{
    char *path = pool_printf(&pool, "%s/epmd", r->bindir);
    char *argv[] = {path, (char *)"-daemon", NULL};
    struct err e;

    if (!r->needs_epmd || access("/bin/sh", X_OK) == 0)
        return;
    if (supervise_helper(path, argv, r->env.v, &e) < 0)
        say("%s", e.text);
}

static void report_exit(int status, uint64_t started)
{
    uint64_t ms = uptime_ms() - started;

    if (status > 128)
        say("%s was ended by signal %d (%s) after %u.%u s", conf.release,
            status - 128, strsignal(status - 128), (unsigned)(ms / 1000),
            (unsigned)(ms / 100 % 10));
    else
        say("%s exited with status %d after %u.%u s", conf.release, status,
            (unsigned)(ms / 1000), (unsigned)(ms / 100 % 10));
}

static int compose(struct release *r, struct err *e)
{
    int tty = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);

    pool_release(&start_pool);
    return release_compose(&start_pool, &conf, RUN_DIR, tty, r, e);
}

/* Waits as the policy says after an end of the release; whether it is to be
 * started once more. */
static int once_more(struct restart *again, int status, uint64_t started)
{
    int wait = -1;

    if (!supervise_stopping() && !conf.eval)
        wait =
            restart_after(again, &conf.restart, status, uptime_ms() - started);
    if (wait < 0)
        return 0;
    say("starting it again in %d.%d s, for the %u. time in a row", wait / 1000,
        wait / 100 % 10, again->count);
    supervise_clear();
    return !supervise_pause((unsigned)wait);
}

/* Runs the release until it ends for good; its status. */
static int keep_running(struct release *r, struct err *e)
{
    struct restart again = {0};
    uint64_t started;
    int status;

    for (;;) {
        started = uptime_ms();
        start_epmd(r);
        status = supervise_run(r, conf.grace, late_network,
                               pending || uses_six ? SOON_MS : 0, e);
        if (status < 0)
            return -1;
        report_exit(status, started);
        if (!once_more(&again, status, started))
            return status;
        if (compose(r, e))
            return -1;
    }
}

static int run(struct err *e)
{
    struct release release;
    int dhcp, status;

    if (supervise_init(e) || read_configuration(e))
        return -1;
    dhcp = begin_network();
    make_directories();
    if (compose(&release, e))
        return -1;
    finish_network(dhcp);
    say("%s %s, %s, up in %u ms", conf.release, conf.version, addresses(),
        (unsigned)uptime_ms());
    if (release.shell_off)
        say("%s has no shell: its arguments say -noshell or -noinput",
            conf.release);
    console_begin(&conf, release.shell && !release.shell_off);
    supervise_watch(console_channel(), console_resized);
    status = keep_running(&release, e);
    console_end();
    return status;
}

/* Called by the shell that ran the release's own scripts, in its place. */
static int become_release(char **vars, struct err *e)
{
    struct release r;
    int tty = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);

    if (read_configuration(e) ||
        release_resume(&pool, &conf, RUN_DIR, tty, vars, &r, e))
        return -1;
    execve(r.path, r.argv.v, r.env.v);
    return err_set(e, "cannot run '%s': %s", r.path, strerror(errno));
}

int main(int argc, char **argv)
{
    struct err e;
    int status;

    stdio_on_console();
    if (argc >= 2 && !strcmp(argv[1], SCRIPT_WORD) && getpid() != 1) {
        status = become_release(argv + 2, &e);
    } else if (getpid() != 1) {
        say("this is process 1 of an image, not a command");
        return 2;
    } else {
        umask(022);
        status = run(&e);
    }
    if (status < 0) {
        say("%s", e.text);
        return MACHINE_NO_RELEASE_STATUS;
    }
    return status;
}
