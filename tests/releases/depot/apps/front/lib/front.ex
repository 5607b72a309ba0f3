# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Front do
  @moduledoc "Says on the console that the release is up, and what it was given."
  use Application

  @impl true
  def start(_type, _args) do
    children = [%{id: :ready, start: {__MODULE__, :ready, []}}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end

  def ready do
    IO.puts("READY #{Application.fetch_env!(:store, :city)}")
    :ignore
  end
end
