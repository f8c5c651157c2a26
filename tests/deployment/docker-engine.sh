# Sourced by .ci/run: a Docker engine of its own in a temporary folder, with its own bridge, socket and data.
#   docker_engine_start    installs what is missing (Debian, as root), starts the engine, exports DOCKER_HOST
#   docker_engine_stop     stops it by its pid and removes folder and bridge; for `trap docker_engine_stop EXIT`
# PHOENIX_DOCKER_DATA names a folder for the engine's data that outlives the run, so that images are built once.

docker_engine_start() {
  if ! command -v dockerd >/dev/null || ! command -v debootstrap >/dev/null || ! command -v iptables >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables iproute2 debootstrap
  fi
  DOCKER_ENGINE_DIR="$(mktemp -d "${TMPDIR:-/tmp}/phoenix-docker-XXXXXX")"
  DOCKER_ENGINE_BRIDGE="phx$(( $$ % 100000 ))"
  # An own bridge: docker0 may be another engine's. The third number of its network keeps two runs apart.
  ip link add "$DOCKER_ENGINE_BRIDGE" type bridge
  # One of its own: otherwise it has the lowest of its containers' addresses, which changes with them, and what goes on
  # waits for 8 seconds until the other containers have found the new one.
  ip link set "$DOCKER_ENGINE_BRIDGE" address "$(printf '02:42:ac:1e:%02x:01' "$(( $$ % 250 ))")"
  ip addr add "172.30.$(( $$ % 250 )).1/24" dev "$DOCKER_ENGINE_BRIDGE"
  ip link set "$DOCKER_ENGINE_BRIDGE" up
  dockerd --data-root "${PHOENIX_DOCKER_DATA:-$DOCKER_ENGINE_DIR/data}" --exec-root "$DOCKER_ENGINE_DIR/exec" \
    --host "unix://$DOCKER_ENGINE_DIR/docker.sock" --pidfile "$DOCKER_ENGINE_DIR/docker.pid" \
    --bridge "$DOCKER_ENGINE_BRIDGE" >"$DOCKER_ENGINE_DIR/log" 2>&1 &
  DOCKER_ENGINE_PID=$!
  export DOCKER_HOST="unix://$DOCKER_ENGINE_DIR/docker.sock"
  # Two minutes, since the machine may be busy; an engine that has died fails at once.
  for _ in $(seq 600); do
    if curl --silent --fail --unix-socket "$DOCKER_ENGINE_DIR/docker.sock" http://docker/_ping >/dev/null; then
      return 0
    fi
    kill -0 "$DOCKER_ENGINE_PID" 2>/dev/null || break
    sleep 0.2
  done
  echo "The Docker engine did not start:" >&2
  tail -20 "$DOCKER_ENGINE_DIR/log" >&2
  return 1
}

docker_engine_stop() {
  if [ -n "${DOCKER_ENGINE_PID:-}" ]; then
    kill "$DOCKER_ENGINE_PID" 2>/dev/null || true
    wait "$DOCKER_ENGINE_PID" 2>/dev/null || true
  fi
  if [ -n "${DOCKER_ENGINE_BRIDGE:-}" ]; then
    ip link delete "$DOCKER_ENGINE_BRIDGE" 2>/dev/null || true
  fi
  if [ -n "${DOCKER_ENGINE_DIR:-}" ]; then
    # The engine leaves the namespace of its network mounted. Deepest first.
    awk -v dir="$DOCKER_ENGINE_DIR/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r \
      | while read -r each; do umount "$each" || true; done
    rm -rf "$DOCKER_ENGINE_DIR" || true
  fi
}
