import QKDCore

/// The bias is never thrown: it walks in steps, and a call to safety overtakes any walk.
extension SFifteenSPD {
    /// Ramps the bias to `volts`, 0 to the ceiling; throws `interrupted` when another ramp takes over.
    public func setBias(volts: Double) async throws {
        try parameter("bias-voltage").check(.number(volts))
        guard volts >= 0 else { throw QKDError(.outOfRange, "a bias of \(volts) V; it cannot be negative") }
        guard safety == nil else {
            throw QKDError(.interrupted, "the detector is being made safe", at: .init(endpoint))
        }
        rampNumber += 1
        let number = rampNumber
        try await ramp(to: volts, from: try await read(.bias), number: number)
    }

    /// Ramps the bias to zero and reads it back. Temperature and threshold stay: they can harm nothing.
    ///
    /// Where the present bias cannot be read, zero is set in one step all the same, and the error thrown.
    /// Calls at the same time share one ramp.
    public func makeSafe() async throws {
        if let safety { return try await safety.value }
        rampNumber += 1
        let number = rampNumber
        // A fresh task: the caller's may be cancelled, and its writes would be refused.
        let task = Task { try await bringToZero(number) }
        safety = task
        defer { safety = nil }
        try await task.value
    }

    private func bringToZero(_ number: Int) async throws {
        do {
            try await ramp(to: 0, from: try await read(.bias), number: number)
        } catch let error as QKDError where error.kind == .disconnected {
            throw error
        } catch {
            try await tell(Codec.set(.bias, 0), named: "hvolt", settlePS: limits.dwellPS)
            throw error
        }
    }

    private func ramp(to target: Double, from start: Double, number: Int) async throws {
        for volts in try limits.ramp(from: start, to: target) {
            guard number == rampNumber else {
                throw QKDError(.interrupted, "another bias was asked for during the ramp", at: .init(endpoint))
            }
            try await tell(Codec.set(.bias, volts), named: "hvolt", settlePS: limits.dwellPS)
        }
        let held = try await read(.bias)
        guard number == rampNumber else {
            throw QKDError(.interrupted, "another bias was asked for during the ramp", at: .init(endpoint))
        }
        guard abs(held - target) <= limits.toleranceVolts else {
            throw QKDError(
                .refused, "the bias is \(held) V after a ramp to \(target) V", at: .init(endpoint, field: "hvolt"))
        }
    }
}
