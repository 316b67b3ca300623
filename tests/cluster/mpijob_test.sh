#!/bin/sh
# Runs mpijob_test.py with a Python that has what it takes.
#   mpijob_test.sh PROJECT
set -eu
for python in python3 /usr/bin/python3; do
  if "$python" -c 'import jsonschema, yaml' 2>/dev/null; then break; fi
done
exec "$python" "$(dirname "$0")/mpijob_test.py" "$1"
