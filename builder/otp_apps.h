/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * otp_apps.h - the applications that come with the run-time systems.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Is (name), (len) bytes, an application of Erlang/OTP, or one that comes with
 * the Elixir language? */
bool otp_apps_has(const char *name, size_t len);
