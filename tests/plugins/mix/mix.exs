# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Stall.MixProject do
  @moduledoc "A web server of one answer; the tests write what is in :unibeam."
  use Mix.Project

  def project do
    [
      app: :stall,
      version: "0.1.0",
      deps: [{:unibeam, path: System.fetch_env!("UNIBEAM_PLUGIN"), runtime: false}],
      unibeam: [memory: "256M", env: [GREETING: "baked", OTHER: 1], ports: [port()]],
      default_release: :stall,
      releases: [
        stall: [unibeam: [hostname: "stand", files: %{"mix.exs" => "/etc/stall.exs"}]],
        booth: [steps: [:assemble, &Unibeam.image/1, :tar], unibeam: extra()]
      ]
    ]
  end

  def application do
    [extra_applications: [:logger], mod: {Stall, []}]
  end

  defp port, do: {String.to_integer(System.get_env("PORT", "8080")), 8080}

  defp extra do
    {list, _} = Code.eval_string(System.get_env("EXTRA", "[]"))
    list
  end
end
