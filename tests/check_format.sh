#!/usr/bin/env bash
# Fails on a C++ source that clang-format would change.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files -co --exclude-standard '*.h' '*.cc')
clang-format-19 --dry-run --Werror "${sources[@]}"
echo "${#sources[@]} files are formatted"
