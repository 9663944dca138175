# shellcheck shell=bash
# What the scripts of the kernel stage share; they run as root in the guest that scripts/test-kernel boots.
# QKD_REPO is the checkout, QKD_OUT the folder that the host reads.
# shellcheck disable=SC2034
VHCI=/sys/devices/platform/vhci_hcd.0
QKDCTL=$QKD_REPO/.build/debug/qkdctl
TESTS=$QKD_REPO/.build/debug/qkdctlPackageTests.xctest
passed=0 failed=0

section() { printf '== %s (%s s)\n' "$*" "$SECONDS"; }

# check NAME COMMAND...: counts whether the command succeeds; what it said is shown if it does not.
check() {
    local name=$1 said began=$EPOCHREALTIME
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
        printf 'ok   %s (%s s)\n' "$name" "$(since "$began")"
    else
        printf 'FAIL %s (code %s, %s s): %s\n' "$name" $? "$(since "$began")" "$*"
        [ -z "$said" ] || head -n 60 <<<"$said" | sed 's/^/     | /'
        failed=$((failed + 1))
        return 1
    fi
}

since() { local us=$((${EPOCHREALTIME/./} - ${1/./})); printf '%d.%d' $((us / 1000000)) $((us % 1000000 / 100000)); }

# exits CODE COMMAND...: that the command ends with this very code.
exits() {
    local wanted=$1 code=0
    shift
    "$@" || code=$?
    [ "$code" = "$wanted" ] || { echo "ended with $code instead of $wanted" && return 1; }
}

not() { ! "$@"; }

# says PATTERN COMMAND...: that output or error output match, whatever the exit code.
says() {
    local pattern=$1 said
    shift
    said=$("$@" 2>&1) || true
    echo "$said"
    grep -Eq -- "$pattern" <<<"$said" || { echo "nothing matches: $pattern" && return 1; }
}

silent_about() {
    local said
    said=$("${@:2}" 2>&1) || true
    echo "$said"
    ! grep -E -- "$1" <<<"$said" >/dev/null
}

# eventually SECONDS COMMAND...: tries until it succeeds.
eventually() {
    local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "${EPOCHREALTIME/./}" -lt "$end" ] || { "$@" && return || return 1; }
        sleep 0.1
    done
}

# Written by hand: useradd wants /etc/shadow, which only root of the host may read.
make_users() {
    echo 'qkdout:x:61001:61001::/:/bin/sh' >>/etc/passwd
    echo 'qkdin:x:61002:61002::/:/bin/sh' >>/etc/passwd
    printf 'qkdout:x:61001:\nqkdin:x:61002:\n' >>/etc/group
    sed -i -E '/^(plugdev|dialout):/{s/:$/:qkdin/;t;s/$/,qkdin/}' /etc/group
    # Homes are often closed to others, and checkout and toolchain may lie in one. Only the guest's layer is changed.
    local folder ways=() mode
    while read -r folder; do
        while [ -n "$folder" ]; do ways+=("$folder") folder=${folder%/*}; done
    done < <(realpath "$QKD_REPO/.build/debug" && ldd "$QKDCTL" | sed -n 's|.*=> \(/.*\)/.*|\1|p' | sort -u)
    while read -r mode folder; do
        [ $((8#$mode & 5)) = 5 ] || chmod a+rx "$folder"
    done < <(printf '%s\0' "${ways[@]}" | sort -zu | xargs -0 stat -c '%a %n')
}

as_user() { (cd / && exec setpriv --reuid "$1" --regid "$1" --init-groups env HOME=/tmp "${@:2}"); }

start_udev() {
    rm -f /etc/udev/rules.d/*qkdctl*
    /lib/systemd/systemd-udevd --daemon
    eventually 40 udevadm control --ping
}

# Rules are applied to what is plugged in already as well, as a replug would.
install_rules() { cp "$QKD_REPO"/udev/*.rules /etc/udev/rules.d/ && apply_rules; }
remove_rules() { rm -f /etc/udev/rules.d/*qkdctl* && apply_rules; }
apply_rules() {
    udevadm control --reload
    udevadm trigger --action=add --subsystem-match=usb --subsystem-match=tty --settle
}

# udev_property NODE NAME: what udev's database has, such as ID_MM_DEVICE_IGNORE.
udev_property() { udevadm info --query=property --name="$1" | sed -n "s/^$2=//p"; }

load_modules() {
    local module
    for module in "$@"; do modprobe "$module" || return 1; done
}

# gpio-sim, where scripts/kernel-modules has built them.
load_gpio_simulators() {
    modprobe configfs && { mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config; } || return 1
    insmod "$QKD_REPO/.build-kernel/modules/irq_sim.ko" && insmod "$QKD_REPO/.build-kernel/modules/gpio-sim.ko"
}

# source_sink: plugs the kernel's own gadget, an endless source of bulk data, into its own virtual controller.
source_sink() {
    local gadget=/sys/kernel/config/usb_gadget/source controller
    load_modules configfs libcomposite dummy_hcd usb_f_ss_lb || return 1
    mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config || return 1
    mkdir -p $gadget/{strings/0x409,configs/c.1,functions/SourceSink.0} || return 1
    echo 0x0525 >$gadget/idVendor
    echo 0xa4a0 >$gadget/idProduct
    echo 0x0200 >$gadget/bcdUSB
    echo SOURCE-1 >$gadget/strings/0x409/serialnumber
    echo 1 >$gadget/functions/SourceSink.0/pattern
    ln -s $gadget/functions/SourceSink.0 $gadget/configs/c.1/ || return 1
    controller=$(echo /sys/class/udc/*)
    echo "${controller##*/}" >$gadget/UDC && eventually 60 is_plugged 0525 a4a0
}
source_sink_gone() { echo >/sys/kernel/config/usb_gadget/source/UDC; }

