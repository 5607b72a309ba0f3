/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rtc.c - the battery-backed clock (Motorola MC146818A data sheet), taken to
 * run in UTC.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/string.h"
#include "sched/time.h"

#define RTC_INDEX 0x70
#define RTC_DATA  0x71
enum { SECOND = 0, MINUTE = 2, HOUR = 4, DAY = 7, MONTH = 8, YEAR = 9 };
#define STATUS_A   10
#define STATUS_B   11
#define UPDATING   0x80
#define B_24_HOURS 0x02
#define B_BINARY   0x04
#define HOUR_PM    0x80

static uint8_t cmos(uint8_t reg)
{
    port_write8(RTC_INDEX, reg);
    return port_read8(RTC_DATA);
}

struct rtc_time {
    uint8_t v[6]; /* second, minute, hour, day, month, year */
};

static struct rtc_time snapshot(void)
{
    static const uint8_t regs[6] = {SECOND, MINUTE, HOUR, DAY, MONTH, YEAR};
    struct rtc_time t;

    for (int i = 0; i < 6; i++)
        t.v[i] = cmos(regs[i]);
    return t;
}

static unsigned decode(uint8_t v, bool binary)
{
    return binary ? v : (v >> 4) * 10u + (v & 15);
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March so that
 * the leap day comes last. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    unsigned in_year =
        (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;

    return year * 365 + year / 4 - year / 100 + year / 400 + in_year - 719468;
}

/* Two equal readings with no update in progress; a few tries, then whatever was
 * read last: a missing chip answers all ones and fails the checks. */
static struct rtc_time read_stable(void)
{
    struct rtc_time t = snapshot();

    for (int i = 0; i < 20; i++) {
        struct rtc_time again;
        bool updating = cmos(STATUS_A) & UPDATING;
        again = snapshot();
        if (!updating && !memcmp(&t, &again, sizeof(t)))
            break;
        t = again;
    }
    return t;
}

nsec_t rtc_read(void)
{
    struct rtc_time t = read_stable();
    uint8_t mode = cmos(STATUS_B);
    bool binary = mode & B_BINARY, pm = false;
    unsigned f[6];

    if (!(mode & B_24_HOURS)) {
        pm = t.v[2] & HOUR_PM;
        t.v[2] &= (uint8_t)~HOUR_PM;
    }
    for (int i = 0; i < 6; i++)
        f[i] = decode(t.v[i], binary);
    if (!(mode & B_24_HOURS))
        f[2] = f[2] % 12 + (pm ? 12 : 0);
    if (f[0] > 60 || f[1] > 59 || f[2] > 23 || f[3] < 1 || f[3] > 31 ||
        f[4] < 1 || f[4] > 12 || f[5] > 99)
        return 0;
    int64_t days = days_from_date(2000 + (int64_t)f[5], f[4], f[3]);
    return (days * 86400 + f[2] * 3600 + f[1] * 60 + f[0]) * NSEC_PER_SEC;
}
