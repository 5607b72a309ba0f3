# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Stall do
  @moduledoc "Answers every connection to port 8080 with what runtime.exs read."
  use Application

  @impl true
  def start(_type, _args) do
    children = [{Task, &listen/0}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end

  defp listen do
    {:ok, socket} = :gen_tcp.listen(8080, [:binary, active: false, reuseaddr: true])
    IO.puts("stall listens")
    accept(socket)
  end

  defp accept(socket) do
    {:ok, peer} = :gen_tcp.accept(socket)
    :gen_tcp.send(peer, answer())
    :gen_tcp.close(peer)
    accept(socket)
  end

  defp answer do
    {:ok, host} = :inet.gethostname()
    [%{size: size}] = [File.stat!("/etc/stall.exs")]
    "#{Application.fetch_env!(:stall, :greeting)} #{System.get_env("OTHER")} #{host} #{size}\n"
  end
end
