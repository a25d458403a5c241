#!/bin/sh
# Installs libatomic1 where it is missing: the pinned Node, which npm ci brings, does not start without it, and a
# minimal Debian lacks it. Nothing is done where there is no ldconfig to ask (macOS, musl).
# Usage: tools/node-libraries.sh
set -eu
PATH="$PATH:/usr/sbin:/sbin"
command -v ldconfig >/dev/null || exit 0
if ldconfig -p | grep -q 'libatomic\.so\.1'; then exit 0; fi

install='apt-get install -y --no-install-recommends libatomic1'
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "Node needs libatomic.so.1, which is missing here; on Debian run: sudo $install" >&2
  exit 1
fi
echo "install libatomic1, which the pinned Node needs"
export DEBIAN_FRONTEND=noninteractive
$install >/dev/null 2>&1 || { apt-get update >/dev/null && $install >/dev/null; }
