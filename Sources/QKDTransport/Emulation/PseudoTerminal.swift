import CQKDSystem
import Glibc
import QKDCore

/// A raw pty: the emulator talks on the master, any serial client opens `path`.
public struct PseudoTerminal: Sendable {
    /// The slave's path, for clients.
    public let path: String
    /// The emulator's end.
    public let device: ChannelTransport
    private let keptSlave: CInt

    /// Makes a pty; throws `io` when the system has none left.
    public static func open() async throws -> PseudoTerminal {
        var master: CInt = -1
        var slave: CInt = -1
        var name = [CChar](repeating: 0, count: 128)
        let result = qkd_pty_open(&master, &slave, &name, name.count)
        guard result == 0 else { throw QKDError(.io, "cannot make a pty", code: -result) }
        let path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let device = try await SerialTransport.adopt(descriptor: master, endpoint: "pty:\(path)")
        return PseudoTerminal(path: path, device: device, keptSlave: slave)
    }

    /// Closes both ends; a client sees a hang-up.
    public func close() async {
        await device.close()
        Glibc.close(keptSlave)
    }
}
