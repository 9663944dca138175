import QKDCore
import QKDTransport

/// The MBX's single exchanges, and what is made of several of them.
extension ThorlabsMBX {
    /// How long a calibration may take; the source states no time, so this is ours and generous.
    static let calibrationLimitPS = 120 * Picoseconds.perSecond
    /// How long the bias may take to its working point; ours.
    static let lockLimitPS = 10 * Picoseconds.perSecond
    static let pollPS = 100 * Picoseconds.perMillisecond

    /// Sends a question and reads one line.
    func ask(_ command: [UInt8]) async throws -> [UInt8] {
        try await queue.run { reader, transport in
            try await transport.write(command)
            return try await reader.line(endingWith: Codec.terminator, timeout: Self.replyTimeout)
        }
    }

    /// Sets a node and reads it back: most sets are silent, so only the node itself tells whether it took.
    ///
    /// Throws `refused` when the device holds another value.
    func write(_ node: Codec.Node, _ value: Double) async throws {
        let endpoint = endpoint
        let held = try await queue.run { reader, transport in
            try await transport.write(Codec.set(node, value))
            if node.confirmsSet {
                let reply = try await reader.line(endingWith: Codec.terminator, timeout: Self.replyTimeout)
                try Self.confirm(reply, of: node.rawValue, endpoint: endpoint)
            }
            try await transport.write(Codec.query(node))
            let reply = try await reader.line(endingWith: Codec.terminator, timeout: Self.replyTimeout)
            return try Codec.number(reply, of: node, endpoint: endpoint)
        }
        // The device's own resolution is not known; a thousandth of the value is below any use of it.
        guard abs(held - value) <= 0.001 + abs(value) * 1e-3 else {
            throw QKDError(
                .refused, "the device holds \(held) instead of \(value)", at: .init(endpoint, field: node.rawValue))
        }
    }

    func flag(_ node: Codec.Node) async throws -> Bool {
        try Codec.flag(try await ask(Codec.query(node)), of: node, endpoint: endpoint)
    }

    func mode() async throws -> Codec.Mode {
        let number = try Codec.integer(try await ask(Codec.query(.mode)), of: .mode, in: 0...9, endpoint: endpoint)
        guard let mode = Codec.Mode(rawValue: number) else {
            throw QKDError(.protocolViolation, "no bias mode \(number)", at: .init(endpoint, field: "MZM:MODE"))
        }
        return mode
    }

    /// Runs a calibration to its end; throws `timeout` when it does not come.
    func calibrate() async throws {
        try Self.confirm(try await ask(Codec.reset), of: "MZM:RESET", endpoint: endpoint)
        guard try await poll(.calibrating, until: false, withinPS: Self.calibrationLimitPS) else {
            throw QKDError(.timeout, "the bias calibration does not end", at: .init(endpoint))
        }
    }

    /// Asks for a flag, at first after one interval, until it has the wanted value; `false` when time is up.
    func poll(_ node: Codec.Node, until wanted: Bool, withinPS limitPS: Int64) async throws -> Bool {
        for _ in 0..<(limitPS / Self.pollPS) {
            try await clock.sleep(durationPS: Self.pollPS)
            if try await flag(node) == wanted { return true }
        }
        return false
    }

    /// Brings the modulator to its minimum and the attenuator, switched on, to 20 dB.
    ///
    /// Each step is tried even when one before it failed, unless the device is gone; the first error is
    /// thrown at the end. Whether the attenuation has settled is not waited for: the device measures it
    /// with light, and there may be none.
    public func makeSafe() async throws {
        // A fresh task: the caller's may be cancelled, and its writes would be refused.
        try await Task { try await bringToSafeState() }.value
    }

    private func bringToSafeState() async throws {
        var first: (any Error)?
        let steps: [(Codec.Node, Double)] = [
            (.attenuation, Codec.attenuationRangeDB.upperBound), (.voaMode, 0), (.voaPower, 1),
            (.mode, Double(Codec.Mode.null.rawValue)),
        ]
        for (node, value) in steps {
            do {
                try await write(node, value)
            } catch {
                first = first ?? error
                if (error as? QKDError)?.kind == .disconnected { break }
            }
        }
        if let first { throw first }
    }

    private static func confirm(_ reply: [UInt8], of command: String, endpoint: String) throws {
        let text = DecimalText.trim(reply)
        guard text == "1" else {
            throw QKDError(
                text == "0" ? .refused : .protocolViolation, "expected 1, got '\(DecimalText.printable(text))'",
                at: .init(endpoint, field: command))
        }
    }
}
