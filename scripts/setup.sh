#!/usr/bin/env bash
# Makes this machine ready for Vedette: system programs, npm packages, build. Safe to run again; does only what is missing.
#
# usage: scripts/setup.sh [run|demo|test|training]     what it is for (default: run); training adds PyTorch to what test needs
# exit:  0 ready · 69 system programs are missing and this user may not install them · 70 Node.js is too old
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-run}

say() { printf 'setup: %s\n' "$*"; }
has() { command -v "$1" >/dev/null 2>&1; }
has_postgresql() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || has initdb; }
has_rtsp_server() {
  for python in /usr/bin/python3 python3; do
    "$python" -c 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import Gst, GstRtspServer; Gst.init(None); assert all(Gst.ElementFactory.find(e) for e in ("qtdemux", "h264parse", "rtph264pay"))' >/dev/null 2>&1 && return 0
  done
  return 1
}

has_pytorch() {
  for python in /usr/bin/python3 python3; do
    "$python" -c 'import importlib.util as u; assert all(u.find_spec(m) for m in ("torch", "onnx", "numpy", "pytest", "matplotlib"))' >/dev/null 2>&1 && return 0
  done
  return 1
}

node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null || {
  say "Node.js >= 20.19 is needed, found: $(node -v 2>/dev/null || echo none). See https://nodejs.org/en/download" >&2
  exit 70
}

missing=()
has ffmpeg || missing+=(ffmpeg)
has redis-server || missing+=(redis-server)
if [ "$purpose" != run ]; then
  has_rtsp_server || missing+=(gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-rtsp)
fi
if [ "$purpose" = test ] || [ "$purpose" = training ]; then has_postgresql || missing+=(postgresql); fi
if [ "$purpose" = training ]; then has_pytorch || missing+=(python3-torch python3-onnx python3-numpy python3-pytest python3-matplotlib); fi

if [ ${#missing[@]} -gt 0 ]; then
  if has apt-get && [ "$(id -u)" = 0 ]; then
    say "installing with apt: ${missing[*]} (a minute or two)"
    log=$(mktemp)
    # no service of the packages is started: Vedette starts what it needs itself, and stops it again
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
      say "apt failed:" >&2
      tail -20 "$log" >&2
      exit 69
    fi
    rm -f "$log"
  else
    cat >&2 <<TEXT
setup: these programs are missing, and this user may not install them: ${missing[*]}

  Debian, Ubuntu   sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}
  macOS            brew install ffmpeg redis gst-rtsp-server pygobject3 postgresql@17
  Docker           docker compose -f docker/compose.yaml up   (needs none of them on this machine)

Then run the same command again.
TEXT
    exit 69
  fi
fi

# onnxruntime-node's install script fetches CUDA libraries, which no CPU machine needs and which fails where they are out of reach
export ONNXRUNTIME_NODE_INSTALL=skip
stamp=node_modules/.vedette-lock
wanted=$(sha256sum package-lock.json 2>/dev/null || shasum -a 256 package-lock.json)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  say "installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  printf '%s' "$wanted" >"$stamp"
fi

npm run --silent build
chmod +x dist/cli/main.js
ln -sfn ../../dist/cli/main.js node_modules/.bin/vedette # so that `npx vedette` works in a checkout
say "ready"
