/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#pragma once

#define UNIBEAM_VERSION "0.1.0"
