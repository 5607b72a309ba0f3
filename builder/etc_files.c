/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "etc_files.h"

#include <string.h>

#include "buf.h"

/* Taken over from the sysroot: they decide where libraries and programs go. */
static const char *const system_dirs[] = {
    "/usr", "/bin", "/sbin", "/lib", "/lib64",
};

/* Where the kernel mounts file systems, and what programs expect to exist. */
static const char *const plain_dirs[] = {
    "/bin", "/sbin", "/etc", "/proc", "/sys",         "/dev",
    "/tmp", "/run",  "/var", "/root", "/etc/unibeam",
};

static const struct {
    const char *path;
    const char *text;
} files[] = {
    {"/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                    "nobody:x:65534:65534:nobody:/:/bin/false\n"},
    {"/etc/group", "root:x:0:\n"
                   "tty:x:5:\n"
                   "nogroup:x:65534:\n"},
    {"/etc/nsswitch.conf", "passwd: files\n"
                           "group: files\n"
                           "hosts: files dns\n"
                           "networks: files\n"
                           "protocols: files\n"
                           "services: files\n"},
    {"/etc/host.conf", "multi on\n"},
    {"/etc/protocols", "ip 0 IP\n"
                       "icmp 1 ICMP\n"
                       "igmp 2 IGMP\n"
                       "tcp 6 TCP\n"
                       "udp 17 UDP\n"
                       "ipv6 41 IPv6\n"
                       "ipv6-icmp 58 IPv6-ICMP\n"
                       "sctp 132 SCTP\n"},
    {"/etc/services", "ftp-data 20/tcp\n"
                      "ftp 21/tcp\n"
                      "ssh 22/tcp\n"
                      "telnet 23/tcp\n"
                      "smtp 25/tcp mail\n"
                      "domain 53/tcp\n"
                      "domain 53/udp\n"
                      "bootps 67/udp\n"
                      "bootpc 68/udp\n"
                      "tftp 69/udp\n"
                      "http 80/tcp www\n"
                      "kerberos 88/tcp\n"
                      "kerberos 88/udp\n"
                      "pop3 110/tcp\n"
                      "ntp 123/udp\n"
                      "imap2 143/tcp imap\n"
                      "snmp 161/udp\n"
                      "snmp-trap 162/udp snmptrap\n"
                      "ldap 389/tcp\n"
                      "https 443/tcp\n"
                      "https 443/udp\n"
                      "submissions 465/tcp smtps\n"
                      "syslog 514/udp\n"
                      "submission 587/tcp\n"
                      "ldaps 636/tcp\n"
                      "domain-s 853/tcp\n"
                      "imaps 993/tcp\n"
                      "pop3s 995/tcp\n"
                      "mysql 3306/tcp\n"
                      "epmd 4369/tcp\n"
                      "postgresql 5432/tcp postgres\n"
                      "amqp 5672/tcp\n"
                      "redis 6379/tcp\n"},
};

/* Written at boot by process 1, in memory: the root file system is read-only.
 */
static const struct {
    const char *path;
    const char *target;
} links[] = {
    {"/etc/hosts", "/run/hosts"},
    {"/etc/resolv.conf", "/run/resolv.conf"},
    {"/etc/mtab", "/proc/self/mounts"},
    {"/var/run", "/run"},
    {"/var/tmp", "/tmp"},
};

int etc_add_dirs(struct tree *t, const struct sysroot *s)
{
    const char *why = "every image";
    bool found;

    for (size_t i = 0; i < sizeof(system_dirs) / sizeof(*system_dirs); i++)
        if (sysroot_mirror_if(s, t, system_dirs[i], why, &found))
            return -1;
    for (size_t i = 0; i < sizeof(plain_dirs) / sizeof(*plain_dirs); i++)
        if (!tree_dir(t, plain_dirs[i], why))
            return -1;
    tree_find(t, "/root", true)->mode = 0700;
    tree_find(t, "/tmp", true)->mode = 01777;
    return 0;
}

int etc_add_files(struct tree *t, const char *hostname)
{
    const char *why = "every image";
    struct buf name = {0};

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        if (!tree_data(t, files[i].path, files[i].text, strlen(files[i].text),
                       why))
            return -1;
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
        if (!tree_link(t, links[i].path, links[i].target, why))
            return -1;
    buf_addf(&name, "%s\n", hostname);
    if (!tree_data(t, "/etc/hostname", name.data, name.len, why))
        return -1;
    buf_release(&name);
    return 0;
}
