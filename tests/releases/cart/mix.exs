# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Cart.MixProject do
  use Mix.Project

  def project do
    [app: :cart, version: "0.1.0", deps: []]
  end

  def application do
    [extra_applications: [:logger], mod: {Cart, []}]
  end
end
