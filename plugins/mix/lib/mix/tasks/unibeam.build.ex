# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Mix.Tasks.Unibeam.Build do
  @shortdoc "Makes a bootable image of a release"

  @moduledoc """
  Makes a release, and of that an image that boots.

      MIX_ENV=prod mix unibeam.build [NAME] [OPTIONS] [-- OPTIONS OF unibeam build]

  NAME is one of `:releases` in `mix.exs`; it can be left out as with `mix
  release`.  The image is `_build/ENV/NAME.img`.

  ## Options

    * `-o`, `--output IMAGE` - the image to write
    * `--no-release` - take the release that was made before
    * `-q`, `--quiet` - only errors

  What follows `--` goes to `unibeam build` as it stands; `unibeam help build`
  lists it.  The exit status is that of the command: 0, 1 for an error, 2 for
  wrong usage.

  ## Configuration

  In `mix.exs`, for all releases and for one:

      def project do
        [
          app: :shop,
          unibeam: [memory: "512M", env: [POOL_SIZE: 10]],
          releases: [
            shop: [unibeam: [ports: [8080], env: %{"ROLE" => "web"}]],
            worker: [unibeam: [shell: true]]
          ]
        ]
      end

  Lists and environments of both add up; of other keys the release's own counts.
  Paths are below the project.  The keys:

  #{for {key, what} <- Unibeam.Config.keys(), do: "  * `:#{key}` - #{what}\n"}
  """

  use Mix.Task

  @impl true
  def run(argv) do
    {target, settings, options, rest} = Unibeam.Task.begin!(argv, [:output, :release, :quiet])

    quiet = if options[:quiet], do: ["--quiet"], else: []
    Unibeam.Command.find!(settings)
    Unibeam.Task.release!(target, options)
    Unibeam.build!(target, settings, quiet ++ rest)
    :ok
  end
end
