#!/usr/bin/env bash
# The kernel stage: the tool and its tests against usbfs, udev, cdc_acm and ftdi_sio, with emulated devices on USB/IP.
# scripts/test-kernel runs it as root in a guest. A section is a function in "sections", which ends early where nothing after can succeed.
set -uo pipefail
source "$QKD_REPO/Tests/Kernel/lib.sh"

sections=(whole_bench enumeration without_rules with_rules replug tdc1 refused ftdi bundle)

# One server for each device, as a user would start them; each has its device at busid 1-1.
quantis=3240 stamps=3241 tdc1=3242 qcicada=3243

declare -A drivers=([$quantis]=idq-quantis-usb [$stamps]=nus-fx2-timestamp [$tdc1]=sfifteen-tdc1
    [$qcicada]=crypta-labs-qcicada)

# Seven instruments on USB and the pulser on TCP, all of them emulated by the host; tagger and random source are libusb's,
# the others ttys of ftdi_sio and cdc_acm.
whole=/run/whole.toml
whole_bench() {
    local port number
    local -x USBIP_HOST=10.0.2.2
    port=$(<"$QKD_OUT/bench.port") && cp "$QKD_OUT/bench.toml" $whole && chmod 644 $whole
    check "the rules are installed" install_rules
    for number in {1..7}; do
        # usbip cannot read the hub's state while a device comes up.
        check "instrument $number of 7 is attached" eventually 40 usb_attach "$port" "1-$number" || return
    done
    check "their ttys have names" eventually 60 names_of_bench $whole
    udevadm settle
    check "a member's run of 1 s at 1 MHz finds its frame" \
        as_user qkdin "$QKDCTL" run --bench $whole --duration 1 --out /tmp/session
    check "both keys are what the report says" python3 Tests/Python/compare_keys.py /tmp/session
    check "it is dark, without bias" bench_is_safe
    check "safe confirms every device" as_user qkdin "$QKDCTL" safe --bench $whole
    held_by_another
    pulled_in_mid_run "$port"
    touch "$QKD_OUT/bench.done"
}

# A second program wants the tagger that a first one has, which is then interrupted.
held_by_another() {
    local first
    in_background /tmp/job1 qkdin capture --bench $whole --prepare --out /tmp/first.qkdtags
    first=$!
    check "a capture runs" eventually 240 test -s /tmp/first.qkdtags || return
    check "a second one is told that the tagger is held" exits 75 as_user qkdin "$QKDCTL" capture --bench $whole \
        --out /tmp/second.qkdtags
    kill -INT "$(</tmp/job1.pid)"
    check "interrupted, the first ends" eventually 240 not kill -0 $first
    check "with code 130" test "$(</tmp/job1.code)" = 130
    check "its file is whole" as_user qkdin "$QKDCTL" tags info /tmp/first.qkdtags
    check "it is dark, without bias" bench_is_safe
    check "safe confirms every device" as_user qkdin "$QKDCTL" safe --bench $whole
}

pulled_in_mid_run() {
    local frames run
    frames=$(grep -c 'frame started' "$QKD_OUT/bench.log")
    in_background /tmp/job2 qkdin run --bench $whole --duration 60 --patience 1 --out /tmp/pulled
    run=$!
    check "a run plays frames" eventually 240 more_frames_than "$frames" || return
    check "the tagger is pulled" usb_detach "$1" 1-7
    check "the run ends" eventually 240 not kill -0 $run
    check "and says why" grep -qi 'unplugged\|no such device' /tmp/job2.log
    check "it is no success" test "$(</tmp/job2.code)" != 0
    check "it is dark, without bias" bench_is_safe
    check "safe does not confirm a tagger that is not there" not as_user qkdin "$QKDCTL" safe --bench $whole
    check "the tagger is plugged in again" usb_attach "$1" 1-7
    check "it is enumerated" eventually 60 is_plugged 04b4 1234
    check "safe confirms every device" as_user qkdin "$QKDCTL" safe --bench $whole
}

