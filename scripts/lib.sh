# shellcheck shell=bash
# Shared by the scripts: says what it does before it does it. Sourced, not run.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '== %s\n' "$*"; }

# The C libraries that SwiftPM needs; each with the header that proves it is there.
needed_packages() {
    local row
    for row in \
        libusb-1.0-0-dev:/usr/include/libusb-1.0/libusb.h \
        libkissfft-dev:/usr/include/kissfft/kiss_fft.h \
        zlib1g-dev:/usr/include/zlib.h \
        pkg-config:/usr/bin/pkg-config \
        python3:/usr/bin/python3; do
        [ -e "${row#*:}" ] || printf '%s ' "${row%%:*}"
    done
}

install_missing() {
    local missing
    missing=$(needed_packages)
    if [ -z "$missing" ]; then
        say "all system packages are there"
        return
    fi
    command -v apt-get >/dev/null || {
        echo "error: $missing missing, and this is no Debian or Ubuntu: install them by hand" >&2
        exit 1
    }
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    say "installing with apt: $missing"
    "${as_root[@]}" apt-get update -qq
    # shellcheck disable=SC2086  # a list of names
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
}

need_swift() {
    command -v swift >/dev/null || {
        echo "error: Swift 6.3 is missing: see https://www.swift.org/install/linux/" >&2
        exit 1
    }
}
