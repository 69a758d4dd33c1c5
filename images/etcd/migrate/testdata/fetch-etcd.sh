#!/bin/sh
# Fills a folder with the etcd binaries that the tests run, taken from the Debian archive:
#
#     testdata/fetch-etcd.sh [--mirror URI] [--arch ARCH] [--versions "SUITE:VERSION ..."] DIRECTORY
#
# The result is DIRECTORY/etcd-<version>, etcdctl-<version> and, from 3.5 on, etcdutl-<version>.
# The proof: InRelease is checked by gpgv against Debian's keyring, the Packages index against InRelease,
# each package against the index. Without gpgv or the keyring the first link is missing, and that is said.
set -eu

mirror='' arch='' directory=''
versions="bullseye:3.3.25 bookworm:3.4.23 trixie:3.5.16 sid:3.5.30"
keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

fail() { echo "fetch-etcd: $*" >&2; exit 1; }

while [ $# -gt 0 ]; do
    case $1 in
        --mirror) mirror=$2; shift 2 ;;
        --arch) arch=$2; shift 2 ;;
        --versions) versions=$2; shift 2 ;;
        -*) fail "unknown option $1" ;;
        *) directory=$1; shift ;;
    esac
done
[ -n "$directory" ] || fail "name the directory to fill"
[ -n "$arch" ] || arch=$(dpkg --print-architecture)
if [ -z "$mirror" ]; then
    for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        [ -f "$list" ] || continue
        mirror=$(grep -v '^#' "$list" | grep -o 'https*://[^ ]*' | grep -v security | head -n 1) && break
    done
fi
mirror=${mirror:-https://ftp.debian.org/debian}
mirror=${mirror%/}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$directory"

get() { curl -fsSL --retry 5 --max-time 300 -o "$2" "$1" || fail "cannot get $1"; }

check() { # FILE SHA256
    [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ] || fail "$1 does not have the SHA-256 $2"
}

packages() { # SUITE: the verified index, as the file $work/SUITE
    [ -f "$work/$1" ] && return
    get "$mirror/dists/$1/InRelease" "$work/InRelease"
    if command -v gpgv >/dev/null && [ -f "$keyring" ]; then
        gpgv --quiet --keyring "$keyring" "$work/InRelease" >/dev/null 2>"$work/gpgv" ||
            { cat "$work/gpgv" >&2; fail "the signature of $1 is not good"; }
    else
        echo "fetch-etcd: no gpgv or no keyring: the signature of $1 is not checked" >&2
    fi
    index=main/binary-$arch/Packages.xz
    sum=$(awk -v f="$index" '/^SHA256:/ {on=1; next} /^[A-Z]/ {on=0} on && $3 == f {print $1; exit}' "$work/InRelease")
    [ -n "$sum" ] || fail "$1 has no $index"
    get "$mirror/dists/$1/$index" "$work/index.xz"
    check "$work/index.xz" "$sum"
    xz -dc "$work/index.xz" >"$work/$1"
}

field() { # SUITE PACKAGE FIELD: of the first stanza of that package
    awk -v p="$2" -v f="$3:" '$1 == "Package:" {on = ($2 == p)} on && $1 == f {print $2; exit}' "$work/$1"
}

install_program() { # SUITE VERSION PACKAGE PROGRAM...
    suite=$1 version=$2 package=$3
    shift 3
    case $(field "$suite" "$package" Version) in
        "$version"*) ;;
        *) fail "$suite has $package $(field "$suite" "$package" Version), not $version" ;;
    esac
    get "$mirror/$(field "$suite" "$package" Filename)" "$work/package.deb"
    check "$work/package.deb" "$(field "$suite" "$package" SHA256)"
    rm -rf "$work/root"
    dpkg-deb -x "$work/package.deb" "$work/root"
    for program; do
        [ -f "$work/root/usr/bin/$program" ] || continue
        install -m 0755 "$work/root/usr/bin/$program" "$directory/$program-$version"
    done
}

for entry in $versions; do
    suite=${entry%%:*} version=${entry#*:}
    [ -x "$directory/etcd-$version" ] && [ -x "$directory/etcdctl-$version" ] && continue
    packages "$suite"
    install_program "$suite" "$version" etcd-server etcd etcdutl
    install_program "$suite" "$version" etcd-client etcdctl etcdutl
    echo "etcd $version from $suite"
done
