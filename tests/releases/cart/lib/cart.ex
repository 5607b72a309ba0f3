# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Cart do
  @moduledoc "Says what runtime.exs and a command gave, and ends with status 5."
  use Application

  @impl true
  def start(_type, _args) do
    IO.puts("greeting #{Application.get_env(:cart, :greeting)}")
    {uname, 0} = System.shell("uname -s")
    IO.puts("shell #{String.trim(uname)}")
    IO.puts("node #{Node.self()}")
    spawn(fn -> System.stop(5) end)
    Supervisor.start_link([], strategy: :one_for_one)
  end
end
