import QKDCore
import QKDTransport

/// How transcripts write what goes over USB: one host line a transfer, and one device line for what it brought.
///
/// A host line begins with the endpoint, in hex: `80` and the eight bytes of a setup for a control transfer that reads,
/// `00`, the setup and its data for one that writes; an OUT endpoint and the bytes; an IN endpoint and the length that
/// is asked for, four bytes, the lowest first. A control transfer that stalls has no device line.
public enum USBScript {
    /// A control transfer's host line.
    static func line(_ setup: USBSetup, _ data: [UInt8]) -> [UInt8] { [setup.isIn ? 0x80 : 0x00] + setup.bytes + data }

    /// An IN transfer's host line.
    static func line(read length: Int, from endpoint: UInt8) -> [UInt8] {
        [endpoint] + (0..<4).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
    }

    /// Makes the transfer of a host line; returns what the device gave.
    static func perform(_ line: [UInt8], on connection: any USBConnection) async throws -> [UInt8] {
        let (endpoint, rest) = (line[0], Array(line.dropFirst()))
        if endpoint & 0x7F == 0 {
            guard let setup = USBSetup(rest.prefix(8)) else {
                throw QKDError(.invalidInput, "a control transfer has a setup of eight bytes")
            }
            return try await connection.control(setup, data: Array(rest.dropFirst(8)), timeout: .seconds(1))
        }
        guard endpoint & 0x80 != 0 else {
            try await connection.write(rest, to: endpoint, timeout: .seconds(1))
            return []
        }
        let length = rest.reversed().reduce(0) { $0 << 8 | Int($1) }
        return try await connection.read(length, from: endpoint, timeout: .seconds(1))
    }
}

extension TranscriptRunner {
    /// Plays one scene to an emulator on USB; returns what differed. Time moves on `wait` lines, and while a transfer
    /// waits for the device.
    public static func play(
        _ scene: Transcript.Scene, of source: String, toUSB emulator: any USBEmulator
    ) async -> [String] {
        let clock = ManualClock()
        let connection = await USBLoopback.open(USBPort(emulator, clock: clock), clock: clock)
        var findings: [String] = []
        var given: [UInt8] = []
        do {
            try await setUp(connection, emulator)
        } catch {
            return ["\(source):\(scene.line): \(error)"]
        }
        for item in scene.items {
            let place = "\(source):\(item.line)"
            switch item.event {
            case .host(let bytes):
                if !given.isEmpty {
                    findings.append("\(place): the emulator also gave '\(TranscriptBytes.encode(given))'")
                }
                do {
                    given = try await USBScript.perform(bytes, on: connection)
                } catch {
                    findings.append("\(place): \(error)")
                }
            case .device(let expected):
                if given != expected {
                    findings.append(
                        "\(place): expected '\(TranscriptBytes.encode(expected))', "
                            + "the emulator gave '\(TranscriptBytes.encode(given))'")
                }
                given = []
            case .wait(let durationPS): await clock.advance(byPS: durationPS)
            }
        }
        return findings
    }

    /// Chooses the alternate setting that has endpoints.
    private static func setUp(_ connection: any USBConnection, _ emulator: any USBEmulator) async throws {
        for interface in emulator.description.interfaces where !interface.endpoints.isEmpty {
            try await connection.claim(interface: interface.number, alternate: interface.alternate)
        }
    }

    /// Plays one scene to a driver on USB; see `play(_:of:toDriver:)`.
    public static func playUSB(
        _ scene: Transcript.Scene, of source: String,
        toDriver body: (ScriptedUSB, ManualClock) async throws -> Void
    ) async -> [String] {
        await play(scene, of: source) { (transport: ScriptedTransport, clock: ManualClock) in
            try await body(ScriptedUSB(transport), clock)
        }
    }
}

/// The driver's side of a scripted USB device: every transfer must be the scene's next host line.
public final class ScriptedUSB: USBConnection {
    public let endpoint: String
    public let facts = USBDeviceFacts(
        bus: 0, address: 0, vendorID: 0, productID: 0, product: "scripted", serialNumber: "SCRIPT")
    public let interfaces: [USBInterface] = []
    private let script: ScriptedTransport

    init(_ script: ScriptedTransport) {
        self.script = script
        endpoint = script.endpoint
    }

    public func claim(interface: UInt8, alternate: UInt8) async throws {}

    public func control(_ setup: USBSetup, data: [UInt8], timeout: Duration) async throws -> [UInt8] {
        try await script.write(USBScript.line(setup, data))
        return setup.isIn ? try await script.read(timeout: timeout) : []
    }

    public func write(_ bytes: [UInt8], to endpoint: UInt8, timeout: Duration) async throws {
        try await script.write([endpoint] + bytes)
    }

    public func read(_ length: Int, from endpoint: UInt8, timeout: Duration) async throws -> [UInt8] {
        try await script.write(USBScript.line(read: length, from: endpoint))
        return try await script.read(timeout: timeout)
    }

    /// Nothing ever comes: scenes have no streams.
    public func stream(from endpoint: UInt8, _ shape: USBStreamShape) async throws -> any USBInStream { SilentStream() }

    public func clearHalt(_ endpoint: UInt8) async throws {}

    public func close() async { await script.close() }

    public var counters: TransportCounters { script.counters }

    private struct SilentStream: USBInStream {
        func next(timeout: Duration) async throws -> [UInt8] {
            try await Task.sleep(for: timeout)
            throw QKDError(.timeout, "the script has no stream")
        }
        func aim(length: Int) {}
        func close() async {}
    }
}
