package main

import (
	"context"
	"strings"

	"navette/crdt/commons"
)

// completion prints what a shell needs to complete commands and kinds:
//
//	source <(navette completion bash)
func completion(_ context.Context, e *env, args []string) error {
	rest, err := parse(flags("completion"), args, 1, 1)
	if err != nil {
		return err
	}
	var names, kinds []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	for _, k := range commons.Kinds() {
		kinds = append(kinds, k.Name)
	}
	script, ok := completions[rest[0]]
	if !ok {
		return usage("usage.shell", rest[0])
	}
	e.printf("%s", strings.NewReplacer("COMMANDS", strings.Join(names, " "), "KINDS", strings.Join(kinds, " ")).Replace(script))
	return nil
}

// completions are the scripts, by shell. Kinds follow the commands that take
// one; anything else is a file.
var completions = map[string]string{
	"bash": `_navette() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  if [ "$COMP_CWORD" -eq 1 ] || [ "$before" = help ]; then
    COMPREPLY=($(compgen -W "COMMANDS" -- "$word"))
  else case $before in
    list|add|export|--as) COMPREPLY=($(compgen -W "KINDS" -- "$word"));;
    *) COMPREPLY=($(compgen -f -- "$word"));;
  esac fi
}
complete -o filenames -F _navette navette
`,
	"zsh": `#compdef navette
_navette() {
  if (( CURRENT == 2 )) || [[ ${words[CURRENT-1]} == help ]]; then
    compadd COMMANDS
  else case ${words[CURRENT-1]} in
    list|add|export|--as) compadd KINDS;;
    *) _files;;
  esac fi
}
compdef _navette navette
`,
	"fish": `complete -c navette -n __fish_use_subcommand -f -a "COMMANDS"
complete -c navette -n "__fish_seen_subcommand_from list add export" -f -a "KINDS"
complete -c navette -l as -x -a "KINDS"
`,
}
