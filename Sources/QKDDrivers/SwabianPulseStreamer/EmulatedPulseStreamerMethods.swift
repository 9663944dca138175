import Foundation
import QKDCore

/// The emulated Pulse Streamer's JSON-RPC methods: names, parameters and answers of PyPI
/// `pulsestreamer` 2.1.2 (jrpc client; types of the answers from its gRPC description).
struct EmulatedPulseStreamerMethods {
    /// An answer that is an error.
    struct Refusal: Error {
        var code: Int
        var message: String

        static let parseError = Refusal(code: -32_700, message: "Parse error")
        static let invalidRequest = Refusal(code: -32_600, message: "Invalid Request")
        static let invalidParameters = Refusal(code: -32_602, message: "Invalid params")
        static func unknown(_ method: String) -> Refusal {
            Refusal(code: -32_601, message: "Method not found: \(method)")
        }
        static func device(_ message: String) -> Refusal { Refusal(code: -32_000, message: message) }
    }

    /// Who the device says it is.
    struct Identity: Sendable {
        /// A MAC address, since the vendor's client searches for one; locally administered.
        var serial: String
        /// The vendor's clients read the version up to the first blank.
        var firmware = "2.1.2 \(DeviceIdentity.emulatedMark)"
        var hardware = "2.0"
        var fpga = "00E0E0E0E0E0E0E0"

        init(unit: Int) {
            let digits = String(unit & 0xFF, radix: 16, uppercase: true)
            serial = "02:00:00:00:00:" + (digits.count == 1 ? "0" : "") + digits
        }
    }

    let identity: Identity
    let name: String
    let parameters: [RPCValue]

    /// Does what the request asks and returns its result.
    func run(on state: inout EmulatedPulseStreamerState) throws(Refusal) -> RPCValue {
        if let answer = identityAnswer(state) { return answer }
        if let answer = stateAnswer(state) { return answer }
        if let answer = try output(&state) { return answer }
        if let answer = try setting(&state) { return answer }
        throw .unknown(name)
    }

    private func identityAnswer(_ state: EmulatedPulseStreamerState) -> RPCValue? {
        switch name {
        // Firmware before 1.1 has 0 for the FPGA's number and 1 for the MAC address.
        case "getSerial": .text(parameters.first == .integer(0) ? identity.fpga : identity.serial)
        case "getFPGAID": .text(identity.fpga)
        case "getFirmwareVersion": .text(identity.firmware)
        case "getHardwareVersion": .text(identity.hardware)
        case "getHostname": .text(state.hostname)
        case "getNetworkConfiguration":
            .object(["dhcp": .flag(true), "ip": .text(""), "netmask": .text(""), "gateway": .text("")])
        case "getSupplyState":
            .object(["Current/A": .number(0.8), "Voltage_12/V": .number(12), "Voltage_3.3/V": .number(3.3)])
        default: nil
        }
    }

    private func stateAnswer(_ state: EmulatedPulseStreamerState) -> RPCValue? {
        var isPlaying = false
        if case .playing = state.phase { isPlaying = true }
        return switch name {
        case "isStreaming": .integer(isPlaying ? 1 : 0)
        case "hasSequence": .integer(state.sequence == nil ? 0 : 1)
        case "hasFinished": .integer(state.phase == .finished ? 1 : 0)
        case "getStreamingState": streamingState(state)
        case "getUnderflow": .integer(state.hasUnderflowed ? 1 : 0)
        case "getStatusRegister": .integer(0)
        case "getTemperature": .number(state.temperatureCelsius)
        case "getClock": .integer(state.clockSource)
        case "getTriggerStart": .integer(state.triggerStart)
        case "getTriggerRearm": .integer(state.triggerRearm)
        case "getAnalogCalibration":
            .object(Dictionary(uniqueKeysWithValues: zip(Self.calibrationKeys, state.calibration.map { .number($0) })))
        default: nil
        }
    }

