/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* sleep_test.c - wait queues, sleeping locks and futexes among real threads:
 * nothing is lost, nobody gets in twice. Short, because the host may take the
 * processor from a thread that holds a spinlock while others spin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/futex.h>

#include "arch/x86_64/arch.h"
#include "fakes.h"
#include "host.h"
#include "lib/errno.h"
#include "mem/mm.h"
#include "sched/futex.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

#define ROUNDS  480
#define WORKERS 3

/* --- what futex.c wants -------------------------------------------------- */

int mm_futex_key(struct mm *mm, vaddr_t addr, bool shared,
                 struct futex_key *key)
{
    (void)shared;
    *key = (struct futex_key){mm, addr};
    return 0;
}

static int user_op(uint32_t __user *p, uint32_t *old, uint32_t new)
{
    *old = __atomic_exchange_n(p, new, __ATOMIC_SEQ_CST);
    return 0;
}

int arch_user_cmpxchg32(uint32_t __user *p, uint32_t expect, uint32_t new_,
                        uint32_t *old)
{
    __atomic_compare_exchange_n(p, &expect, new_, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    *old = expect;
    return 0;
}
int arch_user_xchg32(uint32_t __user *p, uint32_t v, uint32_t *old)
{
    return user_op(p, old, v);
}
int arch_user_add32(uint32_t __user *p, uint32_t v, uint32_t *old)
{
    return user_op(p, old, *p + v);
}
int arch_user_or32(uint32_t __user *p, uint32_t v, uint32_t *old)
{
    return user_op(p, old, *p | v);
}
int arch_user_and32(uint32_t __user *p, uint32_t v, uint32_t *old)
{
    return user_op(p, old, *p & v);
}
int arch_user_xor32(uint32_t __user *p, uint32_t v, uint32_t *old)
{
    return user_op(p, old, *p ^ v);
}

/* --- wait queues --------------------------------------------------------- */

static int calls[8], nr_calls, answer;

static bool note_call(struct wait_entry *e, uint32_t events)
{
    (void)events;
    calls[nr_calls++] = *(int *)e->arg;
    return answer;
}

static void queue_order(void **state)
{
    struct wait_queue q;
    struct wait_entry e[5];
    static const bool exclusive[5] = {true, false, true, false, true};
    static int id[5] = {0, 1, 2, 3, 4};

    (void)state;
    host_cpu_init(0);
    wq_init(&q);
    assert_false(wq_active(&q));
    for (int i = 0; i < 5; i++) {
        wait_entry_init(&e[i]);
        e[i].fn = note_call;
        e[i].arg = &id[i];
        e[i].exclusive = exclusive[i];
        wq_add(&q, &e[i]);
    }
    assert_true(wq_active(&q));
    answer = true;
    wq_wake(&q, 0); /* both others, and the first exclusive one */
    assert_int_equal(nr_calls, 3);
    assert_int_equal(calls[2], 0);
    nr_calls = answer = 0;
    wq_wake(&q, 0); /* nobody takes it: all are asked */
    assert_int_equal(nr_calls, 5);
    nr_calls = 0;
    answer = true;
    wq_wake_all(&q, 0);
    assert_int_equal(nr_calls, 5);
    for (int i = 0; i < 5; i++) {
        wq_remove(&q, &e[i]);
        wq_remove(&q, &e[i]); /* twice is fine */
    }
    assert_false(wq_active(&q));
}

static struct wait_queue turn_queue;
static _Atomic int turn;

static void take_turns(unsigned id)
{
    host_cpu_init(id);
    for (int i = 0; i < ROUNDS; i++) {
        WAIT_EVENT(&turn_queue, atomic_load(&turn) % 2 == (int)id);
        atomic_fetch_add(&turn, 1);
        wq_wake_all(&turn_queue, 0);
    }
}

static void no_lost_wakeups(void **state)
{
    (void)state;
    host_time_set(-1);
    wq_init(&turn_queue);
    host_threads(2, take_turns);
    assert_int_equal(turn, 2 * ROUNDS);
}

static void timeout_and_signal(void **state)
{
    struct wait_queue q;
    nsec_t t0;

    (void)state;
    host_cpu_init(0);
    wq_init(&q);
    t0 = time_monotonic();
    assert_int_equal(
        WAIT_EVENT_FULL(&q, false, SLEEP_INTERRUPTIBLE, t0 + 5 * NSEC_PER_MSEC),
        -ETIMEDOUT);
    assert_true(time_monotonic() - t0 >= 5 * NSEC_PER_MSEC);
    current->work = TW_SIGNAL;
    assert_int_equal(WAIT_EVENT_INTR(&q, false), -ERESTARTSYS);
    assert_int_equal(WAIT_EVENT_INTR(&q, true), 0);
    /* A killable sleep does not mind an ordinary signal. */
    assert_int_equal(WAIT_EVENT_FULL(&q, false, SLEEP_KILLABLE,
                                     time_monotonic() + NSEC_PER_MSEC),
                     -ETIMEDOUT);
    current->work = TW_EXIT;
    assert_int_equal(WAIT_EVENT_FULL(&q, false, SLEEP_KILLABLE, NSEC_NEVER),
                     -ERESTARTSYS);
}

/* --- locks --------------------------------------------------------------- */

static struct mutex mutex;
static struct rwlock rwlock;
static int inside, shared_value;
static _Atomic int readers_inside, writers_inside;

static void use_mutex(unsigned id)
{
    host_cpu_init(id);
    for (int i = 0; i < ROUNDS; i++) {
        mutex_lock(&mutex);
        if (++inside != 1 || !mutex_held(&mutex))
            host_die("two in a mutex");
        if (i % 64 == 0)
            host_sleep_us(1);
        inside--;
        mutex_unlock(&mutex);
    }
}

static void mutex_excludes(void **state)
{
    (void)state;
    mutex_init(&mutex, RANK_NONE);
    host_threads(WORKERS, use_mutex);
    assert_null(mutex.owner);
    host_cpu_init(0);
    assert_true(mutex_trylock(&mutex));
    assert_false(mutex_trylock(&mutex));
    mutex_unlock(&mutex);
}

static void use_rwlock(unsigned id)
{
    host_cpu_init(id);
    for (int i = 0; i < ROUNDS; i++) {
        if ((i + (int)id) % 4 == 0) {
            write_lock(&rwlock);
            if (writers_inside++ || readers_inside)
                host_die("writer not alone");
            shared_value++;
            writers_inside--;
            write_unlock(&rwlock);
        } else {
            read_lock(&rwlock);
            readers_inside++;
            if (writers_inside)
                host_die("reader beside writer");
            if (i % 64 == 0)
                host_sleep_us(1);
            readers_inside--;
            read_unlock(&rwlock);
        }
    }
}

static void rwlock_excludes(void **state)
{
    (void)state;
    rwlock_init(&rwlock, RANK_NONE);
    host_threads(WORKERS, use_rwlock);
    assert_int_equal(shared_value, WORKERS * ROUNDS / 4);
    assert_int_equal(rwlock.readers, 0);
}

/* --- futexes ------------------------------------------------------------- */

#define WAIT (FUTEX_WAIT | FUTEX_PRIVATE_FLAG)
#define WAKE (FUTEX_WAKE | FUTEX_PRIVATE_FLAG)

static uint32_t word, word2;
static _Atomic int done;

/* Drepper's mutex ("Futexes Are Tricky", section 5): 0 free, 1 held, 2 with
 * waiters. */
static void futex_lock(void)
{
    uint32_t c = 0;

    if (__atomic_compare_exchange_n(&word, &c, 1, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST))
        return;
    while (__atomic_exchange_n(&word, 2, __ATOMIC_SEQ_CST) != 0)
        sys_futex(&word, WAIT, 2, NULL, NULL, 0);
}

static void futex_unlock(void)
{
    if (__atomic_exchange_n(&word, 0, __ATOMIC_SEQ_CST) == 2)
        sys_futex(&word, WAKE, 1, NULL, NULL, 0);
}

static void use_futex(unsigned id)
{
    host_cpu_init(id);
    for (int i = 0; i < ROUNDS; i++) {
        futex_lock();
        if (++inside != 1)
            host_die("two in a futex lock");
        if (i % 64 == 0)
            host_sleep_us(1);
        inside--;
        futex_unlock();
    }
}

static void futex_as_lock(void **state)
{
    (void)state;
    futex_init();
    word = 0;
    host_threads(WORKERS, use_futex);
    assert_int_equal(word, 0);
}

static void futex_answers(void **state)
{
    struct __kernel_timespec ts = {0, 2000000};
    nsec_t t0;

    (void)state;
    host_cpu_init(0);
    futex_init();
    word = 1;
    assert_int_equal(sys_futex(&word, WAIT, 0, NULL, NULL, 0), -EAGAIN);
    t0 = time_monotonic();
    assert_int_equal(sys_futex(&word, WAIT, 1, &ts, NULL, 0), -ETIMEDOUT);
    assert_true(time_monotonic() - t0 >= 2000000);
    assert_int_equal(
        sys_futex((uint32_t *)((char *)&word + 2), WAIT, 1, NULL, NULL, 0),
        -EINVAL);
    assert_int_equal(sys_futex((uint32_t *)64, WAIT, 1, NULL, NULL, 0),
                     -EFAULT);
    assert_int_equal(sys_futex(&word, WAKE, 1, NULL, NULL, 0), 0);
    assert_int_equal(sys_futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0),
                     -EINVAL);
    assert_int_equal(sys_futex(&word, FUTEX_LOCK_PI, 1, NULL, NULL, 0),
                     -ENOSYS);
    assert_int_equal(
        sys_futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0),
        -ENOSYS);
    ts.tv_nsec = -1;
    assert_int_equal(sys_futex(&word, WAIT, 1, &ts, NULL, 0), -EINVAL);
    /* Interrupted: with a timeout it is restarted with the same deadline. */
    current->work = TW_SIGNAL;
    assert_int_equal(sys_futex(&word, WAIT, 1, NULL, NULL, 0), -ERESTARTSYS);
    ts = (struct __kernel_timespec){5, 0};
    assert_int_equal(sys_futex(&word, WAIT, 1, &ts, NULL, 0),
                     -ERESTART_RESTARTBLOCK);
    current->work = 0;
    word = 2;
    assert_int_equal(current->restart.fn(&current->restart), -EAGAIN);
}

