# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.Target do
  @moduledoc "Which release is meant, and where it lies."

  defstruct [:name, :path]

  @type t :: %__MODULE__{name: atom, path: Path.t()}

  @doc """
  The release called `name`, or without a name the one that `mix release` takes:
  the only one, `:default_release`, or in a project without `:releases` the
  application itself.
  """
  @spec find(keyword, String.t() | nil) :: {:ok, t} | {:error, String.t()}
  def find(project, name) do
    with {:ok, name} <- choose(project, names(project), name) do
      {:ok, %__MODULE__{name: name, path: path(project, name)}}
    end
  end

  @doc "The image of the release."
  @spec image(t, keyword) :: Path.t()
  def image(target, settings) do
    image = settings[:image] || Path.join(Mix.Project.build_path(), "#{target.name}.img")
    image |> Path.expand() |> Path.relative_to_cwd()
  end

  @doc "The options of a release in mix.exs."
  @spec options(keyword, atom) :: keyword
  def options(project, name) do
    case project[:releases][name] do
      fun when is_function(fun, 0) -> fun.()
      options -> options || []
    end
  end

  defp names(project) do
    case project[:releases] || [] do
      [] -> if project[:apps_path], do: [], else: [project[:app]]
      releases -> Keyword.keys(releases)
    end
  end

  defp choose(_, [], _) do
    {:error, "an umbrella project has to say which :releases it makes, in mix.exs"}
  end

  defp choose(_, [only], nil), do: {:ok, only}

  defp choose(project, names, nil) do
    case project[:default_release] do
      nil -> {:error, "there are several releases, name one: #{Enum.join(names, ", ")}"}
      default -> {:ok, default}
    end
  end

  defp choose(_, names, name) do
    case Enum.find(names, &(Atom.to_string(&1) == name)) do
      nil ->
        known = Enum.map(names, &Atom.to_string/1)
        {:error, "there is no release '#{name}'" <> Unibeam.Nearest.hint(name, known)}

      name ->
        {:ok, name}
    end
  end

  defp path(project, name) do
    default = Path.join([Mix.Project.build_path(), "rel", Atom.to_string(name)])
    Path.expand(options(project, name)[:path] || default)
  end
end
