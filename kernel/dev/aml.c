/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * aml.c - reading facts out of AML without running it (ACPI 6.5, chapter 20).
 *
 * The names wanted are declared by static objects: scopes, devices, names with
 * constant values. So the scanner follows only those, skips methods and every
 * other package as a whole by its length, and when it meets an opcode whose
 * length it does not know it skips the rest of the enclosing package. A fact
 * hidden in a method or behind something unknown is missed, never invented.
 *
 * Every read goes through a cursor with an end; nesting is limited; each step
 * consumes at least a byte.
 */
#include "dev/aml.h"

#include "lib/string.h"

#define MAX_DEPTH 16

// clang-format off
enum aml_op { /* table 20.x "AML opcodes" */
    OP_ZERO = 0x00, OP_ONE = 0x01, OP_ALIAS = 0x06, OP_NAME = 0x08,
    OP_BYTE = 0x0a, OP_WORD = 0x0b, OP_DWORD = 0x0c, OP_STRING = 0x0d,
    OP_QWORD = 0x0e, OP_SCOPE = 0x10, OP_BUFFER = 0x11, OP_PACKAGE = 0x12,
    OP_VAR_PACKAGE = 0x13, OP_METHOD = 0x14, OP_EXTERNAL = 0x15,
    OP_DUAL_NAME = 0x2e, OP_MULTI_NAME = 0x2f, OP_EXT = 0x5b, OP_ROOT = 0x5c,
    OP_PARENT = 0x5e, OP_IF = 0xa0, OP_ELSE = 0xa1, OP_WHILE = 0xa2,
    OP_ONES = 0xff,
    EXT_MUTEX = 0x01, EXT_EVENT = 0x02, EXT_REGION = 0x80, EXT_FIELD = 0x81,
    EXT_DEVICE = 0x82, EXT_PROCESSOR = 0x83, EXT_POWER = 0x84,
    EXT_THERMAL = 0x85, EXT_INDEX_FIELD = 0x86, EXT_BANK_FIELD = 0x87,
};
// clang-format on

struct cursor {
    const uint8_t *p, *end;
};

/* What a device has declared so far. */
struct device {
    char hid[9];
    struct aml_device_facts crs; /* first memory range and interrupt */
    bool have_irq;
    uint64_t event_region; /* OperationRegion EREG in system memory */
};

struct scanner {
    struct aml_facts *facts;
    unsigned depth;
};

static void scan_terms(struct scanner *s, struct cursor c, struct device *dev);

static size_t left(const struct cursor *c)
{
    return (size_t)(c->end - c->p);
}

static bool take(struct cursor *c, size_t n, uint64_t *v)
{
    if (left(c) < n)
        return false;
    *v = 0;
    memcpy(v, c->p, n);
    c->p += n;
    return true;
}

static bool take_byte(struct cursor *c, uint8_t *b)
{
    if (!left(c))
        return false;
    *b = *c->p++;
    return true;
}

/* PkgLength (20.2.4): the length counts itself. (in) becomes the rest of the
 * package, (c) moves behind it. */
static bool take_package(struct cursor *c, struct cursor *in)
{
    const uint8_t *start = c->p;
    uint8_t lead, b;
    size_t n;

    if (!take_byte(c, &lead))
        return false;
    n = lead >> 6 ? lead & 0x0f : lead & 0x3f;
    for (unsigned i = 0; i < lead >> 6; i++) {
        if (!take_byte(c, &b))
            return false;
        n |= (size_t)b << (4 + 8 * i);
    }
    if (n < (size_t)(c->p - start) || n > (size_t)(c->end - start))
        return false;
    *in = (struct cursor){c->p, start + n};
    c->p = start + n;
    return true;
}

/* NameString (20.2.2); (last) gets its last segment, or zeros. */
static bool take_name(struct cursor *c, char last[4])
{
    uint8_t b = 0;
    size_t segments = 1;

    memset(last, 0, 4);
    while (left(c) && (*c->p == OP_ROOT || *c->p == OP_PARENT))
        c->p++;
    if (!left(c))
        return false;
    if (*c->p == 0) { /* NullName */
        c->p++;
        return true;
    }
    if (*c->p == OP_DUAL_NAME) {
        c->p++;
        segments = 2;
    } else if (*c->p == OP_MULTI_NAME) {
        c->p++;
        if (!take_byte(c, &b) || !b)
            return false;
        segments = b;
    }
    if (left(c) < 4 * segments)
        return false;
    c->p += 4 * segments;
    memcpy(last, c->p - 4, 4);
    return true;
}

