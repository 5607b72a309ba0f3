/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * release.h - an OTP release on the host, as relx or mix lays it out; or a
 * shipment of Gleam's, see shipment.c.
 *
 *   releases/start_erl.data      "ERTS-VSN VSN"
 *   releases/COOKIE              mix
 *   releases/VSN/NAME.rel
 *   releases/VSN/NAME.boot or start.boot
 *   releases/VSN/sys.config[.src], vm.args[.src], runtime.exs
 *   lib/APP-VSN/...
 *   erts-VSN/bin/...             unless made without
 */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "buf.h"
#include "finding.h"
#include "rel_file.h"
#include "tree.h"

/* Where a shipment finds Erlang's own. */
#define RELEASE_OTP_ROOT "/usr/lib/erlang"

enum release_layout { RELEASE_RELX, RELEASE_MIX, RELEASE_GLEAM };

struct release {
    char *dir; /* on the host */
    enum release_layout layout;
    const char *root; /* of lib/ and erts-VSN in the guest */
    char *erts;       /* versions, from start_erl.data */
    char *version;
    struct rel_file rel;
    bool has_erts; /* beam.smp is in it */

    /* Guest paths; NULL: there is none. */
    char *boot;       /* without ".boot" */
    char *boot_file;  /* gleam: on the host */
    struct strvec pa; /* gleam: directories of modules */
    char *config;
    char *vmargs;
    char *runtime;
    char *cookie;    /* content of releases/COOKIE */
    char *erl;       /* mix: how the script has code loaded */
    char *envsh;     /* mix: has commands */
    char *pre_start; /* relx: hooks, as the script has them */

    struct findings *findings; /* or NULL: what is missing is said at once */

    /* Filled in by release_copy(). */
    struct timespec newest; /* modification time of any file */
    struct strvec left_out; /* "PATH: why" */
    size_t files;
    uint64_t bytes;
};

/* Look at (dir).  Reports and returns -1 when it is not a release.  (erts): as
 * for release_complete(). */
int release_open(struct release *r, const char *dir, const char *erts);
void release_close(struct release *r);

/* "relx", "mix" or "gleam". */
const char *release_layout_name(const struct release *r);

/* Why a shell is needed to start the release, or NULL. */
char *release_script_reason(const struct release *r);
/* Start it without. */
void release_drop_scripts(struct release *r);

/* Put the release's files into (t) below INITCONF_ROOT.  The file (image), if
 * it is there from an earlier run, is not one of them. */
int release_copy(struct release *r, struct tree *t, const char *image);

/* Complete the release from (dir), an erts-VSN directory or the root of an
 * Erlang installation: run-time programs, and applications that the release
 * names but does not hold.  (dir) NULL: nothing may be missing. */
int release_complete(struct release *r, struct tree *t, const char *dir);
