# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.CommandTest do
  use ExUnit.Case

  alias Unibeam.Command

  @tag :tmp_dir
  test "the key, then UNIBEAM, then PATH", %{tmp_dir: dir} do
    for name <- ["key", "env", "unibeam"] do
      path = Path.join(dir, name)
      File.write!(path, "#!/bin/sh\n")
      File.chmod!(path, 0o755)
    end

    key = Path.join(dir, "key")
    env = Path.join(dir, "env")
    old = System.get_env("PATH")
    System.put_env("PATH", dir)
    on_exit(fn -> System.put_env("PATH", old) end)
    assert Command.find([unibeam: key], %{"UNIBEAM" => env}) == {:ok, key}
    assert Command.find([], %{"UNIBEAM" => env}) == {:ok, env}
    assert Command.find([], %{"UNIBEAM" => ""}) == {:ok, Path.join(dir, "unibeam")}
    assert Command.find([], %{}) == {:ok, Path.join(dir, "unibeam")}
    System.put_env("PATH", "/none")
    assert {:error, "there is no command unibeam on the PATH" <> _} = Command.find([], %{})

    assert Command.find([unibeam: "/none/x"], %{}) ==
             {:error, "'/none/x', which unibeam: in mix.exs names, is no command"}

    assert Command.find([], %{"UNIBEAM" => "/none/x"}) ==
             {:error, "'/none/x', which UNIBEAM names, is no command"}
  end

  test "arguments and exit status" do
    assert Command.run("/bin/sh", ["-c", "exit $1", "sh", "7"]) == 7
    assert Command.run("/bin/sh", ["-c", "test \"$1\" = 'a b*'", "sh", "a b*"]) == 0
    assert Command.run("/bin/sh", ["-c", "kill -TERM $$"]) == 143
  end
end
