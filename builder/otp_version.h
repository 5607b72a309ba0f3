/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * otp_version.h - what follows from the version of a run-time system.
 */
#pragma once

/* Tried in machines, by tests. */
#define OTP_OLDEST 25
#define OTP_NEWEST 29

/* The OTP release that erts (version) is of; 0: there is no telling. */
unsigned otp_of_erts(const char *version);

/* The newest version 2.(minor) of the interface of NIFs that an emulator of OTP
 * (release) takes; 0: there is no telling. */
unsigned otp_nif_minor(unsigned release);

/* The highest instruction of the code that an emulator of OTP (release) takes;
 * 0: there is no telling. */
unsigned otp_max_opcode(unsigned release);
/* The oldest OTP release that takes instruction (opcode), 0 as above. */
unsigned otp_of_opcode(unsigned opcode);
