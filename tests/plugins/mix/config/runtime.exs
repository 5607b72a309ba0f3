import Config

config :stall, greeting: System.get_env("GREETING", "nobody")
