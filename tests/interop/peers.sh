#!/usr/bin/env bash
# Unpacks Debian packages into a folder, with the libraries that they need and the machine lacks:
# real servers for tests, without installing anything. The machine's own mail and name service stay
# as they are.
#
#   peers.sh FOLDER PACKAGE…
#
# Programs are then in FOLDER/root/usr/sbin and so on; LD_LIBRARY_PATH must name the folders that
# FOLDER/libraries lists. Existing files are not fetched again.
#
# PACKAGE may be npm:NAME@VERSION, which is then in FOLDER/npm/NAME. Without node 20, npm and its
# registry it is left out, and its tests are skipped.
set -euo pipefail
source "$(dirname "$0")/../../cmake/provision.sh"

(($# >= 2)) || { sed -n '2,/^set/{/^#/s/^# \?//p}' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift

# Prints each package of the closure of the named ones.
closure() {
  apt-get -o Dir::State::status=/dev/null install --print-uris -y --no-install-recommends "$@" |
    sed -n "s/^'.*' \([^_ ]*\)_.*/\1/p"
}

# Prints what must be unpacked for package $1: itself, and its dependencies that are not installed.
wanted() {
  echo "$1"
  comm -13 <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u) <(closure "$1" | sort -u)
}

# Only what is a program's library: no need to unpack a web interface's fonts, or Perl.
needed_for_running() {
  case $1 in
    fonts-* | libjs-* | *-perl | usrmerge | lsb-base | cpio | dns-root-data) return 1 ;;
  esac
}

# Runs nothing of what it unpacks.
unpack_from_npm() {
  local package=${1#npm:}
  local target=$folder/npm/${package%@*} new=$folder/npm/new.$$
  if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || ! command -v npm; then
    echo "$package is left out: it needs node 20 and npm"
    return
  fi
  if timeout -k 5 60 npm install --prefix "$new" --ignore-scripts --omit=optional --fetch-retries=0 \
    --no-audit --no-fund --no-update-notifier "$package"; then
    rm -rf "$target"
    mv "$new" "$target"
    touch "$folder/done/$1"
  else
    echo "$package is left out: npm did not bring it within a minute"
    rm -rf "$new"
  fi
}

mkdir -p "$folder/packages" "$folder/root" "$folder/done" "$folder/npm"
for package in "$@"; do
  [[ -e $folder/done/$package ]] && continue
  if [[ $package == npm:* ]]; then
    unpack_from_npm "$package"
    continue
  fi
  apt-cache show "$package" >/dev/null 2>&1 || as_root apt-get update
  mapfile -t names < <(wanted "$package" | sort -u | while read -r name; do if needed_for_running "$name"; then echo "$name"; fi; done)
  (cd "$folder/packages" && apt-get download "${names[@]}")
  for name in "${names[@]}"; do dpkg-deb -x "$folder/packages/${name}"_*.deb "$folder/root"; done
  touch "$folder/done/$package"
done

# At once whole: tests of another build may be reading it.
find "$folder/root" -name '*.so*' -printf '%h\n' | sort -u >"$folder/libraries.$$"
mv "$folder/libraries.$$" "$folder/libraries"
LD_LIBRARY_PATH=$(paste -sd: "$folder/libraries")
export LD_LIBRARY_PATH
broken=0
while read -r program; do
  if ldd "$program" 2>/dev/null | grep 'not found'; then
    echo "$program lacks a library" >&2
    broken=1
  fi
done < <(find "$folder/root/usr/sbin" "$folder/root/usr/bin" -type f 2>/dev/null)
exit "$broken"
