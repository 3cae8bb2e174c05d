export type Shell = "bash" | "zsh" | "fish";

/** Each asks `millrace complete -- WORD…` for what may stand in place of the last word. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for millrace
_millrace() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(millrace complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _millrace millrace
`,
  zsh: `#compdef millrace
_millrace() {
  local -a lines candidates
  local line
  lines=("\${(@f)$(millrace complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    if [[ "$line" == ":files" ]]; then
      _files
    elif [[ -n "$line" ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  if (( \${#candidates} )); then _describe -t values millrace candidates; fi
}
if [[ "\${funcstack[1]}" == "_millrace" ]]; then _millrace "$@"; else compdef _millrace millrace; fi
`,
  fish: `# fish completion for millrace
function __millrace_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (millrace complete -- $words[2..-1] 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c millrace -f -a '(__millrace_complete)'
`,
};
