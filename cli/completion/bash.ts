import type { CommandWords } from './vocabulary.ts';

/**
 * A completion script for bash, and by its bashcompinit for zsh. It finds the command by the words before the cursor,
 * then offers the values of the flag that stands last, else subcommands and flags, else files.
 */
export function bashCompletion(program: string, vocabulary: readonly CommandWords[]): string {
  const paths = vocabulary.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  return `_${program}() {
  local path="" word words="" current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    if [ "$word" = -- ]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
    case "\${path:+$path }$word" in ${paths.join('|')}) path="\${path:+$path }$word" ;; esac
  done
  case "$path $previous" in
${vocabulary.flatMap(valueCases).join('\n')}
    *)
      case "$path" in
${vocabulary.map(wordCase).join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -F _${program} ${program}
`;
}

const valueCases = ({ path, flags }: CommandWords): string[] =>
  flags
    .filter((flag) => flag.takesValue)
    .map(({ long, short, choices }) => {
      const typed = [long, short].filter((name) => name !== undefined).map((name) => `"${path} ${name}"`);
      return `    ${typed.join('|')}) words="${choices.join(' ')}" ;;`;
    });

const wordCase = ({ path, subcommands, choices, flags }: CommandWords): string => {
  const words = [...subcommands.map(({ name }) => name), ...choices, ...flags.map(({ long }) => long)];
  return `        "${path}") words="${words.join(' ')}" ;;`;
};
