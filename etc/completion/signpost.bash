# Completion of signpost for bash: put it into
# /usr/share/bash-completion/completions/signpost.
# Printed by `signpost reference commands --format bash`.

_signpost_list() {
  local keys=${1//,/|}
  shift
  signpost "$@" --json 2>/dev/null |
    grep -oE "\"($keys)\": ?\"[A-Za-z0-9._@+:/,-]+\"" |
    cut -d '"' -f 4 | sort -u
}

# Those words that begin with the current one, of which bash replaces what follows the last
# colon.
_signpost_offer() {
  COMPREPLY=($(compgen -W "$1" -- "$current"))
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] || return
  local before=${current%"${current##*:}"}
  COMPREPLY=("${COMPREPLY[@]#"$before"}")
}

_signpost() {
  local word command= skip= glue=
  local -a given=()
  COMPREPLY=()

  # Bash splits words at colons: mx:mx.example.net is three.
  for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ -n $glue ]]; then
      given[-1]+=$word glue=
    elif [[ $word =~ ^:+$ ]]; then
      given[-1]+=$word glue=1
    else
      given+=("$word")
    fi
  done
  local current=${given[-1]} previous=${given[${#given[@]}-2]}

  # The words that are neither options nor values of options.
  for word in "${given[@]:1:${#given[@]}-2}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case $word in
      --account|--algorithm|--bits|--certificate|--class|--command|--config|--daily|--day|--directory|--domain|--for|--format|--from|--hostname|--key|--limit|--listen|--listen-tls|--login|--out|--rate|--reason|--reply|--selector|--sender|--site|--state|--tenant|--to|--user|--users|--via|-c) skip=1 ;;
      -*) ;;
      *) command+="${command:+ }$word" ;;
    esac
  done

  case $previous in
    --certificate|--config|--key|--out|--users|-c) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --algorithm) _signpost_offer "rsa ed25519"; return ;;
    --class) _signpost_offer "transactional bulk"; return ;;
    --command) _signpost_offer "connect ehlo starttls mail rcpt data dot"; return ;;
    --format) _signpost_offer "markdown man json bash zsh fish"; return ;;
    --site) _signpost_offer "$(_signpost_list group,site site list)"; return ;;
    --state) _signpost_offer "ready active deferred scheduled held"; return ;;
    --tenant) _signpost_offer "$(_signpost_list tenant user list)"; return ;;
    --to) _signpost_offer "$(_signpost_list domain queue list --limit 100)"; return ;;
    --user) _signpost_offer "$(_signpost_list name user list)"; return ;;
    --via) _signpost_offer "$(_signpost_list via site list)"; return ;;
    --account|--bits|--daily|--day|--directory|--domain|--for|--from|--hostname|--limit|--listen|--listen-tls|--login|--rate|--reason|--reply|--selector|--sender) return ;;
  esac

  local words="--help --config"
  case $command in
    "") words+=" serve init check dkim user queue site tlsrpt provider reload reference sendmail --version" ;;
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
    "queue") words+=" list summary show explain retry hold release remove bounce redirect" ;;
    "queue list"|"queue list "*) words+=" --json --to --from --user --site --tenant --state --limit" ;;
    "queue summary"|"queue summary "*) words+=" --json --to --from --user --site --tenant --state --limit" ;;
    "queue show"|"queue show "*) words+=" --json $(_signpost_list id queue list --limit 100)" ;;
    "queue explain"|"queue explain "*) words+=" --json $(_signpost_list id queue list --limit 100)" ;;
    "queue retry"|"queue retry "*) words+=" --json --to --from --user --site --tenant --all $(_signpost_list id queue list --limit 100)" ;;
    "queue hold"|"queue hold "*) words+=" --json --to --from --user --site --tenant --all $(_signpost_list id queue list --limit 100)" ;;
    "queue release"|"queue release "*) words+=" --json --to --from --user --site --tenant --all $(_signpost_list id queue list --limit 100)" ;;
    "queue remove"|"queue remove "*) words+=" --json --to --from --user --site --tenant --all --yes $(_signpost_list id queue list --limit 100)" ;;
    "queue bounce"|"queue bounce "*) words+=" --json --to --from --user --site --tenant --all --reason --yes $(_signpost_list id queue list --limit 100)" ;;
    "queue redirect"|"queue redirect "*) words+=" --json --to --from --user --site --tenant --all --via --clear $(_signpost_list id queue list --limit 100)" ;;
    "site") words+=" list show pause resume" ;;
    "site list"|"site list "*) words+=" --json --limit" ;;
    "site show"|"site show "*) words+=" --json $(_signpost_list group,site site list)" ;;
    "site pause"|"site pause "*) words+=" --json --for --reason $(_signpost_list group,site site list)" ;;
    "site resume"|"site resume "*) words+=" --json $(_signpost_list group,site site list)" ;;
    "tlsrpt") words+=" list show send" ;;
    "tlsrpt list"|"tlsrpt list "*) words+=" --json --limit" ;;
    "tlsrpt show"|"tlsrpt show "*) words+=" --json --day $(_signpost_list domain tlsrpt list)" ;;
    "tlsrpt send"|"tlsrpt send "*) words+=" --json --all --day $(_signpost_list domain tlsrpt list)" ;;
    "provider") words+=" list show test" ;;
    "provider list"|"provider list "*) words+=" --json" ;;
    "provider show"|"provider show "*) words+=" --json $(_signpost_list name provider list)" ;;
    "provider test"|"provider test "*) words+=" --json --from --reply --command" ;;
    "reference"|"reference "*) words+=" keys users commands metrics events --format" ;;
  esac
  _signpost_offer "$words"
}

complete -F _signpost signpost
