#!/usr/bin/env bash
# Runs the unit tests on Node 24, taken from the npm package node@24 and kept in node_modules/.node24.
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/node_modules/.node24
find_node() { find "$home" -path '*/bin/node' -type f -perm -u+x 2>/dev/null | head -n 1; }
if [ -z "$(find_node)" ]; then
  mkdir -p "$home"
  printf '{"private":true}' >"$home/package.json"
  npm install --prefix "$home" --no-audit --no-fund --no-package-lock --loglevel=error node@24
fi
node24=$(find_node)
[ -n "$node24" ] || { echo "test-node24: the npm package node@24 brought no node for this platform" >&2; exit 1; }
"$node24" -v
PATH="$(dirname "$node24"):$PATH" "$node24" node_modules/vitest/vitest.mjs run --project unit
