#!/usr/bin/env bash
# What takes too long for every run: a simulated GPIO chip with fast edges, a hundred replugs, a soak of a stream.
# scripts/test-long runs it as root in the guest.
set -uo pipefail
source "$QKD_REPO/Tests/Kernel/lib.sh"

# Edges faster than the ten looks a second of a chip on USB, with the system's libgpiod and with libgpiod 2.
gpio() {
    check "gpio-sim is loaded" load_gpio_simulators || return
    simulated_chip
    TESTS=$QKD_REPO/.build-gpiod2/debug/qkdctlPackageTests.xctest \
        LD_LIBRARY_PATH=$QKD_REPO/.build-gpiod2/prefix/lib simulated_chip
}

# The tests take the chip away at the end.
simulated_chip() {
    local chip=/sys/kernel/config/gpio-sim/long folder
    mkdir -p $chip/bank0 && echo 8 >$chip/bank0/num_lines && echo 1 >$chip/live
    folder=/sys/devices/platform/$(<$chip/dev_name)/$(<$chip/bank0/chip_name)
    check "there is a chip" eventually 40 test -c "/dev/${folder##*/}"
    QKD_GPIO_SIM=$folder QKD_GPIO_SIM_LIVE=$chip/live swift_tests GPIOSimStageTests 120
}

replugs() {
    check "the rules are installed" install_rules
    check "the Quantis is emulated" emulate 3240 idq-quantis-usb || return
    local turn memory
    memory=$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)
    for turn in {1..100}; do check "replug $turn of 100" replug_once 3240 || return; done
    check "no port of the virtual hub is left in use" not grep -qE '^(hs|ss) +[0-9]+ 006' $VHCI/status
    echo "memory available: $memory KiB before, $(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo) KiB after"
}

# 8 GiB from the kernel's own source, some two minutes.
soak() {
    check "the kernel's source is plugged in" source_sink || return
    QKD_USB_STAGE=kernel QKD_SOURCE_MIB=${QKD_SOAK_MIB:-8192} swift_tests theKernelsOwnSourceStreams 900
    check "it is pulled" source_sink_gone
}

section "users, udevd, virtual USB"
make_users
check "udevd runs" start_udev
check "there is a virtual hub" load_modules vhci-hcd
for name in gpio replugs soak; do
    section "$name"
    "$name"
    usb_detach >/dev/null 2>&1
    stop_emulators
done
report
