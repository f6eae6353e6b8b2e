#!/usr/bin/env bash
# libvips' own command line, the peer of our renditions: vips.sh start
# Nothing is left running; `start` prints where the tool is and which version. Needs SVC_HOME.
. "$(dirname "$(readlink -f "$0")")/lib.sh"

case "${1:-}" in
  start)
    debian vipsthumbnail libvips-tools
    TOOL="$(command -v vipsthumbnail)" || fail "vipsthumbnail is not on the path"
    printf 'TOOL=%s\nVERSION=%s\n' "$TOOL" "$("$TOOL" --vips-version 2>/dev/null | head -n 1)" ;;
  stop) : ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
