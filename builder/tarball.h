/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tarball.h - a release as one file: what `rebar3 tar` and mix's :tar make.
 *
 * tar in its usual dialects, plain or compressed by gzip, zstd, xz or bzip2.
 * An archive may come from anybody.  So nothing is written outside the
 * directory it is unpacked into: names that are absolute or climb are refused,
 * links are made last, when nothing more is written through them, and refused
 * when they lead out; what is no file, directory or link is refused too.
 * Contents are copied piece by piece: memory does not grow with them, and holes
 * stay holes.
 */
#pragma once

/* Unpack the file (path) into (dir), an empty directory of ours.  Reports and
 * returns -1. */
int tarball_unpack(const char *path, const char *dir);
