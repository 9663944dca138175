import Glibc
import QKDCore

/// A listening socket on the loopback without any event loop, to hang up and misbehave with.
final class PlainServer: Sendable {
    let port: Int
    private let listener: CInt

    init() throws {
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard result else { throw QKDError(.io, "no listening socket", code: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Takes the next connection; the caller closes the descriptor.
    func accept() async throws -> CInt {
        var connection: CInt = -1
        let accepted = try await eventually {
            connection = Glibc.accept(listener, nil, nil)
            return connection >= 0
        }
        guard accepted else { throw QKDError(.timeout, "nobody connects") }
        return connection
    }

    /// Stops listening; connections that nobody took are reset.
    func stop() { close(listener) }
}
