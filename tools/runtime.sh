#!/bin/sh
# runtime.sh FOLDER: an environment of what runs, without developers' tools, for the tree that this file stands in.
# Needs what tools/setup.sh has made.
set -eu
cd "$(dirname "$0")/.."
venv=$1
base=$(.venv/bin/python -c 'import sys; print(sys._base_executable)')
.venv/bin/uv venv --quiet --python "$base" "$venv"
.venv/bin/python -m tools.runtime_lock >.state/runtime.lock
.venv/bin/uv pip install --quiet --python "$venv/bin/python" --require-hashes --no-deps -r .state/runtime.lock
.venv/bin/uv pip install --quiet --python "$venv/bin/python" --no-deps -e .
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$PWD" "$PWD/contracts" "$PWD/kit/python" >"$site/mandate-tree.pth"