static void wait_or_wake(unsigned id)
{
    host_cpu_init(id);
    if (id) {
        if (sys_futex(&word, WAIT, 0, NULL, NULL, 0))
            host_die("futex wait");
        done++;
        return;
    }
    while (sys_futex(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 0,
                     (void *)0, &word2, 0) < 0)
        ;
    host_sleep_us(20000); /* let them all go to sleep */
    /* One awake, two moved. */
    if (sys_futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)10, &word2, 0) != 3)
        host_die("requeue count");
    if (sys_futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)10, &word2, 9) !=
        -EAGAIN)
        host_die("requeue compare");
    host_sleep_us(5000);
    if (done != 1)
        host_die("requeue woke the wrong number");
    if (sys_futex(&word, WAKE, 10, NULL, NULL, 0) != 0)
        host_die("somebody stayed behind");
    /* word2 += 1; old value was 0: wake on it as well. */
    if (sys_futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &word2,
                  FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0)) != 1)
        host_die("wake_op");
    if (sys_futex(&word2, WAKE, 10, NULL, NULL, 0) != 1)
        host_die("last one");
}

static void futex_requeue(void **state)
{
    (void)state;
    futex_init();
    word = word2 = 0;
    done = 0;
    host_threads(4, wait_or_wake);
    assert_int_equal(done, 3);
    assert_int_equal(word2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_order),        cmocka_unit_test(no_lost_wakeups),
        cmocka_unit_test(timeout_and_signal), cmocka_unit_test(mutex_excludes),
        cmocka_unit_test(rwlock_excludes),    cmocka_unit_test(futex_as_lock),
        cmocka_unit_test(futex_answers),      cmocka_unit_test(futex_requeue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
