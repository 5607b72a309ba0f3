# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.TargetTest do
  use ExUnit.Case, async: true

  alias Unibeam.Target

  @two [app: :shop, releases: [shop: [], cart: [path: "/srv/cart"]]]

  test "the only one, the default one, the named one" do
    assert {:ok, %Target{name: :shop, path: path}} = Target.find([app: :shop], nil)
    assert path == Path.join(Mix.Project.build_path(), "rel/shop")
    assert {:ok, %Target{name: :one}} = Target.find([app: :shop, releases: [one: []]], nil)
    assert {:ok, %Target{name: :cart}} = Target.find(@two ++ [default_release: :cart], nil)
    assert {:ok, %Target{name: :cart, path: "/srv/cart"}} = Target.find(@two, "cart")
  end

  test "what cannot be told" do
    assert Target.find(@two, nil) ==
             {:error, "there are several releases, name one: shop, cart"}

    assert Target.find(@two, "crat") ==
             {:error, "there is no release 'crat': did you mean 'cart'?"}

    assert Target.find(@two, "xyz") == {:error, "there is no release 'xyz': there is cart, shop"}

    assert {:error, "an umbrella project has to say which :releases" <> _} =
             Target.find([apps_path: "apps"], nil)
  end

  test "the image" do
    target = %Target{name: :shop, path: "x"}
    build = Path.relative_to_cwd(Mix.Project.build_path())
    assert Target.image(target, []) == Path.join(build, "shop.img")
    assert Target.image(target, image: "/tmp/a.img") == "/tmp/a.img"
    assert Target.image(target, image: "out/a.img") == "out/a.img"
  end
end
