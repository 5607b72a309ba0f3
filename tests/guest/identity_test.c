/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * identity_test.c - users, groups, capabilities, sessions, prctl.
 */
#include "show.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char buf[100];

static void show_ids(void)
{
    uid_t r, e, s;
    gid_t g, h, i;

    getresuid(&r, &e, &s);
    getresgid(&g, &h, &i);
    say("uid %u %u %u gid %u %u %u", r, e, s, g, h, i);
}

SECTION(identity)
{
    gid_t groups[4] = {5, 6, 7, 8};

    show_ids();
    R(getgroups(0, NULL) >= 0);
    R(setgroups(3, groups));
    R(getgroups(0, NULL));
    R(getgroups(2, groups));
    R(getgroups(4, groups));
    R(getgroups(-1, groups));
    R(setgroups(70000, groups));
    R(getgroups(4, (void *)bad));
    CHILD
    {
        R(seteuid(1000));
        show_ids();
        R(setuid(1001));
        R(setuid(0));
        show_ids();
        R(setresuid(1, 2, 3));
        show_ids();
        R(setresuid(-1, 3, -1));
        R(setresuid(-1, 1, -1));
        R(setuid(0));
        R(setreuid(2, 2));
        R(setreuid(3, 3));
        show_ids();
    }
    CHILD
    {
        R(setgid(1000));
        R(setuid(1000));
        show_ids();
        R(setuid(0));
        R(setgid(0));
        R(setgroups(0, NULL));
        R(seteuid(0));
        R(setregid(1000, -1));
        R(setresgid(5, 5, 5));
        R(setpriority(PRIO_PROCESS, 0, -5));
        R(setpriority(PRIO_PROCESS, 0, 5));
        R(setpriority(PRIO_PROCESS, 0, 1));
        R(getpriority(PRIO_PROCESS, 0));
        R(kill(1, SIGTERM));
        R(nice(100));
        R(getpriority(PRIO_PROCESS, 0));
    }
    CHILD
    {
        R(setreuid(1000, -1));
        show_ids();
        R(setreuid(-1, 1001));
        show_ids();
        R(setregid(7, 8));
    }
    R(setpriority(99, 0, 0));
    R(getpriority(PRIO_PROCESS, 999999));
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct d[2];
    SYS(capget, &h, d);
    V(d[0].effective & 1);
    h.version = 5;
    SYS(capget, &h, d);
    say("%x", h.version);
    SYS(capget, &h, NULL);
    R(prctl(PR_CAPBSET_READ, 0));
    R(prctl(PR_CAPBSET_READ, 999));
    SYS(setfsuid, 1000);
    SYS(setfsuid, -1);
    SYS(setfsgid, 1000);
    SYS(setfsgid, -1);
}

SECTION(sessions)
{
    CHILD
    {
        pid_t self = getpid();

        V(getsid(0) != self && getpgrp() != self);
        V(setsid() == self);
        V(getsid(0) == self && getpgrp() == self);
        R(setsid());
        R(setpgid(0, 0));
        R(setpgid(0, 999999));
        R(setpgid(-1, 0));
        R(setpgid(0, -1));
        R(setpgid(1, 1));
        R(getpgid(999999));
        R(getpgid(-1));
        R(getsid(999999));
        R(open("/dev/tty", O_RDWR));
        pid_t pid = fork();
        if (!pid) {
            nap(1000);
            _exit(0);
        }
        V(getpgid(pid) == self);
        R(setpgid(pid, pid));
        V(getpgid(pid) == pid);
        R(setpgid(pid, self));
        kill(-self, 0);
        pid_t other = fork();
        if (!other) {
            setsid();
            nap(1000);
            _exit(0);
        }
        nap(50);
        R(setpgid(other, self));
        kill(pid, SIGKILL);
        kill(other, SIGKILL);
        pid_t old = fork();
        if (!old) {
            execl("/bin/sh", "sh", "-c", "sleep 1", NULL);
            _exit(1);
        }
        nap(200);
        R(setpgid(old, 0)); /* has executed a program */
        kill(old, SIGKILL);
    }
}

SECTION(prctls)
{
    int v = 7;

    R(prctl(PR_SET_NAME, "abcdefghijklmnopqrstuvwxyz"));
    R(prctl(PR_GET_NAME, buf));
    say("%s", buf);
    R(prctl(PR_SET_NAME, bad));
    R(prctl(PR_GET_NAME, bad));
    R(prctl(PR_SET_PDEATHSIG, 9));
    R(prctl(PR_GET_PDEATHSIG, &v));
    V(v);
    R(prctl(PR_SET_PDEATHSIG, 999));
    R(prctl(PR_GET_DUMPABLE));
    R(prctl(PR_SET_DUMPABLE, 0));
    R(prctl(PR_GET_DUMPABLE));
    R(prctl(PR_SET_DUMPABLE, 5));
    R(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    R(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    R(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    R(prctl(PR_GET_KEEPCAPS));
    R(prctl(PR_SET_CHILD_SUBREAPER, 1));
    R(prctl(PR_GET_CHILD_SUBREAPER, &v));
    V(v);
    R(prctl(99999));
    R(prctl(PR_GET_TIMERSLACK) > 0);
    /* the subreaper gets the orphans */
    int p[2];
    NEED(!pipe(p));
    pid_t me = getpid();
    CHILD
    {
        if (!fork()) {
            for (int i = 0; i < 200 && getppid() != me; i++)
                nap(5);
            nap(50);
            say("adopted %d", getppid() == me);
            _exit(8);
        }
    }
    say("%s", ending(child_wait(-1)));
    SYS(arch_prctl, 0x1003, &v); /* ARCH_GET_FS */
    SYS(arch_prctl, 0x9999, &v);
    SYS(personality, 0xffffffff);
}
