import QKDCore

extension DriverConformance {
    /// It opens, tells who it is and that it is emulated, passes its self-test, is healthy, and closes twice.
    public func talksAndCloses() async -> [Finding] {
        let talk = await withRig("open, self-test, health") { rig in
            var findings: [Finding] = []
            let identity = try await rig.device.open()
            if identity.vendor.isEmpty || identity.model.isEmpty {
                findings.append(Finding("identity", "vendor and model are empty: \(identity)"))
            }
            if !identity.isEmulated {
                findings.append(Finding("identity", "the emulator does not own up: \(identity)"))
            }
            let before = try await self.settings(of: rig.device)
            let report = try await rig.device.selfTest()
            if !report.passed { findings.append(Finding("self-test", "did not pass: \(report.checks)")) }
            let after = try await self.settings(of: rig.device)
            if before != after {
                findings.append(Finding("self-test", "changed a setting: \(before) became \(after)"))
            }
            let health = try await rig.device.health()
            if health.verdict != .healthy { findings.append(Finding("health", "\(health)")) }
            await rig.device.close()
            await rig.device.close()
            return findings + (await self.isClosed(rig))
        }
        let neverOpened = await withRig("close without open") { rig in
            await rig.device.close()
            return []
        }
        return talk + neverOpened
    }

    private func isClosed(_ rig: DriverRig<Driver>) async -> [Finding] {
        do {
            let report = try await rig.device.selfTest()
            return report.passed ? [Finding("close", "the device still passes its self-test")] : []
        } catch let error as QKDError {
            return error.kind == .disconnected ? [] : [Finding("close", "a later call threw \(error.kind): \(error)")]
        } catch {
            return [Finding("close", "a later call threw \(error)")]
        }
    }

    /// `makeSafe` leaves nothing harmful behind, from each state and when called twice.
    public func makesSafeFromEveryState() async -> [Finding] {
        var findings: [Finding] = []
        for state in [State("just opened", { _ in })] + states {
            let rule = "makeSafe from '\(state.name)'"
            findings += await withOpenRig(rule) { rig in
                try await state.enter(rig.device)
                try await rig.device.makeSafe()
                var found = (await rig.hazard()).map { [Finding(rule, $0)] } ?? []
                try await rig.device.makeSafe()
                if let hazard = await rig.hazard() { found.append(Finding(rule, "the second time: \(hazard)")) }
                return found
            }
        }
        return findings
    }

    /// `makeSafe` works when the task that calls it has been cancelled.
    public func makesSafeAfterCancellation() async -> [Finding] {
        var findings: [Finding] = []
        for state in [State("just opened", { _ in })] + states {
            let rule = "makeSafe in a cancelled task from '\(state.name)'"
            findings += await withOpenRig(rule) { rig in
                try await state.enter(rig.device)
                let task = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await rig.device.makeSafe()
                }
                try await task.value
                return (await rig.hazard()).map { [Finding(rule, $0)] } ?? []
            }
        }
        return findings
    }

    /// The values that a user may both read and set.
    func settings(of device: Driver) async throws -> [String: ParameterValue] {
        var values: [String: ParameterValue] = [:]
        for parameter in device.parameters where parameter.access == .readWrite && !skipping.contains(parameter.name) {
            values[parameter.name] = try await device.value(of: parameter.name)
        }
        return values
    }
}
