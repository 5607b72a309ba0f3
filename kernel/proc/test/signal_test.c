/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* signal_test.c - which signals become pending where, in which order they are
 * taken, and what siginfo_t looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakes.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/proc_priv.h"

/* --- what signal.c wants ------------------------------------------------- */

struct process *init_process;
static struct process process;
static struct thread *second;
static int killed;

void process_kill_threads(struct process *p, struct thread *except)
{
    (void)p;
    (void)except;
    killed++;
}

void posix_timer_taken(struct process *p, struct siginfo_k *info)
{
    (void)p;
    info->overrun = 5;
}

static int setup(void **state)
{
    static struct thread other;
    struct process *p = &process;

    (void)state;
    host_cpu_init(0);
    memset(p, 0, sizeof(*p));
    spin_init(&p->siglock, RANK_SIGNAL);
    list_init(&p->threads);
    list_init(&p->sig_pending_list);
    wq_init(&p->signal_wait);
    p->rlimits[RLIMIT_SIGPENDING].rlim_cur = 100;
    p->pid = 100;
    p->leader = current;
    current->process = p;
    list_add_tail(&p->threads, &current->process_link);
    second = &other;
    memset(second, 0, sizeof(*second));
    second->process = p;
    second->state = THREAD_RUNNING;
    list_init(&second->sig_pending_list);
    list_add_tail(&p->threads, &second->process_link);
    p->nr_threads = 2;
    killed = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    signal_flush_process(&process);
    signal_flush_thread(current);
    signal_flush_thread(second);
    assert_int_equal(sigqueue_count(), 0);
    assert_int_equal(host_allocated, 0);
    return 0;
}

static void handle(int signo)
{
    process.sighand.action[signo - 1].handler = 0x400000;
}

static int take(void)
{
    struct siginfo_k info;

    return signal_dequeue(~0ul, &info);
}

/* --- sending ------------------------------------------------------------- */

static void ignored_is_dropped(void **state)
{
    (void)state;
    signal_send_process(&process, SIGCHLD, NULL); /* by default */
    process.sighand.action[SIGTERM - 1].handler = 1;
    signal_send_process(&process, SIGTERM, NULL);
    assert_int_equal(process.sig_pending, 0);
    assert_int_equal(current->work, 0);
    /* Blocked ones are kept: the disposition may change before it counts. */
    current->sig_blocked = SIGBIT(SIGCHLD);
    signal_send_process(&process, SIGCHLD, NULL);
    assert_int_equal(process.sig_pending, SIGBIT(SIGCHLD));
    assert_int_equal(take(), SIGCHLD);
}

static void main_thread_first(void **state)
{
    (void)state;
    handle(SIGUSR1);
    signal_send_process(&process, SIGUSR1, NULL);
    assert_int_equal(current->work, TW_SIGNAL);
    assert_int_equal(second->work, 0);
    current->work = 0;
    assert_int_equal(take(), SIGUSR1);
    current->sig_blocked = SIGBIT(SIGUSR1);
    signal_send_process(&process, SIGUSR1, NULL);
    assert_int_equal(current->work, 0);
    assert_int_equal(second->work, TW_SIGNAL);
}

static void blocking_passes_it_on(void **state)
{
    (void)state;
    handle(SIGUSR1);
    signal_send_process(&process, SIGUSR1, NULL);
    signal_set_blocked(SIGBIT(SIGUSR1) | SIGBIT(SIGKILL));
    assert_int_equal(second->work, TW_SIGNAL);
    assert_int_equal(current->sig_blocked, SIGBIT(SIGUSR1));
    current->work = 0;
    signal_set_blocked(0); /* and unblocking notices what waits */
    assert_int_equal(current->work, TW_SIGNAL);
}

static void standard_ones_coalesce(void **state)
{
    (void)state;
    handle(SIGUSR1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(signal_send_process(&process, SIGUSR1, NULL), 0);
    assert_int_equal(sigqueue_count(), 1);
    assert_int_equal(take(), SIGUSR1);
    assert_int_equal(take(), 0);
}

static void realtime_ones_queue(void **state)
{
    struct siginfo_k info = {.code = SI_QUEUE}, got;

    (void)state;
    handle(40);
    process.rlimits[RLIMIT_SIGPENDING].rlim_cur = 3;
    for (uint64_t i = 1; i <= 3; i++) {
        info.value = i;
        assert_int_equal(signal_send_process(&process, 40, &info), 0);
    }
    assert_int_equal(signal_send_process(&process, 40, &info), -EAGAIN);
    /* From kill() it is delivered all the same, without siginfo. */
    info.code = SI_USER;
    assert_int_equal(signal_send_thread(second, 40, &info), 0);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(signal_dequeue(~0ul, &got), 40);
        assert_int_equal(got.value, i);
        assert_int_equal(got.signo, 40);
    }
    assert_int_equal(take(), 0);
    assert_int_equal(second->sig_pending, SIGBIT(40));
}

