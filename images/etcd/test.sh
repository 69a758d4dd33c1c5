#!/bin/sh
# Run by `imagebuild test` in the image: its data goes up from the oldest version to the newest, and down by one minor.
# There is nothing but this shell and the image's own programs.
export ETCD_UNSUPPORTED_ARCH="$ARCH" ETCDCTL_API=3
data=/tmp/data port=23790 peer=23800
endpoint=http://127.0.0.1:$port

fail() {
    echo "$*" >&2
    exit 1
}

ctl() { "/usr/local/bin/etcdctl-$newest" --endpoints "$endpoint" --command-timeout 5s "$@"; }

# Runs etcd of a version over the data while the commands in "$2" are evaluated.
with_etcd() {
    "/usr/local/bin/etcd-$1" --name test --data-dir "$data" \
        --listen-client-urls "$endpoint" --advertise-client-urls "$endpoint" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "test=http://127.0.0.1:$peer" >/tmp/etcd.log 2>&1 &
    etcd=$!
    tries=0
    until ctl endpoint health >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ $tries -ge 60 ] || ! kill -0 $etcd 2>/dev/null; then fail "etcd $1 does not serve: $(log)"; fi
    done
    eval "$2" || fail "$2: not with etcd $1"
    kill $etcd
    wait $etcd || :
}

log() { while read -r line; do echo "$line"; done </tmp/etcd.log; }

migrate() {
    DATA_DIRECTORY=$data TARGET_VERSION=$1 TARGET_STORAGE=etcd3 ETCD_NAME=test DO_NOT_MOVE_BINARIES=true \
        INITIAL_CLUSTER=test=http://127.0.0.1:$peer LISTEN_PEER_URLS=http://127.0.0.1:$peer \
        INITIAL_ADVERTISE_PEER_URLS=http://127.0.0.1:$peer /usr/local/bin/migrate-if-needed.sh --port "$port"
    read -r prepared <"$data/version.txt" || : # it does not end with a line break
    [ "$prepared" = "$1/etcd3" ] || fail "prepared for $prepared, not for $1/etcd3"
}

oldest='' before='' newest=''
while read -r version; do
    oldest=${oldest:-$version} before=$newest newest=$version
done </usr/local/share/etcd/bundled-versions
if [ -z "$before" ]; then
    migrate "$newest"
    with_etcd "$newest" 'ctl put /registry/a new >/dev/null'
    exit
fi

migrate "$oldest"
with_etcd "$oldest" 'ctl put /registry/a old >/dev/null'
migrate "$newest"
# shellcheck disable=SC2016 # evaluated while etcd runs
with_etcd "$newest" '[ "$(ctl get --print-value-only /registry/a)" = old ] && ctl put /registry/b new >/dev/null'
migrate "$before"
# shellcheck disable=SC2016
with_etcd "$before" '[ "$(ctl get --print-value-only /registry/a)$(ctl get --print-value-only /registry/b)" = oldnew ]'
echo "up from $oldest to $newest, down to $before"
