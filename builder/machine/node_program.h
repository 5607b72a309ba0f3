/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * node_program.h - Erlang expressions that a node evaluates for us.
 *
 * Bound, as binaries: How is "erlang" or "elixir" when Text is expressions, and
 * "call" when it is the arguments of Module:Function; Quiet is "yes" when what
 * they return is not wanted.  The value is {ok, Text} or {error, Text}.  All in
 * one go, so that what a node has is never sent here but as text.
 */
#pragma once

extern const char node_program[];