static void order_of_taking(void **state)
{
    static const int all[] = {SIGUSR1, SIGHUP, SIGSEGV, 50, SIGTERM};
    static const int want[] = {SIGSEGV, SIGUSR1, SIGHUP, SIGTERM, 50};

    (void)state;
    for (int i = 0; i < 5; i++) {
        handle(all[i]);
        if (all[i] == SIGUSR1 || all[i] == SIGSEGV)
            signal_send_thread(current, all[i], NULL);
        else
            signal_send_process(&process, all[i], NULL);
    }
    assert_int_equal(signal_pending_mask() & SIGBIT(50), SIGBIT(50));
    for (int i = 0; i < 5; i++)
        assert_int_equal(take(), want[i]);
}

static void stop_and_continue_cancel(void **state)
{
    (void)state;
    current->sig_blocked = second->sig_blocked =
        SIGBIT(SIGTSTP) | SIGBIT(SIGCONT);
    signal_send_process(&process, SIGTSTP, NULL);
    signal_send_process(&process, SIGCONT, NULL);
    assert_int_equal(process.sig_pending, SIGBIT(SIGCONT));
    signal_send_thread(current, SIGSTOP, NULL);
    assert_int_equal(process.sig_pending, 0);
    assert_int_equal(current->sig_pending, SIGBIT(SIGSTOP));
    process.group_stop = true;
    process.stopped = true;
    current->sig_blocked = 0;
    signal_send_process(&process, SIGCONT, NULL);
    assert_false(process.group_stop || process.stopped);
    assert_true(process.continued && process.tell_continued);
    assert_int_equal(current->sig_pending, 0);
}

static void fatal_ends_at_once(void **state)
{
    (void)state;
    signal_send_process(&process, SIGTERM, NULL);
    assert_true(process.group_exit);
    assert_int_equal(process.exit_status, SIGTERM);
    assert_int_equal(killed, 1);
    signal_send_process(&process, SIGKILL, NULL); /* too late to matter */
    assert_int_equal(process.exit_status, SIGTERM);
}

static void kill_cannot_be_held_off(void **state)
{
    (void)state;
    process.group_stop = true;
    signal_set_blocked(~0ul);
    second->sig_blocked = current->sig_blocked;
    signal_send_process(&process, SIGTERM, NULL);
    assert_false(process.group_exit);
    signal_send_process(&process, SIGKILL, NULL);
    assert_true(process.group_exit);
    assert_false(process.group_stop);
    assert_int_equal(process.exit_status, SIGKILL);
}

static void init_is_safe(void **state)
{
    (void)state;
    init_process = &process;
    signal_send_process(&process, SIGKILL, NULL);
    signal_send_process(&process, SIGTERM, NULL);
    signal_send_thread(current, SIGSEGV, NULL); /* not by itself */
    assert_false(process.group_exit);
    assert_int_equal(signal_pending_mask(), 0);
    handle(SIGTERM);
    signal_send_process(&process, SIGTERM, NULL);
    assert_int_equal(take(), SIGTERM);
    user_exception(SIGSEGV, SEGV_MAPERR, 0x10); /* its own fault */
    assert_int_equal(take(), SIGSEGV);
    init_process = NULL;
}

static void faults_cannot_be_ignored(void **state)
{
    struct siginfo_k info;

    (void)state;
    process.sighand.action[SIGSEGV - 1].handler = 1;
    current->sig_blocked = SIGBIT(SIGSEGV) | SIGBIT(SIGINT);
    user_exception(SIGSEGV, SEGV_ACCERR, 0x1234);
    assert_int_equal(process.sighand.action[SIGSEGV - 1].handler, 0);
    assert_int_equal(current->sig_blocked, SIGBIT(SIGINT));
    assert_int_equal(signal_dequeue(~0ul, &info), SIGSEGV);
    assert_int_equal(info.addr, 0x1234);
    assert_int_equal(info.code, SEGV_ACCERR);
}

