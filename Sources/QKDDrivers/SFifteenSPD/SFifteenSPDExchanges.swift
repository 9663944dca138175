import QKDCore
import QKDTransport

/// The detector's single exchanges.
extension SFifteenSPD {
    /// Asks for a number.
    func read(_ word: Codec.Word) async throws -> Double {
        let endpoint = endpoint
        return try await queue.run { reader, transport in
            try await transport.write(Codec.query(word))
            let reply = try await reader.line(endingWith: Codec.replyEnd, timeout: Self.replyTimeout)
            return try Codec.number(reply, of: word, endpoint: endpoint)
        }
    }

    /// Sends a command that is silent when it succeeds; throws `refused` with the line that came instead.
    func tell(_ command: [UInt8], named name: String, settlePS: Int64) async throws {
        let clock = clock
        try await queue.run { reader, transport in
            try await transport.write(command)
            try await clock.sleep(durationPS: settlePS)
            let complaint: [UInt8]
            do {
                complaint = try await reader.available(timeout: .zero)
            } catch let error as QKDError where error.kind == .timeout {
                return
            }
            throw QKDError(
                .refused, "the device says '\(DecimalText.printable(DecimalText.trim(complaint)))'",
                at: .init(transport.endpoint, field: name))
        }
    }

    /// Sets a value and reads it back; throws `refused` when the device holds another.
    func write(_ word: Codec.Word, _ value: Double) async throws {
        try await tell(Codec.set(word, value), named: word.rawValue, settlePS: Self.settlePS)
        let held = try await read(word)
        // How many decimals the device prints is not known.
        guard abs(held - value) <= 0.01 + abs(value) * 1e-3 else {
            throw QKDError(
                .refused, "the device holds \(held) instead of \(value)", at: .init(endpoint, field: word.rawValue))
        }
    }

    /// Asks for counts and waits for the gate on the bench's clock, then for the answer on the wall.
    func countOneGate(milliseconds: Double) async throws -> Int {
        let clock = clock
        let endpoint = endpoint
        let gatePS = Int64((milliseconds * Double(Picoseconds.perMillisecond)).rounded(.up))
        return try await queue.run { reader, transport in
            try await transport.write(Codec.query(.counts))
            try await clock.sleep(durationPS: gatePS)
            let reply = try await reader.line(endingWith: Codec.replyEnd, timeout: Self.replyTimeout)
            return try Codec.counts(reply, endpoint: endpoint)
        }
    }
}