# in_background NAME USER ARGUMENTS...: the tool; NAME.pid is its process, NAME.log what it says, NAME.code how it ended.
# The user has to be able to write NAME.pid.
in_background() {
    local name=$1 user=$2
    shift 2
    (
        # shellcheck disable=SC2016  # the inner shell expands
        as_user "$user" sh -c 'echo $$ >"$0"; exec "$@"' "$name.pid" "$QKDCTL" "$@" >"$name.log" 2>&1
        echo $? >"$name.code"
    ) &
}

# By the emulators' own log: the pulser's last word, and each detector's last bias.
bench_is_safe() {
    local log=$QKD_OUT/bench.log detector
    grep ' alice-modulator ' "$log" | tail -n 1 | grep -q dark || { tail -n 30 "$log" && return 1; }
    for detector in z0 z1 x0 x1; do
        grep " bob-detector-$detector " "$log" | grep 'bias set' | tail -n 1 | grep -q ' 0.0 V' || {
            tail -n 30 "$log"
            return 1
        }
    done
}

more_frames_than() { [ "$(grep -c 'frame started' "$QKD_OUT/bench.log")" -gt "$1" ]; }

names_of_bench() {
    local name
    for name in $(sed -nE 's/^address = "(\/dev\/.*)"/\1/p' "$1"); do [ -e "$name" ] || return 1; done
}

# plug NAME PORT VENDOR PRODUCT: emulators stand no longer than a section: even idle ones cost much under TCG.
plug() {
    [ -e "/run/emulator-$2.log" ] || check "$1 is emulated" emulate "$2" "${drivers[$2]}" || return
    check "$1 is attached by usbip" usb_attach "$2" &&
        check "$1 is enumerated" eventually 60 is_plugged "$3" "$4"
}

unplug() {
    check "$1 is detached" usb_detach "$2"
    check "$1 is gone" eventually 40 not usb_device "$3" "$4"
}

enumeration() {
    check "the Quantis is emulated" emulate $quantis idq-quantis-usb || return
    check "usbip lists what is exported" says '0aba:0102' usbip --tcp-port $quantis list --remote=127.0.0.1
    plug "the Quantis" $quantis 0aba 0102 || return
    plug "the time stamp card" $stamps 04b4 1234 || return
    check "the card's product string is the maker's" \
        grep -qxF 'Timestamp Card Rev  2 / 4k FIFO (3.3V)' "$(usb_device 04b4 1234)/product"
    check "the Quantis is at high speed" grep -qx 480 "$(usb_device 0aba 0102)/speed"
    check "root's list has the Quantis" says 'idq-quantis-usb +yes' "$QKDCTL" list
    check "root's list has the card" says 'nus-fx2-timestamp +yes' "$QKDCTL" list
    unplug "the card" $stamps 04b4 1234
    unplug "the Quantis" $quantis 0aba 0102
    check "the list is rid of them" silent_about '^usb .*(idq-quantis-usb|nus-fx2-timestamp)' "$QKDCTL" list
}

without_rules() {
    check "the rules are taken away" remove_rules
    plug "the Quantis" $quantis 0aba 0102 || return
    plug "the TDC1" $tdc1 "${tdc1_id[@]}" || return
    local node
    node=$(usb_node 0aba 0102)
    check "the node is root's" has_access "$node" '664 root:root'
    check "an outsider may not open it" not opens qkdout "$node"
    check "nor may a member of plugdev" not opens qkdin "$node"
    check "doctor misses the rules" says '60-qkdctl.rules is not installed' as_user qkdin "$QKDCTL" doctor
    check "doctor names the shut device" says "^failed +libusb: .*without permission: $node" as_user qkdin "$QKDCTL" doctor
    check "doctor says what to copy" says 'try: .*udev/\*\.rules' as_user qkdin "$QKDCTL" doctor
    check "doctor finds a member not ready" exits 2 as_user qkdin "$QKDCTL" doctor
    check "doctor finds an outsider not ready" exits 2 as_user qkdout "$QKDCTL" doctor
    check "doctor tells the outsider which groups" says 'usermod -aG dialout,plugdev' as_user qkdout "$QKDCTL" doctor
    check "list says that it is shut" says 'idq-quantis-usb +no: no permission' as_user qkdin "$QKDCTL" list
    unplug "the TDC1" $tdc1 "${tdc1_id[@]}"
    unplug "the Quantis" $quantis 0aba 0102
}

