#!/usr/bin/env bash
# Asks udev itself what the rules do to made-up devices: udev_rules.sh [FOLDER OF RULES]
# Needs root, udevadm, umockdev-run and unshare. Nothing outside of a mount namespace of its own is touched.
set -euo pipefail

# What is plugged in, and what udev has to make of it. Kinds: tty of a USB device, the USB device itself (usb), or one
# of its interfaces. "-": not ours, so left alone.
devices() {
    cat <<'END'
#kind      id        product text              driver             group    mode  tag
tty        04b4:f230 TDC1                      sfifteen-tdc1      dialout  0660  uaccess
tty        0403:6001 S-Fifteen TDC1 v2         sfifteen-tdc1      dialout  0660  uaccess
tty        04b4:f230 USB-UART bridge           -                  -        -     -
tty        0403:6001 FT232R USB UART           -                  -        -     -
tty        0403:6001 tdc1                      -                  -        -     -
tty        0aba:0102 Quantis USB               -                  -        -     -
usb        0aba:0102 Quantis USB               idq-quantis-usb    plugdev  0660  uaccess
usb        0aba:0102 Another name              idq-quantis-usb    plugdev  0660  uaccess
usb        0aba:0101 Quantis USB               -                  -        -     -
usb        0abb:0102 Quantis USB               -                  -        -     -
interface  0aba:0102 Quantis USB               -                  -        -     -
usb        04b4:1234 Timestamp Card            nus-fx2-timestamp  plugdev  0660  uaccess
usb        04b4:1234 NUS Timestamp Card 2      nus-fx2-timestamp  plugdev  0660  uaccess
usb        04b4:1234 FX2 logic analyser        -                  -        -     -
usb        04b4:8613 Timestamp Card            -                  -        -     -
usb        1234:1234 Timestamp Card            -                  -        -     -
interface  04b4:1234 Timestamp Card            -                  -        -     -
usb        1d6b:0002 xHCI Host Controller      -                  -        -     -
END
}

each_device() {
    local line number=0 pattern='^([a-z]+) +([0-9a-f]{4}):([0-9a-f]{4}) (.{25}) ([^ ]+) +([^ ]+) +([^ ]+) +([^ ]+)$'
    while IFS= read -r line; do
        [ "${line:0:1}" != '#' ] || continue
        [[ $line =~ $pattern ]] || {
            echo "error: the table has a bad line: $line" >&2
            exit 2
        }
        number=$((number + 1))
        kind=${BASH_REMATCH[1]} vendor=${BASH_REMATCH[2]} id=${BASH_REMATCH[3]}
        text=${BASH_REMATCH[4]}
        text=${text%"${text##*[! ]}"}
        driver=${BASH_REMATCH[5]} group=${BASH_REMATCH[6]} mode=${BASH_REMATCH[7]} tag=${BASH_REMATCH[8]}
        usb=/devices/usb$number
        case $kind in
            tty) path=$usb/tty/ttyUSB$number ;;
            interface) path=$usb/$number-1:1.0 ;;
            *) path=$usb ;;
        esac
        "$1" "$number"
    done < <(devices)
}

# In the format of umockdev-run --device.
describe() {
    local node
    node=$(printf 'bus/usb/009/%03d' "$1")
    printf 'P: %s\nN: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=/dev/%s\n' "$usb" "$node" "$node"
    printf 'A: idVendor=%s\nA: idProduct=%s\nA: product=%s\n\n' "$vendor" "$id" "$text"
    case $kind in
        tty) printf 'P: %s\nE: SUBSYSTEM=tty\nE: DEVNAME=/dev/%s\nA: dev=188:%d\n\n' "$path" "${path##*/}" "$1" ;;
        interface) printf 'P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n\n' "$path" ;;
    esac
}

passed=0 failed=0
check() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok    $1"
    else
        failed=$((failed + 1))
        echo "FAIL  $1: expected '$3', not '$2'"
    fi
}

