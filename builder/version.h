/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#pragma once

#define UNIBEAM_VERSION "0.1.0"
#define UNIBEAM_DATE    "2026-11-26" /* of this version */
