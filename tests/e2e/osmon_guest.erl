%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% osmon_guest - what os_mon, the emulator and /proc say about the machine, taken
%% beside what was really done to it. shapes/0 and reports/0 are for comparing
%% with Linux, the rest holds on its own.
-module(osmon_guest).
-export([shapes/0, reports/0, busy/1, memory/1, worst/0, disk/2, alarms/1, clocks/1,
         proc_self/0]).

-define(LIMIT, 20000).

%% --- the same on Linux -----------------------------------------------------------------

%% What is there, and of which kind, without the figures.
shapes() ->
    {ok, _} = application:ensure_all_started(os_mon),
    [[is_integer(cpu_sup:F()) || F <- [avg1, avg5, avg15, nprocs]],
     is_float(cpu_sup:util()),
     kinds(element(2, cpu_sup:util([detailed]))),
     kinds(element(3, cpu_sup:util([detailed]))),
     [kinds(B) || {_, B, _, _} <- [hd(cpu_sup:util([detailed, per_cpu]))]],
     [is_float(B + I) || {_, B, I, []} <- [hd(cpu_sup:util([per_cpu]))]],
     lists:sort(kinds(memsup:get_system_memory_data())),
     memsup:get_os_wordsize(),
     memsup:get_check_interval(), memsup:get_helper_timeout(),
     [{is_list(D), is_integer(K), P =< 100} || {D = "/dev/shm", K, P}
                                                   <- disksup:get_disk_data()]].

kinds(L) -> [{K, is_number(V)} || {K, V} <- L].

%% runtime_tools' views of the system.
reports() ->
    Info = observer_backend:sys_info(),
    Report = system_information:report(),
    [lists:sort([K || {K, _} <- Info]), lists:sort([K || {K, _} <- Report]),
     [is_integer(proplists:get_value(K, Info))
      || K <- [process_count, run_queue, uptime, total, processes, binary, ets]],
     msacc(), lists:sort([K || {K, _} <- erlang:memory()])].