static void mask_for_one_call(void **state)
{
    (void)state;
    handle(SIGUSR1);
    signal_set_blocked(SIGBIT(SIGUSR1));
    second->sig_blocked = SIGBIT(SIGUSR1);
    signal_mask_push(0);
    signal_send_process(&process, SIGUSR1, NULL);
    assert_int_equal(current->work, TW_SIGNAL);
    signal_mask_pop();
    assert_int_equal(current->sig_blocked, SIGBIT(SIGUSR1));
    signal_mask_pop(); /* nothing to restore: no effect */
    assert_int_equal(current->sig_blocked, SIGBIT(SIGUSR1));
    assert_int_equal(take(), SIGUSR1);
}

static void exec_keeps_ignored(void **state)
{
    (void)state;
    handle(SIGUSR1);
    process.sighand.action[SIGPIPE - 1] =
        (struct sigaction_k){.handler = 1, .flags = SA_RESTART, .mask = 7};
    signal_exec(&process);
    assert_int_equal(process.sighand.action[SIGUSR1 - 1].handler, 0);
    assert_int_equal(process.sighand.action[SIGPIPE - 1].handler, 1);
    assert_int_equal(process.sighand.action[SIGPIPE - 1].mask, 0);
}

static void no_memory(void **state)
{
    (void)state;
    handle(SIGUSR1);
    host_fail_alloc = 1;
    assert_int_equal(signal_send_process(&process, SIGUSR1, NULL), 0);
    assert_int_equal(take(), SIGUSR1); /* without siginfo, but not lost */
}

/* --- siginfo_t ----------------------------------------------------------- */

static void layouts(void **state)
{
    struct siginfo_k k = {.signo = SIGCHLD,
                          .code = CLD_EXITED,
                          .pid = 7,
                          .uid = 8,
                          .status = 9,
                          .utime = 10,
                          .stime = 11,
                          .value = 0x1122334455667788ul,
                          .addr = 0xabcdef,
                          .timerid = 3,
                          .overrun = 4};
    uint8_t raw[128];
    siginfo_t si;

    (void)state;
    signal_fill_siginfo(&k, raw);
    memcpy(&si, raw, sizeof(si));
    assert_int_equal(si.si_signo, SIGCHLD);
    assert_int_equal(si.si_pid, 7);
    assert_int_equal(si.si_status, 9);
    assert_int_equal(si.si_utime, 10);
    assert_int_equal(*(int *)(raw + 16), 7); /* offsets of the ABI */
    assert_int_equal(*(int *)(raw + 24), 9);
    k.signo = SIGSEGV;
    k.code = SEGV_MAPERR;
    signal_fill_siginfo(&k, raw);
    assert_int_equal(*(uint64_t *)(raw + 16), 0xabcdef);
    k.signo = 40;
    k.code = SI_QUEUE;
    signal_fill_siginfo(&k, raw);
    assert_int_equal(*(int *)(raw + 20), 8);
    assert_int_equal(*(uint64_t *)(raw + 24), 0x1122334455667788ul);
    k.code = SI_TIMER;
    signal_fill_siginfo(&k, raw);
    assert_int_equal(*(int *)(raw + 16), 3);
    assert_int_equal(*(int *)(raw + 20), 4);
    k.signo = SIGSEGV;
    k.code = SI_USER; /* sent by kill(): pid, not an address */
    signal_fill_siginfo(&k, raw);
    assert_int_equal(*(int *)(raw + 16), 7);
    assert_string_equal(signal_name(SIGTERM), "SIGTERM");
    assert_string_equal(signal_name(64), "SIGRT");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ignored_is_dropped),
        TEST(main_thread_first),
        TEST(blocking_passes_it_on),
        TEST(standard_ones_coalesce),
        TEST(realtime_ones_queue),
        TEST(order_of_taking),
        TEST(stop_and_continue_cancel),
        TEST(fatal_ends_at_once),
        TEST(kill_cannot_be_held_off),
        TEST(init_is_safe),
        TEST(faults_cannot_be_ignored),
        TEST(mask_for_one_call),
        TEST(exec_keeps_ignored),
        TEST(no_memory),
        TEST(layouts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
