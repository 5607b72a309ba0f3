# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Mix.Tasks.Unibeam.Run do
  @shortdoc "Runs a release in a virtual machine"

  @moduledoc """
  Makes a release and its image, and runs that in QEMU.

      MIX_ENV=prod mix unibeam.run [NAME] [OPTIONS] [-- OPTIONS OF unibeam run]

  The terminal is the machine's console; Ctrl-A X ends it.

  ## Options

    * `-o`, `--output IMAGE` - the image to write and run
    * `--no-release` - take the release that was made before
    * `--no-build` - take the image that was made before
    * `-q`, `--quiet` - only errors, and the machine's console

  What follows `--` goes to `unibeam run` as it stands; `unibeam help run` lists
  it.  Memory, processors and ports come from `mix.exs`, see `mix help
  unibeam.build`.  The exit status is the one the release ended with.
  """

  use Mix.Task

  @impl true
  def run(argv) do
    {target, settings, options, rest} =
      Unibeam.Task.begin!(argv, [:output, :release, :build, :quiet])

    command = Unibeam.Command.find!(settings)
    image = image!(target, settings, options)
    args = ["run", image] ++ Unibeam.Config.arguments(settings, :run) ++ rest
    System.halt(Unibeam.Command.run_interactive(command, args))
  end

  defp image!(target, settings, options) do
    image = Unibeam.Target.image(target, settings)

    cond do
      Keyword.get(options, :build, true) ->
        Unibeam.Task.release!(target, options)
        Unibeam.build!(target, settings, ["--quiet"])

      File.regular?(image) ->
        image

      true ->
        Mix.raise("there is no image '#{Path.relative_to_cwd(image)}': leave --no-build away")
    end
  end
end
