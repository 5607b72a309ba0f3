# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Store.MixProject do
  use Mix.Project

  def project do
    [
      app: :store,
      version: "0.1.0",
      build_path: "../../_build",
      config_path: "../../config/config.exs",
      deps_path: "../../deps",
      lockfile: "../../mix.lock",
      deps: []
    ]
  end

  def application do
    [extra_applications: [:logger], mod: {Store, []}]
  end
end
