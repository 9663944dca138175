# shellcheck shell=bash
# Shared by the scripts: says what it does before it does it. Sourced, not run.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

say() { printf '== %s\n' "$*"; }

# What is needed, as package:file that proves it is there: the C libraries that SwiftPM needs, …
build_packages=(
    libusb-1.0-0-dev:/usr/include/libusb-1.0/libusb.h
    libgpiod-dev:/usr/include/gpiod.h
    libkissfft-dev:/usr/include/kissfft/kiss_fft.h
    zlib1g-dev:/usr/include/zlib.h
    pkg-config:/usr/bin/pkg-config
    python3:/usr/bin/python3
)
# … and what the stage without a virtual machine needs beside them.
# shellcheck disable=SC2034  # used by the script that sources this
native_packages=(
    gcc:/usr/bin/gcc
    libumockdev-dev:/usr/include/umockdev-1.0/umockdev.h
    umockdev:/usr/bin/umockdev-run
    udev:/usr/bin/udevadm
    util-linux:/usr/bin/unshare
)

# The library that stands in for a GPIO chip: .build-native/libgpio_shim.so.
make_gpio_shim() {
    mkdir -p .build-native
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fvisibility=hidden -shared -fPIC -o .build-native/libgpio_shim.so \
        Tests/Native/gpio_*.c -ldl -lpthread
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs what building needs, and the packages that are named, each as package:file.
install_missing() {
    local missing="" row
    for row in "${build_packages[@]}" "$@"; do
        [ -e "${row#*:}" ] || missing+="${row%%:*} "
    done
    if [ -z "$missing" ]; then
        say "all system packages are there"
        return
    fi
    command -v apt-get >/dev/null || {
        echo "error: $missing missing, and this is no Debian or Ubuntu: install them by hand" >&2
        exit 1
    }
    say "installing with apt: $missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086  # a list of names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
}

need_swift() {
    command -v swift >/dev/null || {
        echo "error: Swift 6.3 is missing: see https://www.swift.org/install/linux/" >&2
        exit 1
    }
}
