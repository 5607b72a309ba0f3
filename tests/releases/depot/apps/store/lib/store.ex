# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Store do
  @moduledoc "What the emulator was started with."
  use Application

  @compiled Application.compile_env(:store, :compiled)

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([], strategy: :one_for_one)
  end

  @doc "Everything that bin/NAME start settles, see normal/1."
  def dump do
    %{
      env: Map.new(System.get_env(), fn {name, value} -> {name, normal(value)} end),
      arguments: normal(inspect(:init.get_arguments(), limit: :infinity)),
      argv: {System.argv(), :init.get_plain_arguments()},
      config: normal(inspect(config(), limit: :infinity, printable_limit: :infinity)),
      node: {node(), :erlang.get_cookie(), Node.alive?()},
      directory: normal(File.cwd!()),
      files: limit(),
      compiled: @compiled,
      boot: :init.script_id(),
      running: for({app, _, _} <- Application.started_applications(), do: app) |> Enum.sort()
    }
  end

  def print_dump do
    IO.puts(["DUMP ", dump() |> :erlang.term_to_binary() |> Base.encode64()])
  end

  defp config do
    for {app, _, _} <- Application.loaded_applications(), into: %{} do
      {app, app |> Application.get_all_env() |> Enum.sort()}
    end
  end

  defp limit do
    {text, 0} = System.shell("ulimit -n")
    String.trim(text)
  end

  # What differs from machine to machine by nature has a name instead.
  @names [
    {"RELEASE_TMP", "TMP"},
    {"RELEASE_ROOT", "ROOT"},
    {"HOME", "HOME"},
    {"DIST_PORT", "PORT"}
  ]

  defp normal(text) do
    named =
      for {variable, name} <- @names, value = System.get_env(variable), reduce: text do
        text -> String.replace(text, value, name)
      end

    String.replace(named, ~r/\d{14}-[0-9a-f]{4}\.runtime/, "STAMP.runtime")
  end
end
