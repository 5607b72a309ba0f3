# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.MixProject do
  use Mix.Project

  def project do
    [
      app: :unibeam,
      version: "0.1.0",
      elixir: "~> 1.14",
      description: "Mix tasks that make and run bootable images of releases",
      deps: []
    ]
  end

  def application do
    [extra_applications: [:mix]]
  end
end
