# Completion of signpost for bash: put it into /usr/share/bash-completion/completions/signpost.

_signpost() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local word command= action= skip=
  COMPREPLY=()

  # The command and its action are the first words that are no option and no option's value.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case $word in
      -c|--config|--domain|--selector|--algorithm|--bits|--out|--key|--users|--sender|--to|--from|--user|--state|--limit)
        skip=1 ;;
      -*) ;;
      *)
        if [[ -z $command ]]; then command=$word
        elif [[ -z $action ]]; then action=$word; fi ;;
    esac
  done

  case $previous in
    -c|--config|--out|--key|--users)
      COMPREPLY=($(compgen -f -- "$current")); return ;;
    --algorithm)
      COMPREPLY=($(compgen -W "rsa ed25519" -- "$current")); return ;;
    --state)
      COMPREPLY=($(compgen -W "ready active deferred held" -- "$current")); return ;;
    --domain|--selector|--bits|--sender|--to|--from|--user|--limit)
      return ;;
  esac

  local words="--config --help"
  case $command in
    "") words+=" --version serve check dkim user queue reload sendmail" ;;
    check) words+=" --dns --keys --json" ;;
    dkim)
      case $action in
        keygen) words+=" --domain --selector --algorithm --bits --out --json" ;;
        record) words+=" --key --domain --selector --json" ;;
        *) words+=" keygen record" ;;
      esac ;;
    user)
      case $action in
        add) words+=" --sender --replace --users" ;;
        remove) words+=" --users" ;;
        list) words+=" --users --json" ;;
        *) words+=" add remove list" ;;
      esac ;;
    queue)
      case $action in
        list) words+=" --to --from --user --state --limit --json" ;;
        show) words+=" --json" ;;
        retry) words+=" --to --from --user --json" ;;
        remove) words+=" --to --from --user --yes --json" ;;
        hold|release|explain) ;;
        *) words+=" list show retry remove hold release explain" ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _signpost signpost
