/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal_show.h - handlers that note what came.
 */
#pragma once

#include "show.h"

static volatile sig_atomic_t count, last, code, value, from_me;

static void handler(int sig)
{
    last = sig;
    count++;
}

static void info_handler(int sig, siginfo_t *si, void *uc)
{
    (void)uc;
    last = sig;
    code = si->si_code;
    value = si->si_value.sival_int;
    from_me = si->si_pid == getpid();
    count++;
}

__attribute__((unused)) static void catch (int sig, int flags)
{
    struct sigaction a = {.sa_flags = flags};

    if (flags & SA_SIGINFO)
        a.sa_sigaction = info_handler;
    else
        a.sa_handler = handler;
    NEED(!sigaction(sig, &a, NULL));
}
