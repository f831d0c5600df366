#!/usr/bin/env bash
# npm test [-- vitest arguments]: set-up, then every test. Without arguments: unit tests, then integration tests.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh test
exec npx --no-install vitest run "$@"
