# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
import Config

config :store,
  city: System.fetch_env!("CITY"),
  kind: "run time of #{System.get_env("RELEASE_NAME")}"

if System.get_env("COMPILED"), do: config(:store, compiled: :no)
