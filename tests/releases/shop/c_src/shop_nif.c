/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* A NIF that needs a library of the system's. */
#include <erl_nif.h>
#include <zlib.h>

static ERL_NIF_TERM crc(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[])
{
    ErlNifBinary data;

    (void)argc;
    if (!enif_inspect_binary(env, argv[0], &data))
        return enif_make_badarg(env);
    return enif_make_ulong(env, crc32(0, data.data, (uInt)data.size));
}

static ErlNifFunc functions[] = {{"crc", 1, crc, 0}};

ERL_NIF_INIT(shop_nif, functions, NULL, NULL, NULL, NULL)
