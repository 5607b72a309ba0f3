# SPDX-License-Identifier: Apache-2.0
# complete.bash FILE LINE - what the completion in FILE offers for LINE, one a
# line. The line is split as readline does, at "=" and ":" too.
source "$1"
[[ $(complete -p unibeam) = *"-F _unibeam unibeam" ]] || exit 1
words=${2//=/ = }
read -ra COMP_WORDS <<<"$words"
[[ $words != *" " || $2 = *= ]] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMP_LINE=$2
COMP_POINT=${#2}
_unibeam unibeam "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\n' "${COMPREPLY[@]}"
