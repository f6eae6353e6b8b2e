#!/usr/bin/env bash
# Chromium (Debian's) and axe-core for the browser tests: browser.sh start | stop
# Needs SVC_HOME. Nothing is left running: the tests launch the browser themselves, by the path that is printed.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
AXE_VERSION="4.14.1"
AXE="$SVC_CACHE/axe-$AXE_VERSION.min.js"

case "${1:-}" in
  start)
    debian chromium chromium fonts-dejavu-core
    if [ ! -s "$AXE" ]; then
      # In a command substitution `fail` ends only that: its word is on standard error already.
      archive="$(npm_archive axe-core "$AXE_VERSION")" || exit 1
      tar xzf "$archive" -O package/axe.min.js >"$AXE.$$" && mv "$AXE.$$" "$AXE" || fail "axe-core has no axe.min.js"
    fi
    printf 'CHROMIUM=%s\nAXE=%s\n' "$(command -v chromium)" "$AXE" ;;
  stop) ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
