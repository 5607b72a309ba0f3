# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.TaskTest do
  use ExUnit.Case, async: true

  alias Unibeam.Task

  @all [:output, :release, :build, :quiet]

  test "name, options, and what follows --" do
    assert Task.parse([], @all) == {:ok, nil, [], []}
    assert Task.parse(["shop", "-q"], @all) == {:ok, "shop", [quiet: true], []}

    assert Task.parse(["--no-release", "-o", "a.img", "--", "--direct", "--"], @all) ==
             {:ok, nil, [release: false, output: "a.img"], ["--direct", "--"]}
  end

  test "what is wrong" do
    assert Task.parse(["a", "b"], @all) == {:error, "only one release at a time: 'b'"}

    assert {:error, "unknown option '--otput': did you mean '--output'?" <> _} =
             Task.parse(["--otput", "x"], @all)

    assert {:error, "unknown option '-m'" <> _} = Task.parse(["-m", "x"], @all)
    assert {:error, "unknown option '--output'" <> _} = Task.parse(["--output", "x"], [:release])
    assert {:error, "option '--output' needs a value" <> _} = Task.parse(["--output"], @all)
  end
end
