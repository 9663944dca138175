import Foundation
import NIOCore
import NIOPosix
import QKDCore

/// Stands emulated USB devices on a TCP port, for `usbip attach` on this machine or another.
public final class USBIPServer: Sendable {
    /// The port that is registered for USB/IP.
    public static let standardPort = 3240

    /// Devices have a thread of their own: closing a tty waits, on the thread of all other channels, for its device.
    static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// The port it stands on.
    public var port: Int { listener.port }
    private let listener: StreamListener
    private let shelf: Shelf

    /// Binds to `address`:`port` (0: any free port); the devices get the bus ids `1-1`, `1-2`, … in their order.
    ///
    /// Throws `busy`, `permissionDenied` or `outOfRange`.
    public static func start(
        _ emulators: [any USBEmulator], address: String, port: Int, clock: any BenchClock
    ) async throws -> USBIPServer {
        let shelf = Shelf(emulators, clock: clock)
        let listener = try await StreamListener.start(scheme: "usbip", address: address, port: port, on: loops) {
            await shelf.talk($0)
        }
        return USBIPServer(listener: listener, shelf: shelf)
    }

    private init(listener: StreamListener, shelf: Shelf) {
        self.listener = listener
        self.shelf = shelf
    }

    /// Has a device asked again: its time has moved.
    public func poll(_ busID: String) async { await shelf.port(busID)?.poll() }

    /// Transfers of a device that have ended well since it was attached: whether anything happens.
    public func endedTransfers(_ busID: String) async -> Int { await shelf.port(busID)?.endedTransfers ?? 0 }

    /// Pulls the cable of a device that a host has; whether one had it. It can be attached again.
    @discardableResult
    public func unplug(_ busID: String) async -> Bool { await shelf.unplug(busID) }

    /// Bus ids of the devices that a host has at this moment.
    public var attached: [String] { get async { await shelf.attached } }

    /// Stops listening and pulls every cable.
    public func stop() async {
        await listener.stopListening()
        await shelf.stop()
        await listener.hangUp()
    }
}

/// The devices that a server has, and the hosts that have them.
private actor Shelf {
    private let emulators: [any USBEmulator]
    private let clock: any BenchClock
    private var sessions: [Int: USBIPSession] = [:]

    init(_ emulators: [any USBEmulator], clock: any BenchClock) {
        self.emulators = emulators
        self.clock = clock
    }

    var attached: [String] { sessions.keys.sorted().map(Self.busID) }

    private static func busID(_ index: Int) -> String { "1-\(index + 1)" }

    /// The port of a device that a host has.
    func port(_ busID: String) -> USBPort? { session(busID)?.port }

    private func session(_ busID: String) -> USBIPSession? {
        sessions.first { Self.busID($0.key) == busID }?.value
    }

    func unplug(_ busID: String) async -> Bool {
        guard let session = session(busID) else { return false }
        await session.end()
        return true
    }

    func stop() async { for session in sessions.values { await session.end() } }

    /// Answers a client's operations; after an import the connection is the device's.
    nonisolated func talk(_ transport: any ByteTransport) async {
        var reader = ByteReader(transport)
        do {
            let head = try await reader.bytes(8, timeout: .seconds(10))
            switch USBIPFrames.Operation(rawValue: UInt16(head[2]) << 8 | UInt16(head[3])) {
            case .listDevices: try await transport.write(await list())
            case .importDevice:
                let name = try await reader.bytes(32, timeout: .seconds(10)).prefix { $0 != 0 }
                try await give(String(decoding: name, as: UTF8.self), transport, &reader)
            case nil: break
            }
        } catch {
            // A client that is no USB/IP client, or left in the middle, harms nobody but itself.
        }
        await transport.close()
    }

    private func list() -> [UInt8] {
        emulators.enumerated().reduce(
            USBIPFrames.reply(.listDevices, .done) + UInt32(emulators.count).bigBytes
        ) { bytes, row in
            let description = row.element.description
            return bytes
                + USBIPFrames.device(description, busID: Self.busID(row.offset), number: UInt32(row.offset + 2))
                + USBIPFrames.interfaces(description)
        }
    }

    private nonisolated func give(
        _ busID: String, _ transport: any ByteTransport, _ reader: inout ByteReader
    ) async throws {
        switch await take(busID, for: transport) {
        case .failure(let refusal): try await transport.write(USBIPFrames.reply(.importDevice, refusal.status))
        case .success(let session):
            do {
                let description = session.port.emulator.description
                try await transport.write(
                    USBIPFrames.reply(.importDevice, .done)
                        + USBIPFrames.device(description, busID: busID, number: 2))
                try await session.run(&reader)
            } catch {
                await session.end()
            }
            await giveBack(busID)
        }
    }

    private struct Refusal: Error {
        var status: USBIPFrames.OperationStatus
    }

    private func take(_ busID: String, for transport: any ByteTransport) -> Result<USBIPSession, Refusal> {
        guard let index = emulators.indices.first(where: { Self.busID($0) == busID }) else {
            return .failure(Refusal(status: .noDevice))
        }
        guard sessions[index] == nil else { return .failure(Refusal(status: .busy)) }
        let session = USBIPSession(USBPort(emulators[index], clock: clock), on: transport)
        sessions[index] = session
        return .success(session)
    }

    private func giveBack(_ busID: String) {
        if let index = emulators.indices.first(where: { Self.busID($0) == busID }) { sessions[index] = nil }
    }
}
