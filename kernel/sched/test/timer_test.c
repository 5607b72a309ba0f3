/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* timer_test.c - the timer tree against a plain array, and when the hardware
 * is programmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakes.h"
#include "sched/sched_priv.h"

#define N 64

static struct timer timers[N];
static nsec_t model[N]; /* deadline, 0 = not armed */
static unsigned fired[N];
static nsec_t last_deadline;

static uint64_t next_random(void)
{
    static uint64_t s = 88172645463325252ul;

    s ^= s << 13;
    s ^= s >> 7;
    return s ^= s << 17;
}

static void on_fire(struct timer *t)
{
    size_t i = (size_t)(t - timers);

    assert_true(model[i] && model[i] <= time_monotonic());
    assert_true(t->deadline >= last_deadline); /* in order */
    last_deadline = t->deadline;
    model[i] = 0;
    fired[i]++;
}

static void random_operations(void **state)
{
    nsec_t now = 1000;

    (void)state;
    host_cpu_init(0);
    for (size_t i = 0; i < N; i++)
        timer_init(&timers[i], on_fire, NULL);
    for (int step = 0; step < 200000; step++) {
        size_t i = next_random() % N;
        nsec_t first = NSEC_NEVER;
        host_time_set(now);
        switch (next_random() % 4) {
        case 0:
        case 1:
            model[i] = now + 1 + (nsec_t)(next_random() % 500);
            timer_arm(&timers[i], model[i]);
            break;
        case 2:
            assert_int_equal(timer_cancel(&timers[i]), model[i] != 0);
            model[i] = 0;
            break;
        default:
            now += (nsec_t)(next_random() % 50);
            host_time_set(now);
            last_deadline = 0;
            timer_run_expired();
            for (size_t k = 0; k < N; k++)
                assert_true(!model[k] || model[k] > now);
        }
        for (size_t k = 0; k < N; k++)
            if (model[k])
                first = MIN(first, model[k]);
        assert_int_equal(timer_next(), first);
        /* The hardware never comes too late. */
        assert_true(cpus[0].timer_programmed <= first);
    }
}

static void cheap_rearm(void **state)
{
    unsigned count;

    (void)state;
    host_cpu_init(0);
    host_time_set(1000);
    for (int i = 0; i < 2; i++)
        timer_init(&timers[i], on_fire, NULL);
    timer_arm(&timers[0], 5000);
    assert_int_equal(host_programmed, 5000);
    count = host_program_count;
    timer_arm(&timers[1], 9000); /* later: nothing to do */
    timer_arm(&timers[0], 7000); /* moved back: it may fire for nothing */
    timer_cancel(&timers[0]);
    assert_int_equal(host_program_count, count);
    timer_arm(&timers[0], 3000); /* earlier */
    assert_int_equal(host_programmed, 3000);
    assert_int_equal(host_program_count, count + 1);
    timer_cancel(&timers[0]);
    timer_cancel(&timers[1]);
}

static unsigned periods;
static nsec_t period;

static void on_period(struct timer *t)
{
    if (++periods < 5)
        timer_arm(t, t->deadline + period);
}

static void rearm_in_function(void **state)
{
    struct timer t;

    (void)state;
    host_cpu_init(0);
    host_time_set(100);
    period = 10 * TIMER_MIN_PERIOD;
    timer_init(&t, on_period, NULL);
    timer_arm(&t, 200);
    host_time_set(200);
    timer_run_expired();
    assert_int_equal(periods, 1);
    assert_int_equal(timer_left(&t), period);
    period = 1; /* absurd: it gets the shortest period there is */
    for (unsigned n = 2; n <= 5; n++) {
        host_time_set(timer_next());
        timer_run_expired();
        assert_int_equal(periods, n);
        assert_true(n == 5 || timer_left(&t) == TIMER_MIN_PERIOD);
    }
    assert_int_equal(timer_left(&t), 0);
    assert_false(timer_cancel_sync(&t));
}

static void moves_between_cpus(void **state)
{
    struct timer t;

    (void)state;
    host_cpu_init(0);
    host_cpu_init(1); /* this thread is CPU 1 now */
    host_time_set(100);
    timer_init(&t, on_period, NULL);
    timer_arm(&t, 200);
    assert_ptr_equal(t.cpu, &cpus[1]);
    host_cpu_init(0);
    timer_arm(&t, 300);
    assert_ptr_equal(t.cpu, &cpus[0]);
    assert_int_equal(timer_next(), 300);
    assert_null(cpus[1].timer_first);
    assert_true(timer_cancel_sync(&t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations),
        cmocka_unit_test(cheap_rearm),
        cmocka_unit_test(rearm_in_function),
        cmocka_unit_test(moves_between_cpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
