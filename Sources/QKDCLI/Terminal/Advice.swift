import QKDCore

/// An error with what to try, from a command that knows better than the kind of the error says.
struct AdvisedError: Error {
    var error: QKDError
    var remedy: String
}

/// What the command line makes of an error: an exit code, a cause and what to try.
enum Advice {
    /// Exit codes: 0 ok, 1 failure, 2 not healthy or no lock, 64 usage, 69 device absent, 75 busy, 77 no
    /// permission, 130 interrupted.
    static func exitCode(_ kind: QKDError.Kind) -> Int32 {
        switch kind {
        case .absent: 69
        case .busy: 75
        case .permissionDenied: 77
        case .interrupted: 130
        case .unhealthy, .noLock: 2
        case .invalidInput, .outOfRange: 64
        case .disconnected, .timeout, .protocolViolation, .refused, .unsupported, .dataLoss, .io: 1
        }
    }

    /// What a user may try, or `nil` where the message says it all.
    static func remedy(_ error: QKDError) -> String? {
        let source = error.place?.source ?? ""
        switch error.kind {
        case .permissionDenied where source.hasPrefix("/dev/bus/usb/"):
            return
                "install the udev rules (see README) and join the group 'plugdev'; 'qkdctl doctor' tells which is missing"
        case .permissionDenied where source.hasPrefix("/dev/gpiochip"):
            return "let a udev rule give the chip to a group of yours; 'qkdctl doctor' tells more"
        case .permissionDenied where source.hasPrefix("/dev/"):
            return "install the udev rules (see README) or join the group 'dialout'; 'qkdctl doctor' tells which"
        case .permissionDenied: return "check the file's owner and mode"
        case .absent where source.hasPrefix("/dev/") || source.hasPrefix("usb:"):
            return "check the cable and power; 'qkdctl list' shows what is attached"
        case .absent where source.hasPrefix("tcp:") || source.hasPrefix("http:"):
            return "check the address, the network and the device's power"
        case .absent: return nil
        case .busy where source.hasPrefix("usb:"):
            return "close the other program that has claimed the device, or unplug and replug it"
        case .busy where ["tcp:", "http:", "usbip:"].contains(where: source.hasPrefix):
            return "choose another port, or end the program that listens at this one"
        case .busy where source.hasPrefix("/dev/gpiochip"): return "end the program that holds the line"
        case .busy: return "close the other program ('fuser -v \(source)' names it), or unplug and replug the device"
        case .disconnected: return "check the cable and power, then run the command again"
        case .timeout: return "check that the device is on and is the one that the bench names"
        case .protocolViolation: return "the answer is not this driver's protocol: check the driver and the address"
        case .noLock:
            return
                "check Bob's light and channel map; with few tags, disclose more slots (disclose_one_in) or use longer frames"
        case .dataLoss: return "the file was cut short: copy it again, or use what was read"
        case .unsupported, .refused, .outOfRange, .invalidInput, .unhealthy, .interrupted, .io: return nil
        }
    }
}
