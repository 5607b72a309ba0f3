# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Depot.MixProject do
  @moduledoc "An umbrella with two releases: depot has all of rel/, annex is plain."
  use Mix.Project

  def project do
    [
      apps_path: "apps",
      version: "0.2.0",
      start_permanent: true,
      deps: [],
      default_release: :depot,
      releases: [depot: depot(), annex: annex()]
    ]
  end

  defp depot do
    [
      version: "0.2.0",
      applications: [store: :permanent, front: :permanent],
      config_providers: [{Store.Provider, {:system, "RELEASE_ROOT", "/share/shelves"}}],
      reboot_system_after_config: true
    ]
  end

  defp annex do
    [
      version: "0.3.0-rc.1",
      applications: [store: :permanent],
      rel_templates_path: "none",
      strip_beams: false,
      cookie: "annex_cookie"
    ]
  end
end
