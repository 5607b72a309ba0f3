# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.ConfigTest do
  use ExUnit.Case, async: true

  alias Unibeam.Config

  defp load(section, own \\ []) do
    Config.load([unibeam: section, releases: [shop: [unibeam: own]]], :shop)
  end

  defp arguments(section, command, own \\ []) do
    {:ok, settings} = load(section, own)
    Config.arguments(settings, command)
  end

  test "nothing said is nothing asked" do
    assert Config.load([app: :shop], :shop) == {:ok, []}
    assert arguments([], :build) == []
    assert arguments([], :run) == []
  end

  test "every key has its option, of the command it is for" do
    section = [
      env: [PORT: 8080, ROLE: :web],
      hostname: "shop",
      shell: true,
      console: true,
      grace: 5,
      restart: "always",
      ip: "10.0.0.2/24",
      ip6: :none,
      hosts: %{"db" => "10.0.0.3"},
      args: ["+S", "2"],
      files: %{"/etc/motd" => "/etc/motd"},
      mounts: ["data:/srv"],
      append: "loglevel=3",
      allow_missing: true,
      build_options: ["--quiet"],
      memory: "512M",
      cpus: 2,
      ports: [8080, {2222, 22}, "127.0.0.1:1:1/udp"],
      network: "tap=t0",
      run_options: ["--direct"]
    ]

    assert arguments(section, :build) ==
             ~w(--env PORT=8080 --env ROLE=web --hostname shop --shell --console
                --grace 5 --restart always --ip 10.0.0.2/24 --ip6 none
                --add-host db:10.0.0.3 --arg +S --arg 2 --file /etc/motd:/etc/motd
                --mount data:/srv --append loglevel=3 --allow-missing --quiet)

    assert arguments(section, :run) ==
             ~w(--memory 512M --smp 2 --publish 8080:8080 --publish 2222:22
                --publish 127.0.0.1:1:1/udp --network tap=t0 --direct)

    assert arguments(section, :check) == ~w(--shell --allow-missing)
  end

  test "volumes are mounted by the image and attached by the run" do
    section = [
      volumes: [
        {"data.img", "/srv/shop/catalogue of 2026"},
        {:tmpfs, "/scratch"},
        {:tmpfs, "/cache", 64}
      ]
    ]

    assert arguments(section, :build) ==
             [
               "--mount",
               "op-catalogue-of-2026:/srv/shop/catalogue of 2026",
               "--mount",
               "tmpfs:/scratch",
               "--mount",
               "tmpfs:/cache:64M"
             ]

    assert arguments(section, :run) ==
             ["--disk", Path.expand("data.img") <> ",serial=op-catalogue-of-2026,ro"]

    assert arguments(section, :check) == []
    one = {"a.img", "/srv"}

    assert arguments([volumes: one], :build, volumes: %{"b.img" => "/b"}) ==
             ~w(--mount srv:/srv --mount b:/b)
  end

  test "what may be false" do
    assert arguments([shell: false, console: false], :build) == ["--no-shell"]
    assert arguments([allow_missing: false], :build) == []
  end

  test "paths are below the project" do
    assert arguments([erts: "otp", sysroot: "/sys"], :check) ==
             ["--erts", Path.expand("otp"), "--sysroot", "/sys"]

    assert arguments([files: [{"priv/x", "/x"}]], :build) ==
             ["--file", Path.expand("priv/x") <> ":/x"]
  end

  test "a release's own count, lists add up" do
    assert arguments([env: [A: 1], memory: "1G"], :build, env: [B: 2]) ==
             ~w(--env A=1 --env B=2)

    assert arguments([memory: "1G"], :run, memory: 64) == ~w(--memory 64M)
  end

  test "a release may be a function" do
    project = [releases: [shop: fn -> [unibeam: [cpus: 3]] end]]
    assert Config.load(project, :shop) == {:ok, [cpus: "3"]}
  end

  test "an unknown key names the nearest" do
    assert load(memry: "1G") ==
             {:error, "unknown key 'memry' in unibeam: did you mean 'memory'?"}

    assert {:error, "unknown key 'envs' in unibeam of release shop: did you mean 'env'?"} =
             load([], envs: [])

    assert {:error, "unknown key 'zzz' in unibeam: there is allow_missing, " <> _} = load(zzz: 1)
  end

  test "wrong values say what is right" do
    for {key, value, wanted} <- [
          {:shell, "yes", "true or false"},
          {:cpus, "2", "a whole number"},
          {:cpus, -1, "a whole number"},
          {:memory, 0, "a size like \"512M\""},
          {:hostname, 1, "a string"},
          {:hostname, nil, "a string"},
          {:erts, :otp, "a path"},
          {:ports, [70_000], "PORT, {HOST, GUEST} or \"[ADDR:]HOST:GUEST[/udp]\""},
          {:env, [{"A", nil}], "a string"},
          {:env, [1], "NAME: \"VALUE\" or \"NAME=VALUE\""},
          {:hosts, [1], "NAME: \"ADDRESS\" or \"NAME:ADDRESS\""},
          {:files, [1], "{\"HERE\", \"/THERE\"} or \"HERE:/THERE\""},
          {:volumes, {"a.img", "srv"},
           "{\"DISK\", \"/PATH\"}, {:tmpfs, \"/PATH\"} or {:tmpfs, \"/PATH\", SIZE}"},
          {:volumes, {"a.img", "/"},
           "{\"DISK\", \"/PATH\"}, {:tmpfs, \"/PATH\"} or {:tmpfs, \"/PATH\", SIZE}"},
          {:volumes, {:tmpfs, "srv", "1M"},
           "{\"DISK\", \"/PATH\"}, {:tmpfs, \"/PATH\"} or {:tmpfs, \"/PATH\", SIZE}"},
          {:volumes, "a.img",
           "{\"DISK\", \"/PATH\"}, {:tmpfs, \"/PATH\"} or {:tmpfs, \"/PATH\", SIZE}"},
          {:volumes, {:tmpfs, "/srv", 0}, "a size like \"512M\""},
          {:append, "a\0b", "a string without zeros"}
        ] do
      assert load([{key, value}]) ==
               {:error, "#{key} in unibeam is #{inspect(value)}, and not #{wanted}"}
    end

    assert load(["memory"]) == {:error, "unibeam is no keyword list: [\"memory\"]"}
  end

  test "load! names the file" do
    assert_raise Mix.Error, "mix.exs: cpus in unibeam is :x, and not a whole number", fn ->
      Config.load!([unibeam: [cpus: :x]], :shop)
    end
  end
end
