import Foundation
import QKDCore
import QKDTransport

/// The Pulse Streamer's side of its network ports: JSON-RPC over HTTP and the binary port.
///
/// Its outputs are what `takeOutputs` gives to the bench's model of the light. It owns up by the
/// remark in its firmware version, which the vendor's clients pass over.
public actor SwabianPulseStreamerEmulator: NetworkEmulator {
    public static let vendorPorts = NetworkPorts(http: 8050, stream: 21_328)

    /// What goes wrong on purpose.
    public enum Fault: Sendable, Equatable {
        /// The outputs ran out of data in a sequence.
        case underflow
        /// The temperature reads so, degrees Celsius.
        case temperature(celsius: Double)
        /// The next calls of this method are refused.
        case refuse(method: String, times: Int)
    }

    private let device = LockedPulseStreamer()
    private let identity: EmulatedPulseStreamerMethods.Identity
    private var refusals: [String: Int] = [:]

    /// Makes a device in its power-up state; `unit` tells several apart, in the serial number.
    public init(unit: Int = 1) { identity = .init(unit: unit) }

    public func streamConversation() -> any StreamEmulator { EmulatedPulseStreamerUpload(device) }

    public func respond(to request: HTTPRequestMessage, nowPS: Int64) -> HTTPResponseMessage {
        guard request.path == "/json-rpc" else { return HTTPResponseMessage(status: 404) }
        guard request.method == "POST" else { return HTTPResponseMessage(status: 405, headers: ["allow": "POST"]) }
        var id = RPCValue.null
        let answer: [String: RPCValue]
        do throws(EmulatedPulseStreamerMethods.Refusal) {
            let call = try parse(request.body, id: &id)
            answer = ["result": try run(call, nowPS: nowPS)]
        } catch {
            answer = ["error": .object(["code": .integer(error.code), "message": .text(error.message)])]
        }
        return Self.response(answer.merging(["jsonrpc": .text("2.0"), "id": id]) { $1 })
    }

    /// The changes of the outputs since the last call, in the order of time, up to `nowPS`.
    ///
    /// Nothing is said of the end of a sequence: `play` has its length and the levels that follow it.
    public func takeOutputs(nowPS: Int64) -> [PulserOutput] { device.with(nowPS: nowPS) { $0.takeOutputs() } }

    /// Whether an output may leave zero at `nowPS`: a sequence with light in it plays, or constant levels are on.
    public func isLit(nowPS: Int64) -> Bool { device.with(nowPS: nowPS) { $0.isLit } }

    /// What the outputs did since the last call: starts, ends (at the time at which they came), constant levels.
    ///
    /// The end of a sequence is among them as soon as anybody has told the emulator a time behind it.
    public func takeEvents() -> [EmulatorEvent] { device.with { $0.takeEvents() } }

    /// Makes something go wrong.
    public func inject(_ fault: Fault) {
        switch fault {
        case .underflow: device.with { $0.hasUnderflowed = true }
        case .temperature(let celsius): device.with { $0.temperatureCelsius = celsius }
        case .refuse(let method, let times): refusals[method] = times
        }
    }

    private typealias Refusal = EmulatedPulseStreamerMethods.Refusal

    private func parse(_ body: [UInt8], id: inout RPCValue) throws(Refusal) -> EmulatedPulseStreamerMethods {
        guard let value = try? JSONDecoder().decode(RPCValue.self, from: Data(body)) else { throw .parseError }
        guard case .object(let call) = value else { throw .invalidRequest }
        id = call["id"] ?? .null
        guard call["jsonrpc"] == .text("2.0"), let method = call["method"]?.asText else { throw .invalidRequest }
        switch call["params"] {
        case nil, .null?: return .init(identity: identity, name: method, parameters: [])
        case .list(let parameters)?: return .init(identity: identity, name: method, parameters: parameters)
        default: throw .invalidParameters
        }
    }

    private func run(_ call: EmulatedPulseStreamerMethods, nowPS: Int64) throws(Refusal) -> RPCValue {
        if let times = refusals[call.name], times > 0 {
            refusals[call.name] = times - 1
            throw .device("refused on purpose")
        }
        return try device.with(nowPS: nowPS) { state throws(Refusal) in try call.run(on: &state) }
    }

    private static func response(_ answer: [String: RPCValue]) -> HTTPResponseMessage {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(RPCValue.object(answer)) else { return HTTPResponseMessage(status: 500) }
        return HTTPResponseMessage(status: 200, headers: ["content-type": "application/json"], body: [UInt8](body))
    }
}

/// The device's state, which its HTTP server and the connections to its binary port share.
final class LockedPulseStreamer: @unchecked Sendable {
    private let lock = NSLock()
    private var state = EmulatedPulseStreamerState()

    /// Works on the state, after time has passed to `nowPS`.
    func with<Value, Failure: Error>(
        nowPS: Int64? = nil, _ work: (inout EmulatedPulseStreamerState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        lock.lock()
        defer { lock.unlock() }
        if let nowPS { state.pass(toPS: nowPS) }
        return try work(&state)
    }
}
