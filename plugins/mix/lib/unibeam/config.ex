# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.Config do
  @moduledoc """
  The key `:unibeam` of a project, and of one of its releases, in `mix.exs`:
  which keys it has, and the command's arguments they stand for.
  """

  # key, command, kind, option, what it is
  @table [
    {:image, :task, :text, nil, "the image to write (`_build/ENV/NAME.img`)"},
    {:unibeam, :task, :text, nil, "the command (`$UNIBEAM`, or `unibeam` on the `PATH`)"},
    {:format, :task, {:list, :text}, nil,
     "other formats to convert the image to: `\"qcow2\"`, `\"vmdk\"`, ..."},
    {:env, :build, {:list, :pair}, "--env", "environment of the release"},
    {:hostname, :build, :text, "--hostname", "name of the machine"},
    {:shell, :build, :boolean, {"--shell", "--no-shell"},
     "put `/bin/sh` in, or leave it out (in if something needs it)"},
    {:console, :build, :boolean, {"--console", nil}, "start with IEx on the console"},
    {:grace, :build, :whole, "--grace", "seconds to stop in (30)"},
    {:restart, :build, :text, "--restart",
     "start a release that ended again: `\"no\"`, `\"on-failure[:TIMES]\"`, `\"always\"`"},
    {:ip, :build, :text, "--ip",
     "`\"dhcp\"`, `\"none\"` or `\"ADDR/PREFIX[,GATEWAY[,DNS...]]\"`"},
    {:ip6, :build, :text, "--ip6", "the same for IPv6, or `\"auto\"`"},
    {:hosts, :build, {:list, :host}, "--add-host", "lines of `/etc/hosts`"},
    {:args, :build, {:list, :text}, "--arg", "arguments for the emulator"},
    {:files, :build, {:list, :file}, "--file",
     "more files and directories to put in: `\"here\": \"/there\"`"},
    {:mounts, :build, {:list, :text}, "--mount",
     "disks and memory to mount: `\"data:/srv\"`, `\"tmpfs:/scratch:64M\"`"},
    {:volumes, :volumes, {:list, :volume}, :volume,
     "disks with data, mounted read-only, and memory: `{\"data.img\", \"/srv\"}`, " <>
       "`{:tmpfs, \"/scratch\", \"64M\"}`; `unibeam.run` attaches the disks"},
    {:append, :build, :text, "--append", "words for the kernel's command line"},
    {:erts, :both, :path, "--erts", "run-time system for a release made without"},
    {:sysroot, :both, :path, "--sysroot", "take libraries from there (this system)"},
    {:allow_missing, :both, :boolean, {"--allow-missing", nil}, "a missing library is no error"},
    {:build_options, :build, {:list, :text}, :raw, "more arguments for `unibeam build`"},
    {:memory, :run, :size, "--memory", "memory of the machine (`\"256M\"`)"},
    {:cpus, :run, :whole, "--smp", "its processors (1)"},
    {:ports, :run, {:list, :port}, "--publish",
     "ports led into it: `8080`, `{8080, 80}`, `\"127.0.0.1:8080:80\"`"},
    {:network, :run, :text, "--network", "`\"user\"`, `\"tap=NAME\"`, ..."},
    {:run_options, :run, {:list, :text}, :raw, "more arguments for `unibeam run`"}
  ]

  @doc "All keys, for the help."
  @spec keys() :: [{atom, String.t()}]
  def keys, do: for({key, _, _, _, what} <- @table, do: {key, what})

  @doc """
  The settings of the release `name`: those of the project, then its own.  Lists
  and environments add up, of the others the release's own count.
  """
  @spec load(keyword, atom) :: {:ok, keyword} | {:error, String.t()}
  def load(project, name) do
    own = Unibeam.Target.options(project, name)[:unibeam] || []

    with {:ok, general} <- check(project[:unibeam] || [], "unibeam"),
         {:ok, own} <- check(own, "unibeam of release #{name}") do
      {:ok, Keyword.merge(general, own, &merge/3)}
    end
  end

  @doc "The same, or `Mix.Error`."
  @spec load!(keyword, atom) :: keyword
  def load!(project, name) do
    case load(project, name) do
      {:ok, settings} -> settings
      {:error, why} -> Mix.raise("mix.exs: " <> why)
    end
  end

  @doc "The arguments for `unibeam build`, `run` or `check`."
  @spec arguments(keyword, :build | :run | :check) :: [String.t()]
  def arguments(settings, command) do
    for {key, whose, _, option, _} <- @table,
        takes?(command, whose, key),
        value = settings[key],
        argument <- argument(option, value, command),
        do: argument
  end

  # a disk is known to the machine by its serial number
  defp argument(:volume, volumes, :build),
    do: Enum.flat_map(volumes, fn {mount, _} -> ["--mount", mount] end)

  defp argument(:volume, volumes, :run),
    do: Enum.flat_map(volumes, fn {_, disk} -> if(disk, do: ["--disk", disk], else: []) end)

  defp argument(option, value, _), do: argument(option, value)

  # false is a value, too; for who has no option for it it says nothing
  defp argument({yes, _}, true), do: [yes]
  defp argument({_, nil}, "false"), do: []
  defp argument({_, no}, "false"), do: [no]
  defp argument(:raw, values), do: values
  defp argument(option, values) when is_list(values), do: Enum.flat_map(values, &[option, &1])
  defp argument(option, value), do: [option, value]

  defp takes?(:check, :both, _), do: true
  defp takes?(:check, :build, :shell), do: true
  defp takes?(:build, :both, _), do: true
  defp takes?(command, :volumes, _), do: command in [:build, :run]
  defp takes?(command, whose, _), do: command == whose

  defp merge(_, general, own) when is_list(own), do: general ++ own
  defp merge(_, _, own), do: own

  # ---- checks ----

  defp check(section, where) do
    if Keyword.keyword?(section) do
      reduce(section, fn {key, value} -> check_key(key, value, where) end)
    else
      {:error, "#{where} is no keyword list: #{inspect(section)}"}
    end
  end

  defp reduce(list, fun) do
    Enum.reduce_while(list, {:ok, []}, fn item, {:ok, done} ->
      case fun.(item) do
        {:ok, one} -> {:cont, {:ok, done ++ [one]}}
        {:error, why} -> {:halt, {:error, why}}
      end
    end)
  end

  defp check_key(key, value, where) do
    case List.keyfind(@table, key, 0) do
      nil ->
        known = for {known, _} <- keys(), do: Atom.to_string(known)
        {:error, "unknown key '#{key}' in #{where}" <> nearest(key, known)}

      {_, _, kind, _, _} ->
        case value(kind, value) do
          {:ok, value} ->
            {:ok, {key, value}}

          {:error, wanted} ->
            {:error, "#{key} in #{where} is #{inspect(value)}, and not #{wanted}"}
        end
    end
  end

  defp nearest(key, known), do: Unibeam.Nearest.hint(Atom.to_string(key), known)

  # A value as the text, or the texts, that the command takes.
  defp value({:list, kind}, values) when is_list(values) or is_map(values) do
    reduce(values, &value(kind, &1))
  end

  defp value({:list, kind}, value) do
    with {:ok, value} <- value(kind, value), do: {:ok, [value]}
  end

  defp value(:boolean, true), do: {:ok, true}
  defp value(:boolean, false), do: {:ok, "false"}
  defp value(:boolean, _), do: {:error, "true or false"}
  defp value(:text, text) when is_binary(text), do: text(text)

  defp value(:text, word) when is_atom(word) and word not in [nil, true, false],
    do: text("#{word}")

  defp value(:text, _), do: {:error, "a string"}
  defp value(:path, path) when is_binary(path), do: {:ok, Path.expand(path)}
  defp value(:path, _), do: {:error, "a path"}
  defp value(:whole, n) when is_integer(n) and n >= 0, do: {:ok, "#{n}"}
  defp value(:whole, _), do: {:error, "a whole number"}
  defp value(:size, n) when is_integer(n) and n > 0, do: {:ok, "#{n}M"}
  defp value(:size, text) when is_binary(text), do: text(text)
  defp value(:size, _), do: {:error, "a size like \"512M\""}

  defp value(:pair, {name, value}) do
    with {:ok, name} <- value(:text, name),
         {:ok, value} <- scalar(value),
         do: text("#{name}=#{value}")
  end

  defp value(:pair, text) when is_binary(text), do: text(text)
  defp value(:pair, _), do: {:error, "NAME: \"VALUE\" or \"NAME=VALUE\""}

  defp value(:host, {name, addr}) when is_binary(addr), do: text("#{name}:#{addr}")
  defp value(:host, text) when is_binary(text), do: text(text)
  defp value(:host, _), do: {:error, "NAME: \"ADDRESS\" or \"NAME:ADDRESS\""}

  defp value(:file, {from, to}) when is_binary(to), do: text("#{Path.expand("#{from}")}:#{to}")
  defp value(:file, text) when is_binary(text), do: text(text)
  defp value(:file, _), do: {:error, "{\"HERE\", \"/THERE\"} or \"HERE:/THERE\""}

  # What to mount, and the disk to attach.
  defp value(:volume, {:tmpfs, path}), do: tmpfs(path, "")

  defp value(:volume, {:tmpfs, path, size}) do
    with {:ok, size} <- value(:size, size), do: tmpfs(path, ":" <> size)
  end

  defp value(:volume, {disk, "/" <> name = path}) when is_binary(disk) and name != "" do
    with {:ok, path} <- text(path),
         {:ok, disk} <- text(Path.expand(disk)),
         do: {:ok, {"#{serial(name)}:#{path}", "#{disk},serial=#{serial(name)},ro"}}
  end

  defp value(:volume, _) do
    {:error, "{\"DISK\", \"/PATH\"}, {:tmpfs, \"/PATH\"} or {:tmpfs, \"/PATH\", SIZE}"}
  end

  defp value(:port, port) when port in 1..65535, do: {:ok, "#{port}:#{port}"}

  defp value(:port, {host, guest}) when host in 1..65535 and guest in 1..65535,
    do: {:ok, "#{host}:#{guest}"}

  defp value(:port, text) when is_binary(text), do: text(text)
  defp value(:port, _), do: {:error, "PORT, {HOST, GUEST} or \"[ADDR:]HOST:GUEST[/udp]\""}

  defp tmpfs("/" <> _ = path, size) do
    with {:ok, mount} <- text("tmpfs:" <> path <> size), do: {:ok, {mount, nil}}
  end

  defp tmpfs(_, _), do: value(:volume, nil)

  # The serial number of a virtio disk has 20 bytes: the end of the path it is for.
  defp serial(path) do
    name = Regex.replace(~r/[^A-Za-z0-9_.-]/, path, "-")
    binary_part(name, byte_size(name), -min(20, byte_size(name)))
  end

  defp scalar(value) when is_binary(value) or is_number(value), do: {:ok, value}
  defp scalar(value) when is_atom(value) and value != nil, do: {:ok, value}
  defp scalar(_), do: {:error, "a string"}

  defp text(text) do
    if String.contains?(text, <<0>>), do: {:error, "a string without zeros"}, else: {:ok, text}
  end
end
