import Foundation
import QKDCore

/// Sends a ring of records over loopback TCP, as fast as the other side takes them, for a while.
///
/// A thread of its own and the system's calls: what is to be timed is the receiver.
final class RingServer: @unchecked Sendable {
    /// Where it listens on 127.0.0.1.
    let port: Int
    private let lock = NSLock()
    private let done = DispatchSemaphore(value: 0)
    private var sent = 0
    private var isStopped = false

    /// Listens; sends to the first that connects. Throws what the system says.
    init(_ ring: RecordRing, seconds: Double) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw Self.failure("cannot make a socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isBound else {
            let failure = Self.failure("cannot listen")
            close(listener)
            throw failure
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            let connection = accept(listener, nil, nil)
            close(listener)
            if connection >= 0 {
                send(ring, to: connection, seconds: seconds)
                close(connection)
            }
            done.signal()
        }
    }

    /// All bytes that were sent; waits until sending has ended.
    var sentBytes: Int {
        done.wait()
        done.signal()
        return lock.withLock { sent }
    }

    /// Ends it early.
    func stop() { lock.withLock { isStopped = true } }

    private func send(_ ring: RecordRing, to connection: CInt, seconds: Double) {
        let end = Machine.wallSeconds + seconds
        var (offset, total) = (0, 0)
        ring.bytes.withUnsafeBytes { bytes in
            while Machine.wallSeconds < end, !lock.withLock({ isStopped }), let base = bytes.baseAddress {
                let count = min(bytes.count - offset, 1 << 18)
                let taken = write(connection, base + offset, count)
                guard taken > 0 else { break }
                total += taken
                offset = (offset + taken) % bytes.count
            }
        }
        lock.withLock { sent = total }
    }

    private static func failure(_ what: String) -> QKDError {
        QKDError(.io, "\(what) on 127.0.0.1: \(String(cString: strerror(errno)))", code: errno)
    }
}
