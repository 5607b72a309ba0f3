/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * runtime_files.h - files that programs open without saying so in an ELF
 * header: libraries loaded by name, name-service modules, terminal
 * descriptions, CA certificates, OpenSSL's configuration.
 */
#pragma once

#include "elf_closure.h"

/* Add what the objects followed so far are known to open.  The closure must be
 * complete otherwise. */
int runtime_add_files(struct closure *c);

/* Are CA certificates in (t), where OTP and OpenSSL look? */
bool runtime_has_certificates(const struct tree *t);

/* Write /etc/ld.so.cache from what was found. */
int runtime_add_cache(struct closure *c);
