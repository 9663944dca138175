import QKDCore
import QKDTransport

/// Cuts the host's bytes into commands: they end with `;`, CR or LF, and case does not matter.
struct TDC1CommandReader {
    private var partial: [UInt8] = []

    mutating func take(_ bytes: [UInt8]) -> [[String]] {
        var commands: [[String]] = []
        for byte in bytes {
            guard byte == 0x3B || byte == 0x0D || byte == 0x0A else {
                if partial.count < 256 { partial.append(byte) }
                continue
            }
            let words = String(decoding: partial, as: UTF8.self).uppercased().split(separator: " ").map(String.init)
            if !words.isEmpty { commands.append(words) }
            partial = []
        }
        return commands
    }
}

extension SFifteenTDC1Emulator {
    /// Does one command. What the device does with an unknown one is not public; here it says nothing.
    func obey(_ command: [String]) {
        let argument = command.count > 1 ? command[1] : ""
        switch command[0] {
        case "*IDN?": queue.say("S-Fifteen Instruments,TDC1,\(DeviceIdentity.emulatedMark)-\(settings.unit),0")
        case "*RST": reset()
        case "HELP": help()
        case "SINGLES": choose(.singles)
        case "PAIRS": choose(.pairs)
        case "TIMESTAMP": choose(.timestamp)
        case "MODE?": queue.say("\(mode.rawValue)")
        case "TIME": if let value = UInt16(argument) { gateMS = Int(value) }
        case "TIME?": queue.say("\(Int16(truncatingIfNeeded: gateMS))")
        case "COUNTS?": startGate()
        case "INPKT": queue.flush()
        case "ABORT": abort()
        case "STATUS?": queue.say(statusText)
        default: obeySetting(command[0], argument)
        }
    }

    private func obeySetting(_ command: String, _ argument: String) {
        switch command {
        case "NIM": thresholdVolts = -0.5
        case "TTL": thresholdVolts = 1.2
        case "NEG", "POS": if let volts = Double(argument), abs(volts) <= 3.3 { thresholdVolts = volts }
        case "LEVEL?": queue.say("\(thresholdVolts) V")
        case "REFCLK": if let number = Int(argument), (0...2).contains(number) { referenceChoice = number }
        case "REFCLK?": queue.say("\(referenceChoice)")
        case "ECLOCK?": queue.say("0")
        default: break
        }
    }

    private func choose(_ mode: Mode) {
        abort()
        self.mode = mode
    }

    private func startGate() {
        hasOverflowed = false
        let endPS = gateMS == 0 ? nil : worldPS + Int64(gateMS) * Picoseconds.perMillisecond
        gate = Gate(mode: mode, endPS: endPS)
        stamper.restart()
        note("\(mode) started" + (gateMS == 0 ? "" : ", gate \(gateMS) ms"))
    }

    private func abort() {
        guard gate != nil else { return }
        if gate?.mode == .timestamp { queue.append(stamper.rest()) }
        gate = nil
        note("stopped")
    }

    private func reset() {
        abort()
        mode = .singles
        gateMS = 1000
        thresholdVolts = -0.5
        referenceChoice = 0
        hasOverflowed = false
    }

    private func help() {
        queue.say("\(DeviceIdentity.emulatedMark) TDC1: *IDN? *RST help singles pairs timestamp mode? time time?")
        queue.say("counts? NIM TTL NEG POS level? REFCLK REFCLK? ECLOCK? INPKT abort status?")
    }

    private var statusText: String { hasOverflowed ? "0010 " : "0000 " }
}