with_rules() {
    plug "the Quantis" $quantis 0aba 0102 || return
    local node
    node=$(usb_node 0aba 0102)
    check "the rules are installed, and applied to what is plugged in" install_rules
    check "the node is plugdev's" has_access "$node" '660 root:plugdev'
    check "udev knows the driver" says '^idq-quantis-usb$' udev_property "$node" QKDCTL_DRIVER
    check "udev has the tag uaccess" says ':uaccess:' udev_property "$node" CURRENT_TAGS
    check "an outsider may still not open it" not opens qkdout "$node"
    check "a member of plugdev may" opens qkdin "$node"
    check "doctor finds the rules" says '^ok +udev rules' as_user qkdin "$QKDCTL" doctor
    check "doctor finds the device open" says '^ok +libusb: .* 1 of ours$' as_user qkdin "$QKDCTL" doctor
    check "doctor finds the member ready" exits 0 as_user qkdin "$QKDCTL" doctor
    check "doctor finds it shut to an outsider" says '^failed +libusb: .*without permission' as_user qkdout "$QKDCTL" doctor
    check "doctor tells the outsider which group" says 'usermod -aG plugdev' as_user qkdout "$QKDCTL" doctor
    check "list: open to the member" says 'idq-quantis-usb +yes' as_user qkdin "$QKDCTL" list
    check "list: shut to the outsider" says 'idq-quantis-usb +no: no permission' as_user qkdout "$QKDCTL" list
    unplug "the Quantis" $quantis 0aba 0102
}

replug() {
    check "the rules are installed" install_rules
    check "the Quantis is emulated" emulate $quantis idq-quantis-usb || return
    local turn
    for turn in {1..10}; do check "replug $turn of 10: node back, same access; node gone" replug_once $quantis; done
    check "no port of the virtual hub is left in use" not grep -qE '^(hs|ss) +[0-9]+ 006' $VHCI/status
}

tdc1() {
    check "the rules are installed" install_rules
    plug "the TDC1" $tdc1 "${tdc1_id[@]}" || return
    check "udev loads cdc_acm" eventually 40 grep -q '^cdc_acm ' /proc/modules
    check "there is a ttyACM0" eventually 40 test -c /dev/ttyACM0
    udevadm settle
    check "it is dialout's" has_access /dev/ttyACM0 '660 root:dialout'
    check "ModemManager shall leave it alone" says '^1$' udev_property /dev/ttyACM0 ID_MM_DEVICE_IGNORE
    check "udev knows the driver" says '^sfifteen-tdc1$' udev_property /dev/ttyACM0 QKDCTL_DRIVER
    check "udev has the tag uaccess" says ':uaccess:' udev_property /dev/ttyACM0 CURRENT_TAGS
    check "there is a stable name" says '/dev/serial/by-id/.*TDC1' udev_property /dev/ttyACM0 DEVLINKS
    check "list: open to a member of dialout" says 'sfifteen-tdc1 +yes' as_user qkdin "$QKDCTL" list
    check "list: shut to an outsider" says 'sfifteen-tdc1 +no: no permission' as_user qkdout "$QKDCTL" list
    role_at bob-tagger sfifteen-tdc1 usb:EMULATED-1
    check "it is captured from past the tty, whose driver gives way" says 'ended by +duration' \
        "$QKDCTL" capture --bench /run/bench.toml --duration 0.1 --idle-timeout 2 --out /tmp/past.qkdtags
    check "and comes back" eventually 40 test -c /dev/ttyACM0
    unplug "the TDC1" $tdc1 "${tdc1_id[@]}"
    check "its port is gone" eventually 40 not test -e /dev/ttyACM0
}

