#!/bin/sh
# Builds a real Kubernetes API server from its Go modules into the cache, once; about 6 minutes on two quiet cores.
# Needs Go 1.24 or newer. Prints the folder.
set -eu
version=1.34.4
out=${MANDATE_CACHE:-$HOME/.cache/mandate}/kube-$version
here=$(cd "$(dirname "$0")" && pwd)
if [ -x "$out/kube-apiserver" ]; then echo "$out"; exit 0; fi
[ "${1:-}" != --built ] || exit 1

command -v go >/dev/null 2>&1 || {
    echo "Building a Kubernetes API server needs Go 1.24 or newer (Debian 13: apt-get install golang-go)." >&2
    exit 1
}
echo "kube-apiserver $version: built once into $out, some minutes (log: .state/kube.log)" >&2
mkdir -p "$out" .state
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/apiserver" "$work/"
cd "$work"
export GOFLAGS=-mod=mod
build() {
    source_dir=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    { # k8s.io/kubernetes replaces its libraries by folders; outside its tree the same libraries have versions of their own
        printf 'module kube\ngo 1.24.0\nrequire k8s.io/kubernetes v%s\nreplace (\n' "$version"
        sed -nE 's/^\t(k8s\.io\/[a-z0-9-]+) => \.\/staging.*/\1/p' "$source_dir/go.mod" |
            awk -v v="v0.${version#1.}" '{ print "\t" $1 " => " $1 " " v }'
        printf ')\n'
    } >go.mod
    go mod tidy
    nice go build -ldflags '-s -w' -o "$out/kube-apiserver.new" ./apiserver
}
build >"$OLDPWD/.state/kube.log" 2>&1 || { tail -n 20 "$OLDPWD/.state/kube.log" >&2; exit 1; }
mv "$out/kube-apiserver.new" "$out/kube-apiserver"
echo "$out"
