import QKDCore

/// Stands an emulated byte-stream instrument on a TCP port; each connection is a conversation of its own.
public struct TCPEmulatorHost: Sendable {
    /// The port it stands on.
    public var port: Int { listener.port }
    private let listener: StreamListener

    /// Binds to `address`:`port` (0: any free port); throws `busy`, `permissionDenied` or `outOfRange`.
    public static func start(
        address: String, port: Int, clock: any BenchClock,
        conversation: @escaping @Sendable () async -> any StreamEmulator
    ) async throws -> TCPEmulatorHost {
        let listener = try await StreamListener.start(scheme: "tcp", address: address, port: port) { transport in
            _ = StreamEmulatorHost(await conversation(), on: transport, clock: clock)
        }
        return TCPEmulatorHost(listener: listener)
    }

    /// Stops listening and hangs up on every client.
    public func stop() async {
        await listener.stopListening()
        await listener.hangUp()
    }
}
