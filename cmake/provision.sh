# What ./check and ./quickstart share: named, timed steps and the Debian packages. Sourced by bash.

# Everything that the build needs.
kBuildPackages=(
  build-essential cmake ninja-build pkg-config ccache git ca-certificates
  libuv1-dev libssl-dev libc-ares-dev librocksdb-dev prometheus-cpp-dev
  libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libfmt-dev libidn2-dev libidn-dev
  libsodium-dev libcrypt-dev libboost-dev libcurl4-openssl-dev zlib1g-dev libbenchmark-dev
)

# What ./quickstart runs besides.
kQuickstartPackages=(python3 python3-dkim python3-nacl python3-dnspython swaks libnet-ssleay-perl curl openssl)

# What ./package runs besides.
kPackagingPackages=(debhelper lintian)

# What the tests of the package run besides: a fresh Debian, and YAML.
kMachinePackages=(debootstrap systemd-container python3-yaml)

# What the unit tests link and the other tests run.
kTestPackages=(
  libgtest-dev libgmock-dev
  clang-19 libclang-rt-19-dev clang-tidy-19 clang-format-19
  python3 python3-pytest python3-dkim python3-nacl python3-dnspython python3-jwt python3-cryptography libmail-dkim-perl
  swaks libnet-ssleay-perl libio-socket-ssl-perl libauthen-sasl-perl curl openssl strace util-linux fish
)

export LC_ALL=C.UTF-8
export DEBIAN_FRONTEND=noninteractive

# So that a clone in another folder finds what this one has compiled.
export CCACHE_BASEDIR=$PWD
export CCACHE_NOHASHDIR=1

provision_started=$SECONDS
provision_logs=${provision_logs:-build/logs}

# step NAME COMMAND…: runs COMMAND with its output in a log file, shows how long it took, and on
# failure the end of that output. Returns the command's exit code.
step() {
  local name=$1 log status started=$SECONDS
  shift
  mkdir -p "$provision_logs"
  log=$(step_log "$name")
  printf '%-58s ' "$name"
  # A subshell with -e of its own: inside `||` a function would go on after a command that failed.
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  step_end "$status" "$started" "$log"
}

# step_here NAME COMMAND…: the same in this shell, for a function whose variables must stay.
step_here() {
  local name=$1 log status started=$SECONDS
  shift
  mkdir -p "$provision_logs"
  log=$(step_log "$name")
  printf '%-58s ' "$name"
  set +e
  "$@" >"$log" 2>&1 </dev/null
  status=$?
  set -e
  step_end "$status" "$started" "$log"
}

# Named by the step's first words: a file's name has 255 octets at most.
step_log() { echo "$provision_logs/$(tr -cs 'a-zA-Z0-9' '-' <<<"$1" | cut -c1-60 | sed 's/-*$//').log"; }

# step_end STATUS STARTED LOG
step_end() {
  local took=$((SECONDS - $2))
  if (($1 == 0)); then
    printf 'ok  %4d s\n' "$took"
  else
    printf 'FAILED (exit %d) after %d s; the end of %s:\n' "$1" "$took" "$3"
    tail -n 60 "$3"
  fi
  return "$1"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    echo "This needs root or sudo: $*" >&2
    return 1
  fi
}

# Prints those of the named packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      echo "$package"
  done
}

install_packages() {
  local -a missing
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    echo "all ${#} packages are there"
    return 0
  fi
  echo "missing: ${missing[*]}"
  as_root apt-get -o DPkg::Lock::Timeout=300 update &&
    as_root apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
}

# configure_and_build PRESET [CMAKE OPTION…]
configure_and_build() {
  local preset=$1
  shift
  cmake --preset "$preset" "$@" && cmake --build --preset "$preset" -j "$(nproc)"
}