# The value of a property in udevadm's closing list.
property() { sed -n "s/^ *$1=//p" <<<"$said" | tail -n 1; }
# What the last rule to say so set GROUP or MODE to.
assigned() { grep -oE "rules:[0-9]+ $1 [0-9]+" <<<"$said" | tail -n 1 | grep -oE '[0-9]+$' || true; }
tagged() { if [[ $(property TAGS) == *:"$1":* ]]; then echo "$1"; else echo -; fi; }

ask_udev() {
    local wanted_group=- name="$kind $vendor:$id '$text'" got_driver got_group got_mode
    # Before "add", for udev remembers a device's properties.
    said=$(udevadm test --action=remove "/sys$path" 2>&1) || true
    said_all+=$said$'\n'
    [ "$driver" = - ] || check "$name is left alone when it goes" "$(property QKDCTL_DRIVER)" ""
    said=$(udevadm test --action=add "/sys$path" 2>&1) || true
    said_all+=$said$'\n'
    [ "$group" = - ] || wanted_group=$(getent group "$group" | cut -d: -f3)
    got_driver=$(property QKDCTL_DRIVER) got_group=$(assigned GROUP) got_mode=$(assigned MODE)
    # The path shows that udev has got as far as the rules; otherwise "left alone" would mean nothing.
    check "$name: path, driver, group, mode, tag" \
        "$(property DEVPATH) ${got_driver:--} ${got_group:--} ${got_mode:--} $(tagged uaccess)" \
        "$path $driver ${wanted_group:-unknown} $mode $tag"
}

inside() {
    local file complaints read
    said_all=
    each_device ask_udev
    for file in /run/udev/rules.d/*.rules; do
        grep -q "Reading rules file: $file" <<<"$said_all" && read=yes || read=no
        check "${file##*/} is read" "$read" yes
        # udev before 254 does not mind; later ones warn.
        check "${file##*/} has its commas" "$(grep -nE '^[^#]*"[[:space:]]+[A-Z]' "$file" || true)" ""
    done
    # Of a sound rule udev only tells what it assigns, with the device's name before the file's.
    complaints=$(grep -E '\.rules:[0-9]+:? ' <<<"$said_all" |
        grep -vE '^[^ ]+: [^ ]+\.rules:[0-9]+ ((GROUP|OWNER) [0-9]+|MODE [0-7]+|(LINK|RUN) .*)$' | sort -u || true)
    check "udev complains about no rule" "$complaints" ""
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

# udevadm writes to /run and /dev, and reads more rules than ours.
enter() {
    local folder
    mount -t tmpfs none /run
    mkdir -p /run/udev/rules.d /run/empty
    cp "$1"/*.rules /run/udev/rules.d/
    for folder in /etc/udev/rules.d /usr/lib/udev/rules.d /lib/udev/rules.d /usr/local/lib/udev/rules.d; do
        [ ! -d "$folder" ] || mount --bind /run/empty "$folder"
    done
    mkdir /run/dev
    mount -t tmpfs none /run/dev
    mknod -m 666 /run/dev/null c 1 3
    ln -s /proc/self/fd /run/dev/fd
    mount --move /run/dev /dev
    each_device describe >/run/devices.umockdev
    exec umockdev-run --device /run/devices.umockdev -- "$BASH" "$script" --inside
}

script=$(realpath "${BASH_SOURCE[0]}")
case ${1:-} in
    --inside) inside ;;
    --enter) enter "$2" ;;
    *)
        [ "$(id -u)" = 0 ] || {
            echo "error: only root can make the mount namespace: sudo $0" >&2
            exit 2
        }
        rules=$(realpath "${1:-$(dirname "$script")/../../udev}")
        [ -n "$(ls "$rules"/*.rules 2>/dev/null)" ] || {
            echo "error: no rules in $rules" >&2
            exit 2
        }
        exec unshare --mount --propagation private -- "$BASH" "$script" --enter "$rules"
        ;;
esac
