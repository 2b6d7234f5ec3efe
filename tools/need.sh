#!/bin/sh
# Sees to what only the system can give: need.sh [--check] python3-venv|java|maven|chromium|promtool|etcd|faketime|pango ...
# Installs what is missing where it may (Debian or Ubuntu, as root or by sudo without a password);
# otherwise stops with the one command to type. --check installs nothing.
set -eu
cd "$(dirname "$0")/.."

check=
[ "${1:-}" != --check ] || { check=1; shift; }

# Ubuntu's /usr/bin/chromium-browser may be a stub that only asks for a snap
runs() { command -v "$1" >/dev/null 2>&1 && "$@" >/dev/null 2>&1 </dev/null; }

has() {
    case $1 in
    python3-venv) runs "${PYTHON:-python3}" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' ;;
    java)
        major=$(java -version 2>&1 </dev/null | sed -n 's/.*version "\([0-9]*\).*/\1/p')
        [ "${major:-0}" -ge 17 ] ;;
    maven) runs mvn --version ;;
    etcd) runs etcd --version ;;
    faketime) ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 ;; # a library that is loaded before others
    pango) runs "${PYTHON:-python3}" -c 'from ctypes import CDLL; CDLL("libpangoft2-1.0.so.0"), CDLL("libharfbuzz-subset.so.0")' ;;
    promtool) runs promtool --version || runs .state/promtool --version ;;
    chromium)
        runs chromium-headless-shell --version || runs chromium --version ||
            runs chromium-browser --version || runs google-chrome --version ;;
    *) echo "need.sh: nobody here knows '$1'" >&2; exit 2 ;;
    esac
}

# The Debian packages of a thing; of several versions the first that this release has.
packages() {
    case $1 in
    python3-venv) echo "python3 python3-venv" ;;
    java)
        for version in 17 21 25; do
            name=openjdk-$version-jre-headless
            if [ -n "$(apt-cache madison "$name" 2>/dev/null)" ]; then echo "$name"; return; fi
        done
        echo default-jre-headless ;;
    maven) echo maven ;;
    etcd) echo etcd-server ;;
    faketime) echo libfaketime ;;
    promtool) echo prometheus ;;
    pango) echo "libpangoft2-1.0-0 libharfbuzz-subset0" ;;
    chromium) # without its windows it opens a page for a third of the work
        name=chromium-headless-shell
        [ -n "$(apt-cache madison $name 2>/dev/null)" ] || name=chromium
        echo "$name fonts-liberation" ;;
    esac
}

wanted_of() {
    for thing in "$@"; do packages "$thing"; done | paste -sd ' ' -
}

# Debian has it beside a server that would listen from then on: it is taken out of the package, and nothing installed.
take_promtool() (
    mkdir -p .state && cd "$(mktemp -d .state/promtool.XXXXXX)" && trap 'rm -rf "$PWD"' EXIT
    { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } &&
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool &&
        chmod +x promtool && mv promtool ..
)

missing=
for thing in "$@"; do
    has "$thing" && continue
    [ -z "$check" ] && [ "$thing" = promtool ] && take_promtool >/dev/null 2>&1 && continue
    missing="$missing $thing"
done
[ -n "$missing" ] || exit 0

case "$missing ${PYTHON:-python3}" in
*python3-venv*\ python3) ;;
*python3-venv*)
    echo "PYTHON=$PYTHON does not run, is older than 3.11 or has no venv and ensurepip; name another." >&2
    exit 1 ;;
esac

command -v apt-get >/dev/null 2>&1 || {
    echo "Missing:$missing. This system has no apt-get; install them its own way, then run the same command again." >&2
    exit 1
}

root=
if [ "$(id -u)" != 0 ]; then
    root="sudo -n"
    if ! $root true 2>/dev/null; then root=no; fi
fi

if [ -n "$check" ] || [ "$root" = no ]; then
    install="apt-get install -y --no-install-recommends $(wanted_of $missing)"
    echo "Missing:$missing. Type:" >&2
    if [ "$(id -u)" = 0 ]; then
        echo "  apt-get update && $install" >&2
    elif command -v sudo >/dev/null 2>&1; then
        echo "  sudo apt-get update && sudo $install" >&2
    else
        echo "  su -c 'apt-get update && $install'" >&2 # asks for root's password
    fi
    [ -n "$check" ] || echo "then the same command again." >&2
    exit 1
fi

# shellcheck disable=SC2086
install() {
    $root apt-get update -qq || true # an old list may do
    $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $(wanted_of $missing)
}

mkdir -p .state
echo "Installing for this machine:$missing (log: .state/apt.log)" >&2
(
    if command -v flock >/dev/null 2>&1; then flock 9; fi
    install >.state/apt.log 2>&1 </dev/null
) 9>.state/apt.lock || { tail -n 20 .state/apt.log >&2; exit 1; }

for thing in $missing; do
    has "$thing" || {
        echo "'$thing' is still missing after installing $(packages "$thing"); 'make doctor' says more." >&2
        exit 1
    }
done
