import Config

config :cart, greeting: System.get_env("GREETING", "nobody")
