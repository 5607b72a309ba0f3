/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * A NIF library for runtime_SUITE: what such libraries ask of a kernel. Built
 * twice, as VERSION 1 and 2, of which the second takes over from the first.
 */
#include <erl_nif.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct shared {
    atomic_int upgrades, destroyed, downs, stopped;
};

struct pipe_resource {
    int fd[2];
    struct shared *shared;
    ErlNifMonitor monitor;
};

static ErlNifResourceType *pipe_type;
static int *volatile nowhere;

static void pipe_destroyed(ErlNifEnv *env, void *object)
{
    struct pipe_resource *r = object;

    (void)env;
    r->shared->destroyed++;
}

static void pipe_stopped(ErlNifEnv *env, void *object, ErlNifEvent fd,
                         int direct)
{
    struct pipe_resource *r = object;

    (void)env, (void)fd, (void)direct;
    close(r->fd[0]);
    close(r->fd[1]);
    r->shared->stopped++;
}

static void pipe_owner_down(ErlNifEnv *env, void *object, ErlNifPid *pid,
                            ErlNifMonitor *monitor)
{
    struct pipe_resource *r = object;

    (void)env, (void)pid, (void)monitor;
    r->shared->downs++;
}

static int open_type(ErlNifEnv *env)
{
    ErlNifResourceTypeInit init = {pipe_destroyed, pipe_stopped,
                                   pipe_owner_down, 3, NULL};

    pipe_type = enif_init_resource_type(
        env, "pipe", &init, ERL_NIF_RT_CREATE | ERL_NIF_RT_TAKEOVER, NULL);
    return pipe_type ? 0 : -1;
}

static int load(ErlNifEnv *env, void **priv, ERL_NIF_TERM info)
{
    (void)info;
    *priv = enif_alloc(sizeof(struct shared));
    memset(*priv, 0, sizeof(struct shared));
    return open_type(env);
}

static int upgrade(ErlNifEnv *env, void **priv, void **old, ERL_NIF_TERM info)
{
    (void)info;
    *priv = *old;
    ((struct shared *)*priv)->upgrades++;
    return open_type(env);
}

static void unload(ErlNifEnv *env, void *priv)
{
    (void)env, (void)priv;
}

static ERL_NIF_TERM version(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[])
{
    (void)argc, (void)argv;
    return enif_make_int(env, VERSION);
}

/* {Upgrades, Destroyed, Downs, Stopped} */
static ERL_NIF_TERM counters(ErlNifEnv *env, int argc,
                             const ERL_NIF_TERM argv[])
{
    struct shared *s = enif_priv_data(env);

    (void)argc, (void)argv;
    return enif_make_tuple4(
        env, enif_make_int(env, s->upgrades), enif_make_int(env, s->destroyed),
        enif_make_int(env, s->downs), enif_make_int(env, s->stopped));
}

static ERL_NIF_TERM thread_type(ErlNifEnv *env, int argc,
                                const ERL_NIF_TERM argv[])
{
    int ms = 0;

    if (argc == 1 && enif_get_int(env, argv[0], &ms))
        usleep((useconds_t)ms * 1000);
    return enif_make_int(env, enif_thread_type());
}

/* A pipe whose resource watches the calling process. */
static ERL_NIF_TERM pipe_new(ErlNifEnv *env, int argc,
                             const ERL_NIF_TERM argv[])
{
    struct pipe_resource *r = enif_alloc_resource(pipe_type, sizeof(*r));
    ErlNifPid self;
    ERL_NIF_TERM term = enif_make_resource(env, r);

    (void)argc, (void)argv;
    enif_release_resource(r);
    r->shared = enif_priv_data(env);
    if (pipe(r->fd) ||
        enif_monitor_process(env, r, enif_self(env, &self), &r->monitor))
        return enif_make_badarg(env);
    return term;
}

static struct pipe_resource *get_pipe(ErlNifEnv *env, ERL_NIF_TERM term)
{
    void *r = NULL;

    return enif_get_resource(env, term, pipe_type, &r) ? r : NULL;
}

