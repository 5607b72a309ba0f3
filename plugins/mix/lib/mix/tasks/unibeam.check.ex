# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Mix.Tasks.Unibeam.Check do
  @shortdoc "Looks for what would keep a release from running in an image"

  @moduledoc """
  Makes a release, and lets `unibeam check` look for what would keep it from
  running in an image: missing libraries, NIFs for another processor, programs
  that are not there.

      MIX_ENV=prod mix unibeam.check [NAME] [OPTIONS] [-- OPTIONS OF unibeam check]

  ## Options

    * `--no-release` - take the release that was made before
    * `-q`, `--quiet` - let `mix release` say nothing

  What follows `--` goes to `unibeam check` as it stands, `--format json` for
  instance.  The exit status is that of the command: 0, 3 when there are
  findings, 1 for an error, 2 for wrong usage.
  """

  use Mix.Task

  @impl true
  def run(argv) do
    {target, settings, options, rest} = Unibeam.Task.begin!(argv, [:release, :quiet])
    command = Unibeam.Command.find!(settings)
    Unibeam.Task.release!(target, options)
    args = ["check", target.path] ++ Unibeam.Config.arguments(settings, :check) ++ rest
    Unibeam.finish(Unibeam.Command.run(command, args))
  end
end
