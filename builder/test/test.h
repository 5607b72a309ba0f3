/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * test.h - what every unit test includes.
 */
#pragma once

/* cmocka.h wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"

/* Corpus file (name) of tests/corpus, which the Makefile names. */
void test_corpus(const char *name, struct buf *out);

/* A fresh directory, removed with all in it by test_remove_dir(). */
char *test_dir(void);
void test_remove_dir(char *dir);
/* Write (text) to DIR/(name), with the directories on the way. */
void test_file(const char *dir, const char *name, const char *text);
void test_link(const char *dir, const char *name, const char *target);
