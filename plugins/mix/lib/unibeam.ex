# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam do
  @moduledoc """
  Releases as virtual machines: what the tasks `mix unibeam.build`, `mix
  unibeam.run` and `mix unibeam.check` do, for use from `mix.exs`.

  `mix release` makes the image too when it is told so as a step:

      releases: [shop: [steps: [:assemble, &Unibeam.image/1]]]
  """

  alias Unibeam.{Command, Config, Target}

  @doc """
  A step of `mix release`: makes the image of what was assembled.  Takes and
  returns the release; a failure ends `mix release` with the command's status.
  """
  @spec image(Mix.Release.t()) :: Mix.Release.t()
  def image(%Mix.Release{} = release) do
    settings = Config.load!(Mix.Project.config(), release.name)
    target = %Target{name: release.name, path: release.path}
    build!(target, settings, [])
    release
  end

  @doc false
  # The image's path.  What the command says goes to the terminal.
  def build!(target, settings, arguments) do
    image = Target.image(target, settings)
    File.mkdir_p!(Path.dirname(image))

    args = ["build", target.path, "-o", image] ++ Config.arguments(settings, :build) ++ arguments

    command = Command.find!(settings)
    finish(Command.run(command, args))

    for format <- List.wrap(settings[:format]) do
      finish(Command.run(command, ["convert", image, "--to", format]))
    end

    image
  end

  @doc false
  # Ends mix as the command ended.
  def finish(0), do: :ok
  def finish(status), do: exit({:shutdown, status})
end
