/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * port_io.h - the I/O port instructions, for the few devices that have ports.
 *
 * The string forms move many bytes with one instruction: under KVM that is one
 * exit for the whole block, under TCG one guest instruction a byte.
 */
#pragma once

#include "lib/types.h"

static inline uint8_t port_read8(uint16_t port)
{
    uint8_t v;
    __asm__ volatile("inb %w1, %0" : "=a"(v) : "Nd"(port) : "memory");
    return v;
}

static inline uint16_t port_read16(uint16_t port)
{
    uint16_t v;
    __asm__ volatile("inw %w1, %0" : "=a"(v) : "Nd"(port) : "memory");
    return v;
}

static inline uint32_t port_read32(uint16_t port)
{
    uint32_t v;
    __asm__ volatile("inl %w1, %0" : "=a"(v) : "Nd"(port) : "memory");
    return v;
}

static inline void port_write8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %w1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void port_write16(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %w1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void port_write32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %w1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void port_read_string8(uint16_t port, void *buf, size_t n)
{
    __asm__ volatile("cld; rep insb"
                     : "+D"(buf), "+c"(n)
                     : "d"(port)
                     : "memory");
}

static inline void port_write_string8(uint16_t port, const void *buf, size_t n)
{
    __asm__ volatile("cld; rep outsb"
                     : "+S"(buf), "+c"(n)
                     : "d"(port)
                     : "memory");
}
