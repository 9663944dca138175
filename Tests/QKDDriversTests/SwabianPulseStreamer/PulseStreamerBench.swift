import Foundation
import QKDCore
import QKDTestKit
import QKDTransport

@testable import QKDDrivers

/// A driver on a fresh emulator, over HTTP and the binary port, on a clock that a test moves.
struct PulseStreamerBench: Sendable {
    let emulator = SwabianPulseStreamerEmulator()
    let clock = ManualClock()
    let http: HTTPEmulatorLink
    let uploads: UploadLinks
    let device: SwabianPulseStreamer

    init() async {
        http = HTTPEmulatorLink(emulator, clock: clock)
        let uploads = UploadLinks(emulator, clock)
        self.uploads = uploads
        device = SwabianPulseStreamer(http: http, openStream: { await uploads.open() }, clock: clock)
    }

    /// Three symbols, the last without light: 40 ns of 100 in each slot.
    static func frame(slots: Int) -> ModulationFrame {
        ModulationFrame(
            alphabet: [
                .init(lines: 0b01, analogVolts: 0.5), .init(lines: 0b11, analogVolts: -1),
                .init(lines: 0, analogVolts: 0),
            ],
            slotTicks: 100, pulseTicks: 40, symbols: (0..<slots).map { UInt8($0 * 7 % 3) })
    }

    /// Calls a method of the emulator as any client would; returns the result or the error's code.
    func call(_ method: String, _ parameters: RPCValue...) async throws -> RPCValue {
        try await device.callAny(method, parameters)
    }
}

extension SwabianPulseStreamer {
    func callAny(_ method: String, _ parameters: [RPCValue]) async throws -> RPCValue {
        let request = try PulseStreamerRPC.request(method, parameters, id: 77)
        let response = try await http.send(request, timeout: .seconds(1))
        return try PulseStreamerRPC.result(of: response, to: method, id: 77, at: "test")
    }
}

/// The connections to an emulator's binary port, and their faults.
final class UploadLinks: @unchecked Sendable {
    private let emulator: SwabianPulseStreamerEmulator
    private let clock: ManualClock
    private let lock = NSLock()
    private var links: [EmulatorLink] = []
    private var fault: WireFault?

    init(_ emulator: SwabianPulseStreamerEmulator, _ clock: ManualClock) {
        self.emulator = emulator
        self.clock = clock
    }

    func open() async -> any ByteTransport {
        let link = await EmulatorLink(await emulator.streamConversation(), clock: clock, named: "uploads")
        lock.withLock {
            link.inject(fault)
            links.append(link)
        }
        return link
    }

    func inject(_ fault: WireFault?) {
        lock.withLock {
            self.fault = fault
            for link in links { link.inject(fault) }
        }
    }

    /// Hangs up on all connections, as a device does after a while.
    func hangUp() async {
        for link in lock.withLock({ links }) { await link.close() }
    }

    var openedCount: Int { lock.withLock { links.count } }
    var written: Int { lock.withLock { links.reduce(0) { $0 + $1.counters.written } } }
}