    private static let calibrationKeys = ["dc_offset_a0", "dc_offset_a1", "slope_a0", "slope_a1"]

    /// States: 0 idling, 2 streaming, 3 finished; conditions: 0 none, 1 trigger, 2 rearm (the client's enums).
    private func streamingState(_ state: EmulatedPulseStreamerState) -> RPCValue {
        let (code, condition) =
            switch state.phase {
            case .idle: (0, 0)
            case .armed: (0, 1)
            case .playing: (2, 0)
            case .finished: (3, state.triggerRearm == 1 ? 2 : 0)
            }
        return .object(["State": .integer(code), "StateCondition": .integer(condition), "ErrorMessage": .text("")])
    }

    private func output(_ state: inout EmulatedPulseStreamerState) throws(Refusal) -> RPCValue? {
        switch name {
        case "reset", "reboot": state.reset()
        case "constant": state.setConstant(try outputState(0))
        case "forceFinal": state.forceFinal()
        case "stream": state.load(try sequence())
        case "startNow":
            guard state.startNow() else { throw .device("no sequence waits for a software trigger") }
        case "rearm": return .integer(state.rearm() ? 1 : 0)
        case "setSquareWave125MHz": state.setSquareWave(lines: UInt8(try integer(0, in: 0...255)))
        default: return nil
        }
        return .integer(0)
    }

    private func setting(_ state: inout EmulatedPulseStreamerState) throws(Refusal) -> RPCValue? {
        switch name {
        case "setTrigger":
            let rearm = parameters.count > 1 ? try integer(1, in: 0...1) : 0
            state.setTrigger(start: try integer(0, in: 0...4), rearm: rearm)
        case "selectClock": state.clockSource = try integer(0, in: 0...2)
        case "setHostname":
            guard let hostname = parameters.first?.asText, !hostname.isEmpty else { throw .invalidParameters }
            state.hostname = hostname
        case "setAnalogCalibration":
            let values = parameters.compactMap(\.asNumber)
            guard values.count == 4 else { throw .invalidParameters }
            state.calibration = values
        case "setNetworkConfiguration", "applyNetworkConfiguration": break  // the network here is the host's
        default: return nil
        }
        return .integer(0)
    }

    private func integer(_ index: Int, in range: ClosedRange<Int>) throws(Refusal) -> Int {
        guard index < parameters.count, let value = parameters[index].asInteger, range.contains(value) else {
            throw .invalidParameters
        }
        return value
    }

    /// Ticks (passed over), lines, analog 0, analog 1.
    private func outputState(_ index: Int) throws(Refusal) -> EmulatedPulseState {
        guard index < parameters.count, case .list(let fields) = parameters[index], fields.count == 4,
            let lines = fields[1].asInteger.flatMap(UInt8.init(exactly:)),
            let analog0 = fields[2].asInteger.flatMap(Int16.init(exactly:)),
            let analog1 = fields[3].asInteger.flatMap(Int16.init(exactly:))
        else { throw .invalidParameters }
        return EmulatedPulseState(lines: lines, analog0: analog0, analog1: analog1)
    }

    private func sequence() throws(Refusal) -> EmulatedPulseSequence {
        guard parameters.count == 3, let text = parameters[0].asText, let data = Data(base64Encoded: text),
            data.count % EmulatedPulseSequence.recordByteCount == 0, let runs = parameters[1].asInteger
        else { throw .invalidParameters }
        let final = try outputState(2)
        let steps = data.count / EmulatedPulseSequence.recordByteCount
        let result = data.withUnsafeBytes { bytes in
            Result { () throws(EmulatedPulseSequence.Refusal) in
                try EmulatedPulseSequence(records: bytes, steps: steps, runs: Int64(runs), final: final)
            }
        }
        switch result {
        case .success(let sequence): return sequence
        case .failure(let refusal): throw .device("sequence refused: \(refusal)")
        }
    }
}
