/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * node_program.h - Erlang expressions that a node evaluates for us.
 *
 * Bound, as binaries: How is "erlang" or "elixir" when Text is expressions, and
 * "call" when it is the arguments of Module:Function; Quiet is "yes" when what
 * they return is not wanted.  The value is {ok | error, Text, whole | cut}. All
 * in one go, so that what a node has is never sent here but as text; and of
 * that no more than about (Max) characters are made, as the node has to find
 * room for them.
 */
#pragma once

#define NODE_TEXT_MAX 16384

extern const char node_program[];
