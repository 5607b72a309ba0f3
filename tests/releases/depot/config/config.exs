# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
import Config

config :store, compiled: :yes, kind: "compile time"
config :logger, level: :warning
