/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mm_model.h - what address spaces should contain, as plain arrays.
 */
#pragma once

#include "mem_fakes.h"

#define OBJECTS      4000 /* files and shared memories ever made */
#define OBJECT_PAGES 64
#define SPACES       4

/* A file, or memory shared between address spaces. */
struct object {
    struct file *file; /* NULL: known to its areas only */
    uint64_t pages;    /* its length */
    uint64_t value[OBJECT_PAGES];
};

struct model_page {
    bool mapped, shared;
    bool own; /* a private value, else the object's */
    uint8_t prot;
    int object;    /* or -1 */
    uint64_t page; /* of the object */
    uint64_t value;
};

struct space {
    struct mm *mm; /* NULL: free */
    struct model_page page[FAKE_PAGES];
};

extern struct object objects[OBJECTS];
extern struct space spaces[SPACES];

static inline vaddr_t va_of(uint64_t page)
{
    return FAKE_BASE + (page << PAGE_SHIFT);
}

/* The word a program should read; false: SIGBUS. */
bool model_read(const struct space *s, uint64_t page, uint64_t *value);
void model_write(struct space *s, uint64_t page, uint64_t value);