static bool take_integer(struct cursor *c, uint64_t *v)
{
    uint8_t op;

    if (!take_byte(c, &op))
        return false;
    switch (op) {
    case OP_ZERO:
    case OP_ONE:
        *v = op;
        return true;
    case OP_ONES:
        *v = UINT64_MAX;
        return true;
    case OP_BYTE:
        return take(c, 1, v);
    case OP_WORD:
        return take(c, 2, v);
    case OP_DWORD:
        return take(c, 4, v);
    case OP_QWORD:
        return take(c, 8, v);
    default:
        c->p--;
        return false;
    }
}

/* Small integers as packed by Package(){5, 0, 0, 0}. */
static void s5_read(struct cursor c, struct aml_facts *f)
{
    uint64_t a, b;
    uint8_t count;

    if (!take_byte(&c, &count) || count < 1 || !take_integer(&c, &a))
        return;
    if (count < 2 || !take_integer(&c, &b))
        b = a;
    f->have_s5 = true;
    f->s5_a = a & 7;
    f->s5_b = b & 7;
}

/* --- resources (6.4) ----------------------------------------------------- */

static void resource_memory(struct device *d, uint64_t base, uint64_t size)
{
    if (!d->crs.size) {
        d->crs.base = base;
        d->crs.size = size;
    }
}

static void resource_irq(struct device *d, uint32_t gsi)
{
    if (!d->have_irq)
        d->crs.gsi = gsi;
    d->have_irq = true;
}

/* Large descriptors: type byte, 16-bit length, body (6.4.3). */
static void resource_large(struct device *d, uint8_t type, struct cursor b)
{
    uint64_t flags, base, size, count;

    switch (type) {
    case 0x86: /* 32-bit fixed memory range (6.4.3.4) */
        if (take(&b, 1, &flags) && take(&b, 4, &base) && take(&b, 4, &size))
            resource_memory(d, base, size);
        break;
    case 0x8a: /* QWord address space (6.4.3.5.1), resource type 0: memory */
        if (left(&b) >= 43 && b.p[0] == 0) {
            memcpy(&base, b.p + 11, 8);
            memcpy(&size, b.p + 35, 8);
            resource_memory(d, base, size);
        }
        break;
    case 0x89: /* extended interrupt (6.4.3.6) */
        if (take(&b, 1, &flags) && take(&b, 1, &count) && count &&
            take(&b, 4, &base))
            resource_irq(d, (uint32_t)base);
        break;
    }
}

static void resources(struct device *d, struct cursor c)
{
    uint8_t tag;
    uint64_t n;

    while (take_byte(&c, &tag)) {
        if (!(tag & 0x80)) { /* small (6.4.2): length in the tag */
            n = tag & 7;
            if ((tag >> 3) == 0x0f || n > left(&c))
                return; /* end tag */
        } else {
            if (!take(&c, 2, &n) || n > left(&c))
                return;
            resource_large(d, tag, (struct cursor){c.p, c.p + n});
        }
        c.p += n;
    }
}

/* --- objects ------------------------------------------------------------- */

static void take_string(struct cursor *c, char *out, size_t size)
{
    size_t n = 0;
    uint8_t b = 0;

    while (take_byte(c, &b) && b)
        if (n + 1 < size)
            out[n++] = (char)b;
    out[n] = '\0';
}

/* Buffer(size) {bytes}: the byte list, whatever size says. */
static bool take_buffer(struct cursor *c, struct cursor *bytes)
{
    uint64_t size;

    return take_package(c, bytes) && take_integer(bytes, &size);
}

/* The value of Name(). False if its length is not known. */
static bool name_value(struct scanner *s, struct cursor *c, const char name[4],
                       struct device *dev)
{
    char text[32], other[4];
    struct cursor in;
    uint64_t v;

