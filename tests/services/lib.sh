# What the service scripts share (sourced, not run).
#   SVC_HOME   data, logs and process ids of the servers that run now; thrown away after the tests
#   SVC_CACHE  what was downloaded, kept between runs (default: ~/.cache/damhub-services)
set -u
umask 077
: "${SVC_HOME:?set SVC_HOME to a folder that may be thrown away}"
SVC_CACHE="${SVC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/damhub-services}"
mkdir -p "$SVC_HOME" "$SVC_CACHE"

# The last line on standard error is the reason that the test summary shows.
fail() { printf '%s\n' "$*" >&2; exit 1; }
secret() { od -An -tx1 -N"${1:-16}" /dev/urandom | tr -d ' \n'; }
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# until_ready SECONDS COMMAND...: try until it succeeds.
until_ready() {
  local left=$(( $1 * 5 )); shift
  while ! "$@" >/dev/null 2>&1; do
    left=$(( left - 1 )); [ "$left" -gt 0 ] || return 1
    sleep 0.2
  done
}

# debian COMMAND PACKAGE...: install packages when the command is missing; only root can.
debian() {
  command -v "$1" >/dev/null 2>&1 && return 0
  shift
  debian_packages "$@"
}
debian_packages() {
  local log="$SVC_HOME/apt.log"
  command -v apt-get >/dev/null 2>&1 || fail "missing: $* (no apt-get here)"
  [ "$(id -u)" = 0 ] || fail "missing: $* (install as root: apt-get install $*)"
  export DEBIAN_FRONTEND=noninteractive
  timeout 240 apt-get -o DPkg::Lock::Timeout=200 install -yq --no-install-recommends "$@" >"$log" 2>&1 && return 0
  timeout 120 apt-get -o DPkg::Lock::Timeout=100 update -q >>"$log" 2>&1
  timeout 240 apt-get -o DPkg::Lock::Timeout=200 install -yq --no-install-recommends "$@" >>"$log" 2>&1 \
    || fail "apt-get could not install: $*"
}

# python_env FOLDER REQUIREMENT...: a virtual environment of its own, made once for the same requirements.
python_env() {
  local folder="$1" stamp; shift
  stamp="$folder/.made-of"
  [ -x "$folder/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] && return 0
  # Two runs at once must not build in the same place.
  exec 8>"$folder.lock"; flock -w 300 8 || fail "another run is still installing $*"
  [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] && { exec 8>&-; return 0; }
  rm -rf "$folder"
  "${PYTHON:-python3}" -m venv "$folder" >"$SVC_HOME/venv.log" 2>&1 || fail "could not make a virtual environment"
  timeout 300 "$folder/bin/python" -m pip install -q --disable-pip-version-check "$@" >"$SVC_HOME/pip.log" 2>&1 \
    || fail "pip could not install: $*"
  printf '%s' "$*" >"$stamp"
  exec 8>&-
}

# npm_archive NAME VERSION: print the path of the package's archive; downloaded once, nothing of it is run.
npm_archive() {
  local file; file="$SVC_CACHE/npm/$(printf '%s' "$1" | sed 's/^@//; s#/#-#g')-$2.tgz"
  if [ ! -s "$file" ]; then
    command -v npm >/dev/null 2>&1 || debian npm npm
    mkdir -p "$SVC_CACHE/npm"
    (cd "$SVC_CACHE/npm" && timeout 240 npm pack --silent "$1@$2" >/dev/null 2>"$SVC_HOME/npm.log") \
      || fail "npm could not fetch $1@$2"
  fi
  [ -s "$file" ] || fail "npm fetched nothing for $1@$2"
  printf '%s\n' "$file"
}

# A server is the leader of a process group; its id is kept beside a word from its command line, so that an id which
# was given to another process since is never mistaken for ours.
runs() {
  local pid; pid="$(cat "$1" 2>/dev/null)" || return 1
  [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$2"
}
# launch PIDFILE LOG COMMAND...
launch() {
  local pidfile="$1" log="$2"; shift 2
  setsid "$@" >>"$log" 2>&1 </dev/null 8>&- &
  echo $! >"$pidfile"
}
# halt PIDFILE WORD [SECONDS]: end the group politely, then by force.
halt() {
  local pid tries=$(( ${3:-10} * 5 ))
  if runs "$1" "$2"; then
    pid="$(cat "$1")"
    kill -TERM -- "-$pid" 2>/dev/null
    while runs "$1" "$2" && [ "$tries" -gt 0 ]; do sleep 0.2; tries=$(( tries - 1 )); done
    if runs "$1" "$2"; then kill -KILL -- "-$pid" 2>/dev/null; until_ready 10 eval "! runs '$1' '$2'"; fi
  fi
  rm -f "$1"
}