# role_at ROLE DRIVER ADDRESS: a bench of which only this is there; capture and info open nothing else.
role_at() {
    awk -v role="[roles.$1]" -v driver="$2" -v address="$3" '
        /^\[/ { meant = $0 == role }
        meant && /^driver =/ { $0 = "driver = \"" driver "\"" }
        meant && /^address =/ { $0 = "address = \"" address "\"" }
        /^driver = "swabian/ { pulser = 1 }
        /^address = "emulated"/ { $0 = pulser ? "address = \"127.0.0.1:1\"" : "address = \"/dev/absent\""; pulser = 0 }
        { print }' "$QKD_REPO/benches/bb84-loopback.toml" >/run/bench.toml
    chmod 644 /run/bench.toml
}

refused() {
    check "the rules are installed" install_rules
    plug "the TDC1" $tdc1 "${tdc1_id[@]}" || return
    check "there is a ttyACM0" eventually 40 test -c /dev/ttyACM0
    role_at bob-tagger sfifteen-tdc1 /dev/ttyACM0
    refuses_outsiders "the TDC1"
    unplug "the TDC1" $tdc1 "${tdc1_id[@]}"
    plug "the card" $stamps 04b4 1234 || return
    role_at bob-tagger nus-fx2-timestamp usb
    refuses_outsiders "the card"
    unplug "the card" $stamps 04b4 1234
}

refuses_outsiders() {
    local capture=(timeout -k 2 30 "$QKDCTL" capture --bench /run/bench.toml --duration 0.1 --idle-timeout 1 --out)
    check "$1: an outsider gets code 77" exits 77 as_user qkdout "${capture[@]}" /tmp/outsider.qkdtags
    check "$1: and is sent to the udev rules" says 'try: .*udev rules' as_user qkdout "${capture[@]}" /tmp/o.qkdtags
}

ftdi() {
    check "the rules are installed" install_rules
    plug "the QCicada" $qcicada 0403 6015 || return
    check "udev loads ftdi_sio" eventually 40 grep -q '^ftdi_sio ' /proc/modules
    check "there is a ttyUSB0" eventually 40 test -c /dev/ttyUSB0
    udevadm settle
    check "it is dialout's" has_access /dev/ttyUSB0 '660 root:dialout'
    check "it has a latency timer" test -r /sys/bus/usb-serial/devices/ttyUSB0/latency_timer
    check "list has it" says '^serial .*(ttyUSB0|by-id)' as_user qkdin "$QKDCTL" list
    check "a member of dialout may open it" opens qkdin /dev/ttyUSB0
    check "an outsider may not" not opens qkdout /dev/ttyUSB0
    unplug "the QCicada" $qcicada 0403 6015
    check "its port is gone" eventually 40 not test -e /dev/ttyUSB0
}

# The tests attach devices of their own, without a server.
bundle() {
    check "the drivers that the tests need are loaded" load_modules cdc_acm ftdi_sio hid-cp2112
    check "the kernel's own source of bulk data is plugged in" source_sink
    QKD_USB_STAGE=kernel QKD_SOURCE_MIB=256 swift_tests 'BusStage|USBDriverStage|KernelStage'
}

tdc1_id=(1209 0001) # pid.codes' number for tests: the real one is not public
section "users, udevd, virtual USB"
make_users
check "udevd runs" start_udev
check "there is a virtual hub" load_modules vhci-hcd
for name in "${sections[@]}"; do
    section "$name"
    "$name"
    usb_detach >/dev/null 2>&1
    stop_emulators
done
report
