import QKDCore
import QKDTransport

/// Lets one exchange at a time onto a wire, in the order of asking.
///
/// A driver's actor is not enough for this: it takes another call at every `await`, and a second
/// question would then steal the first one's answer. An exchange that has begun is finished even when
/// its caller is cancelled, so that no answer stays behind on the wire; exchanges are therefore short.
actor ExchangeQueue {
    nonisolated let transport: any ByteTransport
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// The last exchange failed, so its answer may still be on its way.
    private var mayHoldLateAnswer = false

    /// How long a wire has to be quiet after a failed exchange before it is used again.
    static let quietAfterFailure: Duration = .milliseconds(100)

    init(_ transport: any ByteTransport) { self.transport = transport }

    /// Runs one exchange on a wire on which nothing is left to be read.
    ///
    /// Throws `CancellationError` when the caller was cancelled before its turn.
    func run<Value: Sendable>(
        _ exchange: @escaping @Sendable (inout ByteReader, any ByteTransport) async throws -> Value
    ) async throws -> Value {
        await enter()
        defer { leave() }
        try Task.checkCancellation()
        let transport = transport
        let quiet: Duration = mayHoldLateAnswer ? Self.quietAfterFailure : .zero
        mayHoldLateAnswer = true
        let value = try await Task {
            var reader = ByteReader(transport)
            try await reader.drain(quiet: quiet)
            return try await exchange(&reader, transport)
        }.value
        mayHoldLateAnswer = false
        return value
    }

    private func enter() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
