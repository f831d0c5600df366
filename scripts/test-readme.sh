#!/usr/bin/env bash
# Runs every `sh` block of the README, in order, in one shell, beside the checkout: the tour must work as printed.
# Blocks without the language `sh` are for reading (the demo and the tests have their own steps in .ci/run).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# the tour leaves its files here, and nothing in the checkout
for name in package.json package-lock.json node_modules dist models scripts src tsconfig.json tsconfig.build.json; do ln -s "$root/$name" "$scratch/$name"; done
awk '/^```sh$/{inside=1; print "step " ++n; next} /^```$/{inside=0; next} inside' README.md >"$scratch/tour.sh"
[ "$(grep -c '^step ' "$scratch/tour.sh")" -ge 8 ] || { echo "test-readme: the README has lost its commands" >&2; exit 1; }
cat >"$scratch/run.sh" <<'RUN'
set -euo pipefail
set -m # the tour speaks of jobs, and ending a job ends its whole process group
end_jobs() { for group in $(jobs -p); do kill -- "-$group" 2>/dev/null || true; done; wait 2>/dev/null || true; }
trap end_jobs EXIT
trap 'exit 124' TERM
step() { printf '\n-- README block %s\n' "$1"; }
source ./tour.sh
RUN
cd "$scratch"
code=0
timeout --foreground --kill-after=30 600 bash run.sh </dev/null || code=$?
if [ "$code" -ne 0 ]; then
  echo "test-readme: a block of the README failed ($code)" >&2
  tail -n 20 vedette.log street.log >&2 || true
  exit "$code"
fi
echo "test-readme: every block of the README ran"
