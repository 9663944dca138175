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
    public let port: Int
    private let server: any Channel
    private let children: ChildChannels
    private let shelf: Shelf

    /// Binds to `address`:`port` (0: any free port); the devices get the bus ids `1-1`, `1-2`, … in their order.
    ///
    /// Throws `busy`, `permissionDenied` or `outOfRange`.
    public static func start(
        _ emulators: [any USBEmulator], address: String, port: Int, clock: any BenchClock
    ) async throws -> USBIPServer {
        try PortNumber.check(port, from: 0, endpoint: "usbip:\(address):\(port)")
        let children = ChildChannels()
        let shelf = Shelf(emulators, clock: clock)
        do {
            let server = try await ServerBootstrap(group: loops)
                .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(
                    ChannelOptions.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 18)
                )
                .childChannelInitializer { channel in
                    children.add(channel)
                    let endpoint = "usbip:\(channel.remoteAddress?.description ?? "client")"
                    return ChannelTransport.install(on: channel, endpoint: endpoint).map { inbox in
                        let transport = ChannelTransport(endpoint: endpoint, channel: channel, inbox: inbox)
                        Task { await shelf.talk(transport) }
                    }
                }
                .bind(host: address, port: port)
                .get()
            return USBIPServer(
                port: server.localAddress?.port ?? port, server: server, children: children, shelf: shelf)
        } catch {
            throw ChannelFailure.named(error, endpoint: "usbip:\(address):\(port)")
        }
    }

    private init(port: Int, server: any Channel, children: ChildChannels, shelf: Shelf) {
        self.port = port
        self.server = server
        self.children = children
        self.shelf = shelf
    }

    /// Has the devices asked again: their time has moved.
    public func poll() async { await shelf.poll() }

    /// Transfers that have ended well since the devices were attached: whether anything happens.
    public var endedTransfers: Int { get async { await shelf.endedTransfers } }

    /// Pulls the cable of a device that a host has; whether one had it. It can be attached again.
    @discardableResult
    public func unplug(_ busID: String) async -> Bool { await shelf.unplug(busID) }

    /// Bus ids of the devices that a host has at this moment.
    public var attached: [String] { get async { await shelf.attached } }

    /// Stops listening and pulls every cable.
    public func stop() async {
        try? await server.close().get()  // "already closed" is what we want
        await shelf.stop()
        await children.closeAll()
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

    func poll() async { for session in sessions.values { await session.port.poll() } }

    var endedTransfers: Int {
        get async {
            var count = 0
            for session in sessions.values { count += await session.port.endedTransfers }
            return count
        }
    }

    func unplug(_ busID: String) async -> Bool {
        guard let session = sessions.first(where: { Self.busID($0.key) == busID })?.value else { return false }
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