# usb_attach [PORT [BUSID]]: plugs in what a USB/IP server has; USBIP_HOST=10.0.2.2 is the host's loopback.
usb_attach() { usbip --tcp-port "${1:-3240}" attach --remote="${USBIP_HOST:-127.0.0.1}" --busid="${2:-1-1}"; }

# usb_detach [PORT [BUSID]]: unplugs that device of that server, or all devices of all servers.
# shellcheck disable=SC2120  # all is what report wants
usb_detach() {
    local record code=0
    for record in /run/vhci_hcd/port*; do
        [ -e "$record" ] || continue
        [ $# = 0 ] || grep -q " $1 ${2:-1-1}\$" "$record" || continue
        usbip detach --port="${record#*/port}" || code=1
    done
    return $code
}

# usb_device VENDOR PRODUCT: its folder in sysfs; usb_node: its node. A process costs 50 ms in the guest: none here.
usb_device() {
    local folder vendor product
    for folder in /sys/bus/usb/devices/*; do
        { read -r vendor <"$folder/idVendor" && read -r product <"$folder/idProduct"; } 2>/dev/null || continue
        [ "$vendor:$product" = "$1:$2" ] || continue
        echo "$folder"
        return
    done
    return 1
}
usb_node() {
    local folder bus number
    folder=$(usb_device "$1" "$2") || return 1
    { read -r bus <"$folder/busnum" && read -r number <"$folder/devnum"; } 2>/dev/null || return 1
    printf '/dev/bus/usb/%03d/%03d\n' "$bus" "$number"
}
is_plugged() { local node && node=$(usb_node "$1" "$2") && [ -c "$node" ] && udevadm settle; }

# replug_once PORT: a Quantis that a server there has is plugged in, open to whom it should be, and pulled.
replug_once() {
    usb_attach "$1" && eventually 60 is_plugged 0aba 0102 || return 1
    local node
    node=$(usb_node 0aba 0102)
    has_access "$node" '660 root:plugdev' && opens qkdin "$node" && not opens qkdout "$node" || return 1
    usb_detach "$1" && eventually 40 not test -e "$node" && eventually 40 not usb_device 0aba 0102
}

# access_of NODE: such as "660 root:plugdev".
access_of() { stat -c '%a %U:%G' "$1"; }
has_access() { [ "$(access_of "$1")" = "$2" ] || { access_of "$1" && return 1; }; }
# Opens for reading and writing, as libusb does.
# shellcheck disable=SC2016  # the inner shell expands
opens() { as_user "$1" sh -c 'exec 3<>"$1"' - "$2"; }

# emulate PORT WHAT...: an emulator on USB/IP, until stop_emulators.
emulate() {
    local port=$1
    shift
    start_emulator "/run/emulator-$port.log" "usbip:.*:$port/" "$QKDCTL" emulate "$@" --usbip --usbip-port "$port"
}

# start_emulator LOG PATTERN COMMAND...: until it says that it stands, or ends.
start_emulator() {
    local log=$1 pattern=$2 end=$((SECONDS + 30)) pid
    shift 2
    "$@" >"$log" 2>&1 &
    pid=$!
    echo $pid >>/run/emulators
    until grep -q "$pattern" "$log"; do
        kill -0 $pid 2>/dev/null && [ "$SECONDS" -lt "$end" ] || { cat "$log" && return 1; }
        sleep 0.2
    done
}
stop_emulators() {
    local pid
    [ -e /run/emulators ] || return 0
    while read -r pid; do kill "$pid" 2>/dev/null; done </run/emulators
    rm -f /run/emulators /run/emulator-*.log
}

# swift_tests FILTER [SECONDS]: each test of the bundle counts; that none matches is a failure.
swift_tests() {
    local log=$QKD_OUT/swift-tests.log code=0 good bad
    # Which test hangs, if one does, is in the log: there is what started.
    NO_COLOR=1 timeout -k 5 "${2:-240}" "$TESTS" --testing-library swift-testing --no-parallel --filter "$1" 2>&1 |
        tee "$log" | grep -v --line-buffered ' started\.$'
    code=${PIPESTATUS[0]}
    good=$(grep -E '^\S+ Test .* passed after' "$log" | grep -vcE '^\S+ Test (run|case) ')
    bad=$(grep -E '^\S+ Test .* failed after' "$log" | grep -vcE '^\S+ Test (run|case) ')
    if [ "$code" != 0 ] && [ "$bad" = 0 ]; then
        echo "FAIL tests of $1: the bundle ended with $code" && bad=1
    elif [ "$good" = 0 ] && [ "$bad" = 0 ]; then
        echo "FAIL tests of $1: there are none" && bad=1
    fi
    passed=$((passed + good)) failed=$((failed + bad))
}

# shellcheck disable=SC2119
report() {
    usb_detach >/dev/null 2>&1
    stop_emulators
    echo "passed=$passed failed=$failed" >"$QKD_OUT/counts"
    [ "$failed" = 0 ]
    exit
}
