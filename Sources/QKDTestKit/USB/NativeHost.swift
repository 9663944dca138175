import Foundation
import Glibc
import QKDCore

/// The control socket of the host that answers usbdevfs calls in user space: a line asked, a line answered.
enum NativeHost {
    /// Has the host attach a device of a USB/IP server on this machine.
    static func attach(port: Int, busID: String) async throws {
        let answer = try await ask("attach 127.0.0.1 \(port) \(busID)")
        guard answer.hasPrefix("ok ") else {
            throw QKDError(.io, "the user-space host does not attach the device: \(answer)")
        }
    }

    private static func ask(_ line: String) async throws -> String {
        guard let path = ProcessInfo.processInfo.environment["QKD_USB_HOST"] else {
            throw QKDError(.absent, "QKD_USB_HOST does not name the user-space host's socket")
        }
        // The host answers when it has asked the device for its descriptors, which this process serves.
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try talk(line, path) }) }
        }
    }

    private static func talk(_ line: String, _ path: String) throws -> String {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw QKDError(.io, "no socket", code: errno) }
        defer { close(descriptor) }
        let connected = UnixAddress.with(path) { connect(descriptor, $0, $1) }
        guard connected == 0 else { throw QKDError(.absent, "the user-space host is not there", code: errno) }
        let bytes = Array((line + "\n").utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw QKDError(.io, "the user-space host does not listen", code: errno)
        }
        var answer: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != 0x0A { answer.append(byte) }
        return String(decoding: answer, as: UTF8.self)
    }
}
