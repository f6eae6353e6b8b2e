#!/usr/bin/env bash
# A throw-away PostgreSQL on loopback that never runs as root: postgres.sh start | stop
# Needs PG_PORT and SVC_HOME. PG_DURABLE=1 keeps fsync on, for figures and power-cut tests.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT="${PG_PORT:?set PG_PORT}"
HOME_FILE="$SVC_HOME/postgres.home"
SECRET_FILE="$SVC_HOME/postgres.secret"

programs() { ls -d /usr/lib/postgresql/*/bin /usr/local/pgsql/bin 2>/dev/null | sort -V | tail -n 1; }
# The server refuses to run as root: the package's own user runs it then.
plain() {
  if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); else "$@"; fi
}
# A folder that the server's user can reach, which one inside root's private folders is not.
home() {
  if [ ! -s "$HOME_FILE" ]; then
    if [ "$(id -u)" = 0 ]; then
      local folder; folder="$(mktemp -d /tmp/damhub-postgres-XXXXXX)"
      chown postgres:postgres "$folder"; echo "$folder" >"$HOME_FILE"
    else mkdir -p "$SVC_HOME/postgres"; echo "$SVC_HOME/postgres" >"$HOME_FILE"; fi
  fi
  cat "$HOME_FILE"
}

case "${1:-}" in
  start)
    [ -n "$(programs)" ] || debian_packages postgresql
    BIN="$(programs)"; [ -n "$BIN" ] || fail "no PostgreSQL server programs"
    taken "$PORT" && fail "port $PORT is taken"
    DATA="$(home)"
    [ -s "$SECRET_FILE" ] || secret >"$SECRET_FILE"
    # The password travels through a pipe: no command line shows it.
    plain bash -c 'exec "$0" -D "$1" -U damhub --pwfile=<(cat) -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync' \
      "$BIN/initdb" "$DATA/data" <"$SECRET_FILE" >"$SVC_HOME/initdb.log" 2>&1 || fail "initdb failed: $(tail -n 1 "$SVC_HOME/initdb.log")"
    OPTIONS="-p $PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    [ "${PG_DURABLE:-0}" = 1 ] || OPTIONS="$OPTIONS -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    plain "$BIN/pg_ctl" -D "$DATA/data" -l "$DATA/log" -w -t 30 -o "$OPTIONS" start >"$SVC_HOME/pg_ctl.log" 2>&1 </dev/null \
      || fail "PostgreSQL did not start: $(plain tail -n 1 "$DATA/log")"
    echo "URL=postgresql+psycopg://damhub:$(cat "$SECRET_FILE")@127.0.0.1:$PORT/postgres" ;;
  stop)
    if [ -s "$HOME_FILE" ]; then
      plain "$(programs)/pg_ctl" -D "$(cat "$HOME_FILE")/data" -m immediate -w -t 20 stop >/dev/null 2>&1
      rm -rf "$(cat "$HOME_FILE")" "$HOME_FILE" "$SECRET_FILE"
    fi ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
