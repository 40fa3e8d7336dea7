#!/bin/sh
# Runs test_new_machine.py in a mount namespace of its own; without what it needs it says why and is skipped.
set -e
cd "$(dirname "$0")"
reason=$(/usr/bin/python3 -c 'import machine; print(machine.missing())')
if [ -n "$reason" ]; then
  echo "skipped: $reason"
  exit 77
fi
exec unshare --mount --propagation private \
  /usr/bin/python3 -m pytest -q -x -p no:cacheprovider --tb=short --color=no test_new_machine.py
