#!/usr/bin/env bash
# npm run demo [-- --json] [-- --keep]: set-up, then the demonstration. Set-up speaks on standard error, so that --json stays clean.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh demo >&2
exec node dist/cli/main.js demo "$@"