static ERL_NIF_TERM pipe_select(ErlNifEnv *env, int argc,
                                const ERL_NIF_TERM argv[])
{
    struct pipe_resource *r = get_pipe(env, argv[0]);

    (void)argc;
    return enif_make_int(env,
                         r ? enif_select(env, r->fd[0], ERL_NIF_SELECT_READ, r,
                                         NULL, enif_make_atom(env, "undefined"))
                           : -1);
}

static ERL_NIF_TERM pipe_stop(ErlNifEnv *env, int argc,
                              const ERL_NIF_TERM argv[])
{
    struct pipe_resource *r = get_pipe(env, argv[0]);

    (void)argc;
    return enif_make_int(env,
                         r ? enif_select(env, r->fd[0], ERL_NIF_SELECT_STOP, r,
                                         NULL, enif_make_atom(env, "undefined"))
                           : -1);
}

static ERL_NIF_TERM pipe_write(ErlNifEnv *env, int argc,
                               const ERL_NIF_TERM argv[])
{
    struct pipe_resource *r = get_pipe(env, argv[0]);
    ErlNifBinary data;

    (void)argc;
    if (!r || !enif_inspect_binary(env, argv[1], &data))
        return enif_make_badarg(env);
    return enif_make_int(env, (int)write(r->fd[1], data.data, data.size));
}

static ERL_NIF_TERM pipe_read(ErlNifEnv *env, int argc,
                              const ERL_NIF_TERM argv[])
{
    struct pipe_resource *r = get_pipe(env, argv[0]);
    char data[64];
    ssize_t n = r ? read(r->fd[0], data, sizeof(data)) : -1;
    ERL_NIF_TERM term;

    (void)argc;
    if (n < 0)
        return enif_make_badarg(env);
    memcpy(enif_make_new_binary(env, (size_t)n, &term), data, (size_t)n);
    return term;
}

struct thread_job {
    ErlNifPid to;
    int number;
};

static void *thread_main(void *arg)
{
    struct thread_job *job = arg;
    ErlNifEnv *env = enif_alloc_env();

    enif_send(NULL, &job->to, env,
              enif_make_tuple2(env, enif_make_atom(env, "thread"),
                               enif_make_int(env, job->number)));
    enif_free_env(env);
    return NULL;
}

/* 32 threads that each send a message: one half of the run-time system's, one
 * half of the C library's own. How many could be made. */
static ERL_NIF_TERM threads(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[])
{
    enum { N = 16 };
    struct thread_job job[2 * N];
    ErlNifTid tid[N];
    pthread_t thread[N];
    int made = 0;

    (void)argc, (void)argv;
    for (int i = 0; i < N; i++) {
        job[i].number = i;
        job[N + i].number = N + i;
        enif_self(env, &job[i].to);
        enif_self(env, &job[N + i].to);
        made += !enif_thread_create((char *)"rt", &tid[i], thread_main, &job[i],
                                    NULL);
        made += !pthread_create(&thread[i], NULL, thread_main, &job[N + i]);
    }
    for (int i = 0; i < N && made == 2 * N; i++) {
        enif_thread_join(tid[i], NULL);
        pthread_join(thread[i], NULL);
    }
    return enif_make_int(env, made);
}

static ERL_NIF_TERM crash(ErlNifEnv *env, int argc, const ERL_NIF_TERM argv[])
{
    (void)argc, (void)argv;
    *nowhere = 1;
    return enif_make_atom(env, "ok");
}

static ErlNifFunc functions[] = {
    {"version", 0, version, 0},
    {"counters", 0, counters, 0},
    {"normal", 0, thread_type, 0},
    {"dirty_cpu", 1, thread_type, ERL_NIF_DIRTY_JOB_CPU_BOUND},
    {"dirty_io", 1, thread_type, ERL_NIF_DIRTY_JOB_IO_BOUND},
    {"pipe", 0, pipe_new, 0},
    {"pipe_select", 1, pipe_select, 0},
    {"pipe_stop", 1, pipe_stop, 0},
    {"pipe_write", 2, pipe_write, 0},
    {"pipe_read", 1, pipe_read, 0},
    {"threads", 0, threads, ERL_NIF_DIRTY_JOB_CPU_BOUND},
    {"crash", 0, crash, 0},
};

ERL_NIF_INIT(runtime_nif, functions, load, NULL, upgrade, unload)
