import Foundation
import QKDCore

/// Binds an emulator to the device's end of a byte stream: bytes in, answers out, and what it says by itself.
public final class StreamEmulatorHost: Sendable {
    private let emulator: any StreamEmulator
    private let transport: any ByteTransport
    private let clock: any BenchClock
    private let processed = LockedCounter()
    /// What the emulator says must reach the wire in the order in which it was said.
    private let turn = WireTurn()
    private let loop: Task<Void, Never>

    /// Starts to answer on `transport` until it closes.
    public init(_ emulator: any StreamEmulator, on transport: any ByteTransport, clock: any BenchClock) {
        self.emulator = emulator
        self.transport = transport
        self.clock = clock
        let (processed, turn) = (self.processed, self.turn)
        loop = Task {
            while !Task.isCancelled {
                do {
                    // Short, because the timer of a wait outlives the wait, and there may be thousands a second.
                    let bytes = try await transport.read(timeout: .seconds(1))
                    try await turn.run {
                        try await transport.write(await emulator.receive(bytes, nowPS: clock.nowPS))
                    }
                    processed.add(bytes.count)
                } catch let error as QKDError where error.kind == .timeout {
                    continue
                } catch {
                    return  // the client is gone; a pty's next client opens the same emulator anew
                }
            }
        }
    }

    /// Sends what the device has to say by itself up to `nowPS`.
    public func pump(toPS nowPS: Int64) async throws {
        try await turn.run { try await transport.write(await emulator.advance(toPS: nowPS)) }
    }

    /// Waits until the emulator has answered all that `client` wrote, and `client` has all the answers.
    ///
    /// This is what makes an emulated bench repeatable: its time stands still until the bytes have arrived.
    /// Throws `timeout` after five seconds of wall time.
    public func settle(with client: any ByteTransport) async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while processed.value < client.counters.written || client.counters.received < transport.counters.written {
            guard ContinuousClock.now < deadline else {
                throw QKDError(.timeout, "the emulated wire does not come to rest", at: .init(client.endpoint))
            }
            try await Task.sleep(for: .microseconds(100))
        }
    }

    /// Stops answering and hangs up.
    public func stop() async {
        loop.cancel()
        await transport.close()
    }
}
