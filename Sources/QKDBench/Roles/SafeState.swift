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

    /// Makes safe each device that can be reached, whatever becomes of the others.
    ///
    /// Unlike `open`, a device that is not there does not keep the rest from being made safe. Returns how
    /// many are confirmed and what is not; an empty list means all.
    public static func makeEachSafe(
        _ description: BenchDescription, seed: UInt64
    ) async throws -> (confirmed: Int, findings: [String]) {
        if description.isEmulated {
            let bench = try await open(description, seed: seed, time: .real)
            let findings = await bench.makeSafe()
            await bench.close()
            return (bench.devices.count - findings.count, findings)
        }
        let clock = WallClock()
        var findings: [String] = []
        // The light first; the order of `Role` is that of the way from Alice to Bob.
        for (role, row) in description.roles.sorted(by: { $0.key.rank < $1.key.rank }) {
            do {
                let device = try await DeviceOpening.connect(driver: row.driver, address: row.address, clock: clock)
                do {
                    _ = try await device.open()
                    try await device.makeSafe()
                } catch {
                    findings.append("\(role.rawValue) is not confirmed safe: \(error)")
                }
                await device.close()
            } catch {
                findings.append("\(role.rawValue) is not confirmed safe: \(error)")
            }
        }
        return (description.roles.count - findings.count, findings)
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

extension Role {
    /// Place on the way from Alice to Bob.
    fileprivate var rank: Int { Role.allCases.firstIndex(of: self) ?? 0 }
}
