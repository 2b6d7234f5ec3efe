#!/bin/sh
# proto/ is add only: compares it with the main that was fetched and the main that is committed.
# Takes the old files out of git itself, so it works in worktrees and shallow clones alike.
set -eu
cd "$(dirname "$0")/.."
old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
compared=
for ref in origin/main main; do
    git cat-file -e "$ref:proto/buf.yaml" 2>/dev/null || continue
    rm -rf "$old/proto"
    git archive "$ref" proto | tar -x -C "$old"
    [ -n "$(find "$old/proto" -name '*.proto' -print -quit)" ] || continue
    .venv/bin/buf breaking proto --against "$old/proto"
    compared="$compared $ref"
done
echo "proto: add only, compared with${compared:- nothing: main has no proto/ yet}"
