# Completion of signpost for bash: put it into
# /usr/share/bash-completion/completions/signpost.
# Printed by `signpost reference commands --format bash`.

_signpost() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local word command= skip=
  COMPREPLY=()

  # The words that are neither options nor values of options.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case $word in
      --algorithm|--bits|--config|--domain|--format|--from|--key|--limit|--out|--selector|--sender|--state|--to|--user|--users|-c) skip=1 ;;
      -*) ;;
      *) command+="${command:+ }$word" ;;
    esac
  done

  case $previous in
    --config|--key|--out|--users|-c) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --algorithm) COMPREPLY=($(compgen -W "rsa ed25519" -- "$current")); return ;;
    --format) COMPREPLY=($(compgen -W "markdown man json bash zsh" -- "$current")); return ;;
    --state) COMPREPLY=($(compgen -W "ready active deferred held" -- "$current")); return ;;
    --bits|--domain|--from|--limit|--selector|--sender|--to|--user) return ;;
  esac

  local words="--help --config"
  case $command in
    "") words+=" serve check dkim user queue reload reference sendmail --version" ;;
    "check"|"check "*) words+=" --dns --keys --json" ;;
    "dkim") words+=" keygen record" ;;
    "dkim keygen"|"dkim keygen "*) words+=" --domain --selector --json --algorithm --bits --out" ;;
    "dkim record"|"dkim record "*) words+=" --domain --selector --json --key" ;;
    "user") words+=" add remove list" ;;
    "user add"|"user add "*) words+=" --users --sender --replace" ;;
    "user remove"|"user remove "*) words+=" --users" ;;
    "user list"|"user list "*) words+=" --users --json" ;;
    "queue") words+=" list summary show retry hold release remove explain" ;;
    "queue list"|"queue list "*) words+=" --json --to --from --user --state --limit" ;;
    "queue summary"|"queue summary "*) words+=" --json --to --from --user --state --limit" ;;
    "queue show"|"queue show "*) words+=" --json" ;;
    "queue retry"|"queue retry "*) words+=" --json --to --from --user --all" ;;
    "queue hold"|"queue hold "*) words+=" --json --to --from --user --all" ;;
    "queue release"|"queue release "*) words+=" --json --to --from --user --all" ;;
    "queue remove"|"queue remove "*) words+=" --json --to --from --user --all --yes" ;;
    "reference"|"reference "*) words+=" keys commands metrics events --format" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _signpost signpost
