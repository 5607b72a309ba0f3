# SPDX-License-Identifier: Apache-2.0
# complete.zsh DIR LINE - type LINE and a tabulator into an interactive zsh with
# the functions of DIR, then C-a and a word that prints the line: what it became.
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste; show() { print -r -- \"LINE<\$BUFFER>\"; BUFFER=; }; zle -N show; bindkey '^Xp' show; print RE''ADY"
zpty -r z out '*READY*'
zpty -w -n z "$2"$'\t\x18p'
zpty -r z out '*LINE<*>*'
zpty -d z
print -r -- "${${out##*LINE<}%%>*}"
