# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
defmodule Unibeam.Nearest do
  @moduledoc "What somebody who wrote a name wrong may have meant."

  @enough 0.75

  @doc "`\": did you mean 'b'?\"`, or the list of what there is."
  @spec hint(String.t(), [String.t()]) :: String.t()
  def hint(word, known) do
    best = Enum.max_by(known, &String.jaro_distance(word, &1), fn -> nil end)

    if best && String.jaro_distance(word, best) >= @enough do
      ": did you mean '#{best}'?"
    else
      ": there is #{known |> Enum.sort() |> Enum.join(", ")}"
    end
  end
end
