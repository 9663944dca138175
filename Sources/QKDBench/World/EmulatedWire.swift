import QKDCore
import QKDTransport

/// A byte-stream wire between an emulator and, if it is in this process, its driver.
struct EmulatedWire: Sendable {
    /// Where a client finds the device: a pty's path.
    let path: String
    let host: StreamEmulatorHost
    let terminal: PseudoTerminal
    /// The driver's end; `nil` when the client is another process.
    var driver: (any ByteTransport)?

    func pump(toPS nowPS: Int64) async throws {
        try await host.pump(toPS: nowPS)
    }

    func settle() async throws {
        guard let driver else { return }
        try await host.settle(with: driver)
    }

    func stop() async {
        await host.stop()
        await terminal.close()
    }
}
