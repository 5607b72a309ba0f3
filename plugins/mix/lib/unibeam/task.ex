# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.Task do
  @moduledoc "What the tasks have in common."

  alias Unibeam.{Config, Nearest, Target}

  @switches [output: :string, release: :boolean, build: :boolean, quiet: :boolean]
  @aliases [o: :output, q: :quiet]

  @doc """
  The command line of a task that knows `switches` of #{inspect(Keyword.keys(@switches))}:
  `{:ok, name or nil, options, arguments behind --}`.
  """
  @spec parse([String.t()], [atom]) ::
          {:ok, String.t() | nil, keyword, [String.t()]} | {:error, String.t()}
  def parse(argv, switches) do
    {own, rest} = split(argv)
    strict = Keyword.take(@switches, switches)

    case OptionParser.parse(own, strict: strict, aliases: @aliases) do
      {options, names, []} when length(names) <= 1 -> {:ok, List.first(names), options, rest}
      {_, [_, more | _], []} -> {:error, "only one release at a time: '#{more}'"}
      {_, _, [{option, _} | _]} -> {:error, bad_option(option, strict)}
    end
  end

  defp split(argv) do
    case Enum.split_while(argv, &(&1 != "--")) do
      {own, ["--" | rest]} -> {own, rest}
      {own, []} -> {own, []}
    end
  end

  defp bad_option(option, strict) do
    names = Keyword.keys(strict)

    known =
      for {name, type} <- strict,
          dashed <- if(type == :boolean, do: ["--", "--no-"], else: ["--"]),
          do: dashed <> Atom.to_string(name)

    if option in known or @aliases[short(option)] in names do
      "option '#{option}' needs a value, or has one too many"
    else
      "unknown option '#{option}'" <>
        Nearest.hint(option, known) <>
        " (options of the command stand behind --)"
    end
  end

  defp short("-" <> <<letter::binary-size(1)>>), do: String.to_atom(letter)
  defp short(_), do: nil

  @doc "The target, its settings, the options and arguments, or `Mix.Error`."
  @spec begin!([String.t()], [atom]) :: {Target.t(), keyword, keyword, [String.t()]}
  def begin!(argv, switches) do
    Mix.Project.get!()
    project = Mix.Project.config()

    with {:ok, name, options, rest} <- parse(argv, switches),
         {:ok, target} <- Target.find(project, name) do
      settings = Config.load!(project, target.name)
      {target, override(settings, options), options, rest}
    else
      {:error, why} -> Mix.raise(why)
    end
  end

  defp override(settings, options) do
    case options[:output] do
      nil -> settings
      image -> Keyword.put(settings, :image, image)
    end
  end

  @doc "Makes the release, unless told to take the one that is there."
  @spec release!(Target.t(), keyword) :: :ok
  def release!(target, options) do
    if Keyword.get(options, :release, true) do
      shell = Mix.shell()
      # of itself mix release says some things all the same
      if options[:quiet], do: Mix.shell(Mix.Shell.Quiet)
      # one that no :releases speak of has no name for mix release
      names = if Mix.Project.config()[:releases] in [nil, []], do: [], else: ["#{target.name}"]
      Mix.Task.run("release", names ++ ["--overwrite"])
      Mix.shell(shell)
    end

    unless File.dir?(target.path) do
      Mix.raise(
        "there is no release in '#{Path.relative_to_cwd(target.path)}': leave --no-release away"
      )
    end

    :ok
  end
end
