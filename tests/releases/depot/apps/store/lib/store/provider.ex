# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Store.Provider do
  @moduledoc "Adds a number from a file of the release."
  @behaviour Config.Provider

  @impl true
  def init(path), do: path

  @impl true
  def load(config, path) do
    shelves = path |> Config.Provider.resolve_config_path!() |> File.read!()
    more = [store: [shelves: shelves |> String.trim() |> String.to_integer()]]
    Config.Reader.merge(config, more)
  end
end