    if (!left(c))
        return false;
    switch (*c->p) {
    case OP_STRING:
        c->p++;
        take_string(c, text, sizeof(text));
        if (dev && !memcmp(name, "_HID", 4))
            strlcpy(dev->hid, text, sizeof(dev->hid));
        return true;
    case OP_BUFFER:
        c->p++;
        if (!take_buffer(c, &in))
            return false;
        if (dev && !memcmp(name, "_CRS", 4))
            resources(dev, in);
        return true;
    case OP_PACKAGE:
    case OP_VAR_PACKAGE:
        c->p++;
        if (!take_package(c, &in))
            return false;
        if (!memcmp(name, "_S5_", 4))
            s5_read(in, s->facts);
        return true;
    default:
        return take_integer(c, &v) || take_name(c, other);
    }
}

static void device_done(struct scanner *s, const struct device *d)
{
    struct aml_facts *f = s->facts;

    if (!strcmp(d->hid, "LNRO0005") && d->crs.size && d->have_irq &&
        f->nr_virtio < AML_VIRTIO_MAX)
        f->virtio[f->nr_virtio++] = d->crs;
    if (!strcmp(d->hid, "ACPI0013") && d->event_region && d->have_irq) {
        f->ged.base = d->event_region;
        f->ged.size = 4;
        f->ged.gsi = d->crs.gsi;
    }
}

/* OperationRegion(name, space, offset, length). */
static bool region(struct cursor *c, struct device *dev)
{
    uint64_t base, len;
    uint8_t space;
    char name[4];

    if (!take_name(c, name) || !take_byte(c, &space) ||
        !take_integer(c, &base) || !take_integer(c, &len))
        return false;
    if (dev && space == 0 && len >= 4 && !memcmp(name, "EREG", 4))
        dev->event_region = base;
    return true;
}

static bool device(struct scanner *s, struct cursor *c)
{
    struct device d = {0};
    struct cursor in;
    char name[4];

    if (!take_package(c, &in))
        return false;
    if (take_name(&in, name))
        scan_terms(s, in, &d);
    device_done(s, &d);
    return true;
}

/* A package whose inside is again terms, after its name and (fixed) bytes. */
static bool nested(struct scanner *s, struct cursor *c, size_t fixed)
{
    struct cursor in;
    char name[4];

    if (!take_package(c, &in))
        return false;
    if (take_name(&in, name) && left(&in) >= fixed) {
        in.p += fixed;
        scan_terms(s, in, NULL);
    }
    return true;
}

static bool extended(struct scanner *s, struct cursor *c, struct device *dev)
{
    struct cursor skipped;
    char name[4];
    uint8_t op, sync;

    if (!take_byte(c, &op))
        return false;
    switch (op) {
    case EXT_DEVICE:
        return device(s, c);
    case EXT_REGION:
        return region(c, dev);
    case EXT_PROCESSOR:
        return nested(s, c, 6);
    case EXT_POWER:
        return nested(s, c, 3);
    case EXT_THERMAL:
        return nested(s, c, 0);
    case EXT_FIELD:
    case EXT_INDEX_FIELD:
    case EXT_BANK_FIELD:
        return take_package(c, &skipped);
    case EXT_MUTEX:
        return take_name(c, name) && take_byte(c, &sync);
    case EXT_EVENT:
        return take_name(c, name);
    default:
        return false;
    }
}

static bool term(struct scanner *s, struct cursor *c, struct device *dev)
{
    struct cursor skipped;
    char name[4];
    uint8_t op;
    uint64_t fixed;

    if (!take_byte(c, &op))
        return false;
    switch (op) {
    case OP_SCOPE:
        return nested(s, c, 0);
    case OP_NAME:
        return take_name(c, name) && name_value(s, c, name, dev);
    case OP_METHOD:
    case OP_IF:
    case OP_ELSE:
    case OP_WHILE:
        return take_package(c, &skipped);
    case OP_ALIAS:
        return take_name(c, name) && take_name(c, name);
    case OP_EXTERNAL:
        return take_name(c, name) && take(c, 2, &fixed);
    case OP_EXT:
        return extended(s, c, dev);
    default:
        return false;
    }
}

/* (c) by value: whatever happens inside, the caller goes on behind it. */
static void scan_terms(struct scanner *s, struct cursor c, struct device *dev)
{
    if (s->depth == MAX_DEPTH)
        return;
    s->depth++;
    while (left(&c))
        if (!term(s, &c, dev))
            break;
    s->depth--;
}

void aml_scan(const uint8_t *aml, size_t n, struct aml_facts *f)
{
    struct scanner s = {.facts = f};

    scan_terms(&s, (struct cursor){aml, aml + n}, NULL);
}
