# Completion of signpost for bash: put it into
# /usr/share/bash-completion/completions/signpost.
# Printed by `signpost reference commands --format bash`.

_signpost_list() {
  local key=$1
  shift
  signpost "$@" --json 2>/dev/null | grep -oE "\"$key\": ?\"[A-Za-z0-9._@+-]+\"" |
    cut -d '"' -f 4 | sort -u
}

_signpost() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local word command= skip=
  COMPREPLY=()

  # The words that are neither options nor values of options.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case $word in
      --account|--algorithm|--bits|--certificate|--class|--config|--daily|--directory|--domain|--format|--from|--hostname|--key|--limit|--listen|--listen-tls|--login|--out|--rate|--reply|--selector|--sender|--state|--tenant|--to|--user|--users|-c) skip=1 ;;
      -*) ;;
      *) command+="${command:+ }$word" ;;
    esac
  done

  case $previous in
    --certificate|--config|--key|--out|--users|-c) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --algorithm) COMPREPLY=($(compgen -W "rsa ed25519" -- "$current")); return ;;
    --class) COMPREPLY=($(compgen -W "transactional bulk" -- "$current")); return ;;
    --format) COMPREPLY=($(compgen -W "markdown man json bash zsh fish" -- "$current")); return ;;
    --state) COMPREPLY=($(compgen -W "ready active deferred scheduled held" -- "$current")); return ;;
    --to) COMPREPLY=($(compgen -W "$(_signpost_list domain queue list --limit 100)" -- "$current")); return ;;
    --user) COMPREPLY=($(compgen -W "$(_signpost_list name user list)" -- "$current")); return ;;
    --account|--bits|--daily|--directory|--domain|--from|--hostname|--limit|--listen|--listen-tls|--login|--rate|--reply|--selector|--sender|--tenant) return ;;
  esac

  local words="--help --config"
  case $command in
    "") words+=" serve init check dkim user queue provider reload reference sendmail --version" ;;
    "init"|"init "*) words+=" --directory --hostname --domain --selector --certificate --key --login --listen --listen-tls --account --generate-password --replace --yes" ;;
    "check"|"check "*) words+=" --dns --keys --json" ;;
    "dkim") words+=" keygen record" ;;
    "dkim keygen"|"dkim keygen "*) words+=" --domain --selector --json --algorithm --bits --out" ;;
    "dkim record"|"dkim record "*) words+=" --domain --selector --json --key" ;;
    "user") words+=" add import remove list show" ;;
    "user add"|"user add "*) words+=" --users --sender --tenant --class --rate --daily --replace --no-password" ;;
    "user import"|"user import "*) words+=" --users --own-address --skip-refused --replace" ;;
    "user remove"|"user remove "*) words+=" --users $(_signpost_list name user list)" ;;
    "user list"|"user list "*) words+=" --users --json" ;;
    "user show"|"user show "*) words+=" --json $(_signpost_list name user list)" ;;
    "queue") words+=" list summary show explain retry hold release remove" ;;
    "queue list"|"queue list "*) words+=" --json --to --from --user --state --limit" ;;
    "queue summary"|"queue summary "*) words+=" --json --to --from --user --state --limit" ;;
    "queue show"|"queue show "*) words+=" --json $(_signpost_list id queue list --limit 100)" ;;
    "queue explain"|"queue explain "*) words+=" --json $(_signpost_list id queue list --limit 100)" ;;
    "queue retry"|"queue retry "*) words+=" --json --to --from --user --all $(_signpost_list id queue list --limit 100)" ;;
    "queue hold"|"queue hold "*) words+=" --json --to --from --user --all $(_signpost_list id queue list --limit 100)" ;;
    "queue release"|"queue release "*) words+=" --json --to --from --user --all $(_signpost_list id queue list --limit 100)" ;;
    "queue remove"|"queue remove "*) words+=" --json --to --from --user --all --yes $(_signpost_list id queue list --limit 100)" ;;
    "provider") words+=" list show test" ;;
    "provider list"|"provider list "*) words+=" --json" ;;
    "provider show"|"provider show "*) words+=" --json $(_signpost_list name provider list)" ;;
    "provider test"|"provider test "*) words+=" --json --from --reply" ;;
    "reference"|"reference "*) words+=" keys commands metrics events --format" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _signpost signpost