%% Microstate accounting: kinds of threads, and that schedulers slept most.
msacc() ->
    msacc:start(300),
    Stats = msacc:stats(),
    Sum = fun(State) -> lists:sum([maps:get(State, maps:get(counters, T))
                                   || T = #{type := scheduler} <- Stats]) end,
    {lists:usort([T || #{type := T} <- Stats]),
     lists:sort(maps:keys(maps:get(counters, hd(Stats)))),
     Sum(sleep) > Sum(emulator)}.

%% --- processor -------------------------------------------------------------------------

%% One scheduler spins for Ms: how much that is by each account, in milliseconds,
%% at least and at most, and the percentage cpu_sup saw.
busy(Ms) ->
    {ok, _} = application:ensure_all_started(os_mon),
    _ = [cpu_sup:util(), cpu_sup:util([per_cpu])],
    A = accounts(),
    A2 = accounts(),
    spin(erlang:monotonic_time(millisecond) + Ms),
    B = accounts(),
    B2 = accounts(),
    Util = cpu_sup:util(),
    {{less(B, A2), less(B2, A)}, Util,
     [U || {_, U, _, _} <- cpu_sup:util([per_cpu])]}.

less(A, B) -> maps:map(fun(K, V) -> V - maps:get(K, B) end, A).

spin(End) ->
    case erlang:monotonic_time(millisecond) < End of
        true -> lists:seq(1, 1000), spin(End);
        false -> ok
    end.

accounts() ->
    {Runtime, _} = statistics(runtime),
    #{wall => erlang:monotonic_time(millisecond), runtime => Runtime,
      stat => all_cpus(), idle => idle(), user => hd(times("/proc/self/stat")),
      self => lists:sum(times("/proc/self/stat")),
      threads => lists:sum(lists:append([times("/proc/self/task/" ++ T ++ "/stat")
                                         || T <- names("/proc/self/task")]))}.

%% user + nice + system + irq + softirq of all processors.
all_cpus() ->
    [U, N, S, _, _, I, Soft | _] = cpu_line(),
    10 * (U + N + S + I + Soft).

idle() -> 10 * lists:nth(4, cpu_line()).

cpu_line() ->
    ["cpu" | Fields] = string:lexemes(hd(lines("/proc/stat")), " "),
    [list_to_integer(F) || F <- Fields].

%% In user mode (statistics(runtime) is that), in the kernel.
times(File) ->
    [_, Rest] = string:split(text(File), ") ", trailing),
    Fields = string:lexemes(Rest, " \n"),
    [10 * list_to_integer(lists:nth(N, Fields)) || N <- [12, 13]].

names(Dir) -> {ok, L} = file:list_dir(Dir), L.

text(File) -> {ok, B} = file:read_file(File), binary_to_list(B).

lines(File) -> string:lexemes(text(File), "\n").

%% --- memory ----------------------------------------------------------------------------

%% A binary of so many bytes, all of them written: how much free memory went by
%% each account, and came back when it was dropped.
memory(Bytes) ->
    {ok, _} = application:ensure_all_started(os_mon),
    Self = self(),
    A = memory_accounts(),
    Holder = spawn_link(fun() -> hold(Self, Bytes) end),
    receive {Holder, held} -> ok after ?LIMIT -> error(no_memory) end,
    B = memory_accounts(),
    Holder ! drop,
    receive {Holder, dropped} -> ok after ?LIMIT -> error(not_dropped) end,
    C = memory_accounts(),
    {less(A, B), less(A, C)}.

hold(Parent, Bytes) ->
    Large = binary:copy(<<"written">>, Bytes div 7),
    Parent ! {self(), held},
    receive drop -> ok end,
    true = byte_size(Large) > 0,
    Parent ! {self(), empty(erlang:garbage_collect())}.

empty(true) -> dropped.

%% All of them fall when memory is used.
memory_accounts() ->
    M = memsup:get_system_memory_data(),
    #{free => proplists:get_value(free_memory, M),
      available => proplists:get_value(available_memory, M),
      rss => -kib("/proc/self/status", "VmRSS:"),
      anon => -kib("/proc/meminfo", "AnonPages:"),
      emulator => -erlang:memory(total)}.

%% Until F() is Wanted; what it was last. memsup keeps what it collected last, so
%% it is told to collect again.
until(F, Wanted) -> until(F, Wanted, 40).
until(F, Wanted, Tries) ->
    whereis(memsup) ! time_to_collect,
    timer:sleep(250),
    case F() of
        R when R =:= Wanted; Tries =:= 0 -> R;
        _ -> until(F, Wanted, Tries - 1)
    end.

kib(File, Key) ->
    [N] = [list_to_integer(V) || L <- lines(File), [K, V | _] <- [string:lexemes(L, " \t")],
                                 K =:= Key],
    1024 * N.

%% The process that uses most, as memsup finds it.
worst() ->
    {ok, _} = application:ensure_all_started(os_mon),
    Self = self(),
    Pid = spawn_link(fun() -> Large = lists:seq(1, 500000), Self ! ready,
                              receive stop -> hd(Large) end end),
    receive ready -> ok end,
    R = until(fun() -> {_, _, {Worst, Size}} = memsup:get_memory_data(),
                       {Worst =:= Pid, Size > 500000 * 16} end,
              {true, true}),
    Pid ! stop,
    R.

%% --- disks -----------------------------------------------------------------------------

%% A file of Bytes in Dir: what disksup and df say before, with it, and after,
%% in percent and KiB.
disk(Dir, Bytes) ->
    {ok, _} = application:ensure_all_started(os_mon),
    File = filename:join(Dir, "filling"),
    A = usage(Dir),
    ok = file:write_file(File, binary:copy(<<0>>, Bytes)),
    B = usage(Dir),
    ok = file:delete(File),
    {A, B, usage(Dir)}.

usage(Dir) ->
    whereis(disksup) ! timeout,
    [{Size, Percent}] = [{K, P} || {D, K, P} <- disksup:get_disk_data(), D =:= Dir],
    [Line] = [F || L <- string:lexemes(os:cmd("df -k " ++ Dir), "\n"),
                   F <- [string:lexemes(L, " ")], lists:last(F) =:= Dir],
    {Size, Percent, list_to_integer(lists:nth(2, Line)), list_to_integer(lists:nth(3, Line))}.

%% Alarms come and go: memory, a process that is large, a disk (Dir) that fills.
alarms(Dir) ->
    {ok, _} = application:ensure_all_started(os_mon),
    ok = memsup:set_sysmem_high_watermark(0.01),
    ok = memsup:set_procmem_high_watermark(0.000001),
    ok = disksup:set_almost_full_threshold(0.2),
    {Size, _, _, _} = usage(Dir),
    File = filename:join(Dir, "filling"),
    ok = file:write_file(File, binary:copy(<<0>>, Size * 1024 div 3)),
    Set = until(fun() -> seen(Dir) end, [true, true, true]),
    ok = memsup:set_sysmem_high_watermark(0.99),
    ok = memsup:set_procmem_high_watermark(0.99),
    ok = file:delete(File),
    {Set, until(fun() -> seen(Dir) end, [false, false, false])}.

seen(Dir) ->
    _ = usage(Dir),
    Alarms = [A || {A, _} <- alarm_handler:get_alarms()],
    [lists:member(A, Alarms) || A <- [system_memory_high_watermark,
                                      process_memory_high_watermark,
                                      {disk_almost_full, Dir}]].

%% --- clocks and /proc/self -----------------------------------------------------------

%% By how many milliseconds each clock moves in a sleep of Ms; by how many
%% seconds the wall clocks differ from each other.
clocks(Ms) ->
    A = now_by_each(),
    timer:sleep(Ms),
    B = now_by_each(),
    {Mega, S, _} = os:timestamp(),
    {lists:zipwith(fun(X, Y) -> Y - X end, A, B),
     abs(Mega * 1000000 + S - erlang:system_time(second))}.

now_by_each() ->
    {Wall, _} = statistics(wall_clock),
    {Mega, S, U} = os:timestamp(),
    [Up, _] = string:lexemes(text("/proc/uptime"), " \n"),
    [erlang:monotonic_time(millisecond), Wall, erlang:system_time(millisecond),
     (Mega * 1000000 + S) * 1000 + U div 1000, os:perf_counter(millisecond),
     round(list_to_float(Up) * 1000)].

%% What monitoring libraries read; true where two sources agree.
proc_self() ->
    Pid = os:getpid(),
    [_, Resident | _] = [list_to_integer(F)
                         || F <- string:lexemes(text("/proc/self/statm"), " \n")],
    Limits = [L || L <- lines("/proc/self/limits"), lists:prefix("Max open files", L)],
    {is_list(text("/proc/" ++ Pid ++ "/cmdline")),
     abs(Resident * 4096 - kib("/proc/self/status", "VmRSS:")) < 4194304,
     erlang:memory(total) < Resident * 4096 + 33554432,
     length(names("/proc/self/fd")) > 3, length(Limits),
     length(names("/proc/self/task")) =:=
         list_to_integer(hd([lists:last(string:lexemes(L, "\t "))
                             || L <- lines("/proc/self/status"),
                                lists:prefix("Threads:", L)])),
     lists:prefix(filename:basename(element(2, file:read_link("/proc/self/exe"))),
                  "beam.smp"),
     length([L || L <- lines("/proc/cpuinfo"), lists:prefix("processor", L)]) =:=
         erlang:system_info(logical_processors_online)}.
