import QKDCore

extension Bench {
    /// Brings every device to its safe state, light first, and says what did not go as it should.
    ///
    /// Runs to its end whatever happened before and never checks for cancellation: call it on a fresh
    /// task when the present one may be cancelled. An empty answer means that all is confirmed.
    public func makeSafe() async -> [String] {
        var findings = await Self.makeSafe(devices.filter { $0.key == .aliceModulator })
        findings += await Self.makeSafe(devices.filter { $0.key != .aliceModulator })
        await world?.writeLog()
        return findings
    }

    /// The same on a task of its own, so that a cancelled caller's clean-up gets through.
    public func makeSafeUncancelled() async -> [String] {
        await Task.detached { await makeSafe() }.value
    }

    private static func makeSafe(_ devices: [Role: any Device]) async -> [String] {
        await withTaskGroup(of: (Role, String?).self) { group in
            for (role, device) in devices {
                group.addTask {
                    do {
                        try await device.makeSafe()
                        return (role, nil)
                    } catch {
                        return (role, "\(role.rawValue) is not confirmed safe: \(error)")
                    }
                }
            }
            var findings: [(Role, String)] = []
            for await (role, finding) in group {
                if let finding { findings.append((role, finding)) }
            }
            return findings.sorted { $0.0.rawValue < $1.0.rawValue }.map(\.1)
        }
    }
}
