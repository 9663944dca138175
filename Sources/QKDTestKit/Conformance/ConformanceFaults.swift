import QKDCore

extension DriverConformance {
    /// A wire that breaks in mid-talk shows as the right error, from every call, and never as a hang.
    ///
    /// `health` may also give a verdict that is not healthy, and `selfTest` a report that did not pass.
    public func reports(_ fault: WireFault) async -> [Finding] {
        var findings: [Finding] = []
        for call in calls() {
            let rule = "\(call.name) on a wire that is \(fault.rawValue)"
            findings += await withRig(rule) { rig in
                if let state = call.from {
                    _ = try await rig.device.open()
                    try await state.enter(rig.device)
                }
                let before = rig.sentCount()
                rig.inject(fault)
                do {
                    try await call.make(rig.device)
                    // A value that is known without asking the device cannot suffer from the wire.
                    return rig.sentCount() == before ? [] : [Finding(rule, "succeeded")]
                } catch let error as QKDError {
                    return Self.fits(error.kind, fault)
                        ? [] : [Finding(rule, "threw \(error.kind): \(error)")]
                } catch is NotWell {
                    return []
                }
            }
        }
        return findings
    }

    private struct Call: Sendable {
        var name: String
        /// The state in which the wire breaks; `nil` before `open`.
        var from: State?
        var make: @Sendable (Driver) async throws -> Void
    }

    /// `health` and `selfTest` said by themselves that something is wrong.
    private struct NotWell: Error {}

    private func calls() -> [Call] {
        let opened = State("just opened") { _ in }
        var calls = [
            Call(name: "open", from: nil) { _ = try await $0.open() },
            Call(name: "health", from: opened) { if try await $0.health().verdict != .healthy { throw NotWell() } },
            Call(name: "selfTest", from: opened) { if try await !$0.selfTest().passed { throw NotWell() } },
        ]
        for state in [opened] + states {
            calls.append(Call(name: "makeSafe from '\(state.name)'", from: state) { try await $0.makeSafe() })
        }
        calls.append(
            Call(name: "reading every parameter", from: opened) { device in
                var first: QKDError?
                for parameter in device.parameters
                where parameter.access != .writeOnly && !self.skipping.contains(parameter.name) {
                    do {
                        _ = try await device.value(of: parameter.name)
                        throw QKDError(.invalidInput, "'\(parameter.name)' still reads")
                    } catch let error as QKDError where error.kind != .invalidInput {
                        first = first ?? error
                    }
                }
                if let first { throw first }
            })
        return calls
    }

    private static func fits(_ kind: QKDError.Kind, _ fault: WireFault) -> Bool {
        switch fault {
        case .silent: kind == .timeout
        case .garbage: [.protocolViolation, .timeout, .refused, .unhealthy, .dataLoss].contains(kind)
        case .cut: kind == .disconnected
        }
    }
}
