import CQKDSystem
import Foundation
import Glibc
import QKDCore

/// A raw pty: the emulator talks on the master, any serial client opens `path`.
public struct PseudoTerminal: Sendable {
    /// The slave's path, for clients.
    public let path: String
    /// The emulator's end.
    public let device: ChannelTransport
    private let keptSlave: KeptDescriptor

    /// Makes a pty; throws `io` when the system has none left.
    public static func open() async throws -> PseudoTerminal {
        var master: CInt = -1
        var slave: CInt = -1
        var name = [CChar](repeating: 0, count: 128)
        let result = qkd_pty_open(&master, &slave, &name, name.count)
        guard result == 0 else { throw QKDError(.io, "cannot make a pty", code: -result) }
        let path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let keptSlave = KeptDescriptor(slave)
        let device = try await SerialTransport.adopt(descriptor: master, endpoint: "pty:\(path)")
        return PseudoTerminal(path: path, device: device, keptSlave: keptSlave)
    }

    /// Closes both ends; a client sees a hang-up. May be called twice.
    public func close() async {
        await device.close()
        keptSlave.close()
    }
}

/// A descriptor that is closed once: its number is somebody else's as soon as it is closed.
private final class KeptDescriptor: @unchecked Sendable {
    private let lock = NSLock()
    private var descriptor: CInt?

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close() }

    func close() {
        let descriptor = lock.withLock {
            defer { self.descriptor = nil }
            return self.descriptor
        }
        if let descriptor { Glibc.close(descriptor) }
    }
}
