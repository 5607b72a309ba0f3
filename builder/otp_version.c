/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "otp_version.h"

#include <ctype.h>
#include <stdlib.h>

/* The last line of each release's lib/compiler/src/genop.tab. */
static const struct {
    unsigned otp;
    unsigned max_opcode;
} releases[] = {
    {21, 163}, {22, 168}, {23, 170}, {24, 176}, {25, 180},
    {26, 182}, {27, 183}, {28, 184}, {29, 191},
};

#define COUNT (sizeof(releases) / sizeof(*releases))

/* erts 10 came with OTP 22 - and 21; since then both count on together. */
unsigned otp_of_erts(const char *version)
{
    char *end;
    unsigned long major = strtoul(version, &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

    if (!isdigit((unsigned char)*version) || major > 1000 || major < 6)
        return 0;
    if (major < 10)
        return (unsigned)major + 11;
    if (major == 10)
        return minor < 4 ? 21 : 22;
    return (unsigned)major + 12;
}

unsigned otp_nif_minor(unsigned release)
{
    /* ERL_NIF_MINOR_VERSION of erl_nif.h, as seen in each one's crypto.so; 28
     * is given the benefit of the doubt */
    static const unsigned char minor[] = {16, 17, 17, 18, 18};

    return release >= OTP_OLDEST && release <= OTP_NEWEST
               ? minor[release - OTP_OLDEST]
               : 0;
}

unsigned otp_max_opcode(unsigned release)
{
    for (unsigned i = 0; i < COUNT; i++)
        if (releases[i].otp == release)
            return releases[i].max_opcode;
    return 0;
}

unsigned otp_of_opcode(unsigned opcode)
{
    for (unsigned i = 0; i < COUNT; i++)
        if (opcode <= releases[i].max_opcode)
            return releases[i].otp;
    return 0;
}
