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

#define RUN_DIR       "/run/unibeam"
#define LEASE_POLL_MS 2000 /* after the release was started without one */

static struct pool pool;
static struct pool start_pool; /* for one start of the release */
static struct conf conf;
static const char *hostname;
static unsigned lease_poll_ms; /* 0: nothing to wait for */

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

/* Writes what depends on the address.  /etc/hosts and /etc/resolv.conf are
 * links to these files: the root file system is read-only. */
static void write_names(const char *domain, uint32_t addr, const uint32_t *dns,
                        unsigned ndns)
{
    char *hosts = net_hosts(&pool, hostname, domain, addr);
    struct err e;

    for (size_t i = 0; i < conf.hosts.n; i++)
        hosts = pool_printf(&pool, "%s%s", hosts, conf.hosts.v[i]);
    if (files_write("/run/hosts", hosts, 0644, &e))
        say("%s", e.text);
    if (files_write("/run/resolv.conf", net_resolv(&pool, domain, dns, ndns),
                    0644, &e))
        say("%s", e.text);
}

static void set_names(const struct netconf_dhcp *lease, uint32_t addr,
                      const uint32_t *dns, unsigned ndns)
{
    hostname = conf.hostname;
    if (!hostname && conf_valid_hostname(lease->hostname))
        hostname = pool_strdup(&pool, lease->hostname);
    if (!hostname)
        hostname = name_from_release(conf.release);
    if (sethostname(hostname, strlen(hostname)))
        say("cannot set the host name: %s", strerror(errno));
    write_names(lease->domain, addr, dns, ndns);
}

/* A lease that came after the release was started. */
static void late_lease(unsigned *tick_ms)
{
    struct netconf_dhcp lease;

    if (net_dhcp(0, &lease))
        return;
    *tick_ms = lease_poll_ms = 0;
    write_names(lease.domain, lease.addr, lease.dns, lease.ndns);
    say("address %s", net_addr_text(&pool, lease.addr));
}

/* Starts what needs time; whether a lease is to be waited for. */
static int begin_network(void)
{
    struct netconf_dhcp lease;
    struct err e;

    if (net_loopback(&e))
        say("%s", e.text);
    if (conf.ip.mode == IP_NONE)
        return 0;
    if (!net_present()) {
        if (conf.ip.mode != IP_DEFAULT)
            say("ip= is given but there is no network interface");
        return 0;
    }
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

/* Address of this machine, 0: none (yet). */
static uint32_t finish_network(int dhcp)
{
    struct netconf_dhcp lease = {0};
    int r;

    if (!dhcp) {
        uint32_t addr = conf.ip.mode == IP_STATIC ? conf.ip.addr : 0;

        set_names(&lease, addr, conf.ip.dns, conf.ip.ndns);
        return addr;
    }
    r = net_dhcp(conf.ip_wait_ms, &lease);
    if (r == -ETIMEDOUT) {
        say("no answer from a DHCP server in %u s, going on without a network",
            conf.ip_wait_ms / 1000);
        lease_poll_ms = LEASE_POLL_MS;
    } else if (r < 0) {
        say("DHCP: %s", strerror(-r));
    }
    if (r < 0)
        memset(&lease, 0, sizeof(lease));
    set_names(&lease, lease.addr, lease.dns, lease.ndns);
    return lease.addr;
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
        status = supervise_run(r, conf.grace, late_lease, lease_poll_ms, e);
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
    uint32_t addr;
    int dhcp, status;

    if (supervise_init(e) || read_configuration(e))
        return -1;
    dhcp = begin_network();
    make_directories();
    if (compose(&release, e))
        return -1;
    addr = finish_network(dhcp);
    say("%s %s, %s%s, up in %u ms", conf.release, conf.version,
        addr ? "address " : "no network",
        addr ? net_addr_text(&pool, addr) : "", (unsigned)uptime_ms());
    if (conf.shell && !release.shell)
        say("%s has no shell: its arguments say -noshell or -noinput",
            conf.release);
    console_begin(&conf, release.shell);
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
