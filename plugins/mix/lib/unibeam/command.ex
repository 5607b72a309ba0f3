# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.Command do
  @moduledoc "The command `unibeam`: where it is, and running it."

  @doc """
  Its path: what the key `:unibeam` says, else `$UNIBEAM`, else the one on the
  `PATH`.
  """
  @spec find(keyword, %{optional(String.t()) => String.t()}) ::
          {:ok, Path.t()} | {:error, String.t()}
  def find(settings, env \\ System.get_env()) do
    cond do
      path = settings[:unibeam] ->
        executable(path, "unibeam: in mix.exs")

      (path = env["UNIBEAM"]) not in [nil, ""] ->
        executable(path, "UNIBEAM")

      path = System.find_executable("unibeam") ->
        {:ok, path}

      true ->
        {:error,
         "there is no command unibeam on the PATH: install it, or set UNIBEAM to where it is"}
    end
  end

  @doc "The same, or `Mix.Error`."
  @spec find!(keyword) :: Path.t()
  def find!(settings) do
    case find(settings) do
      {:ok, path} -> path
      {:error, why} -> Mix.raise(why)
    end
  end

  defp executable(path, where) do
    case System.find_executable(path) do
      nil -> {:error, "'#{path}', which #{where} names, is no command"}
      found -> {:ok, Path.expand(found)}
    end
  end

  @doc """
  Runs it and returns its exit status.  It has our standard streams: what it
  says is seen at once, and a terminal is one to it.
  """
  @spec run(Path.t(), [String.t()]) :: non_neg_integer
  def run(command, args) do
    port =
      Port.open({:spawn_executable, command}, [
        :nouse_stdio,
        :exit_status,
        :binary,
        args: args
      ])

    trap = trap_signals(port)
    status = await(port)
    for {signal, id} <- trap, do: System.untrap_signal(signal, id)
    status
  end

  @doc """
  The same for what reads from the terminal: from now on mix itself reads
  nothing more.
  """
  @spec run_interactive(Path.t(), [String.t()]) :: non_neg_integer
  def run_interactive(command, args) do
    # or it would take every second key
    :ok = :supervisor.terminate_child(:kernel_sup, :user)
    run(command, args)
  end

  # It is not in our process group: what ends us has to be told to it.
  defp trap_signals(port) do
    with {:os_pid, pid} <- Port.info(port, :os_pid) do
      for signal <- [:sigterm, :sighup] do
        {:ok, id} = System.trap_signal(signal, fn -> pass_on(port, pid) end)
        {signal, id}
      end
    else
      nil -> []
    end
  end

  # The emulator ends when this returns: not before the command has, and whoever
  # waits for it has its status.
  defp pass_on(port, pid) do
    System.cmd("kill", ["-TERM", "#{pid}"], stderr_to_stdout: true)
    wait_for_end(port)
    Process.sleep(1000)
    :ok
  end

  defp wait_for_end(port) do
    if Port.info(port) do
      Process.sleep(50)
      wait_for_end(port)
    end
  end

  defp await(port) do
    receive do
      {^port, {:exit_status, status}} -> status
      {^port, {:data, _}} -> await(port)
    end
  end
end
