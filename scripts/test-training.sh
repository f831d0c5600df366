#!/usr/bin/env bash
# npm run test:training [-- pytest arguments]: set-up with PyTorch, then the tests of training/.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh training >&2
for python in /usr/bin/python3 python3; do
  if "$python" -c 'import torch, onnx, pytest' >/dev/null 2>&1; then
    cd training
    exec env OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" PYTHONPATH=. "$python" -m pytest -q -p no:cacheprovider --durations=8 tests "$@"
  fi
done
echo "test-training: no Python with torch, onnx and pytest" >&2
exit 69
