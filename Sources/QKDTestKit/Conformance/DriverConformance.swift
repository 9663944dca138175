import QKDCore

/// The rules that every driver and its emulator keep, whatever the device.
///
/// Each check makes its own rigs and returns what it found; a test expects nothing. The checks may
/// run one by one or, by `run`, all together.
public struct DriverConformance<Driver: Device>: Sendable {
    /// One broken rule.
    public struct Finding: Sendable, Equatable, CustomStringConvertible {
        /// The rule, in a few words.
        public var rule: String
        /// What happened instead.
        public var detail: String

        /// Records what broke a rule.
        public init(_ rule: String, _ detail: String) {
            self.rule = rule
            self.detail = detail
        }

        public var description: String { "\(rule): \(detail)" }
    }

    /// A way to bring a device into a state from which `makeSafe` has to bring it back.
    public struct State: Sendable {
        /// What the state is, for the message of a broken rule.
        public var name: String
        /// Brings an open device into the state.
        public var enter: @Sendable (Driver) async throws -> Void

        /// Names a state.
        public init(_ name: String, _ enter: @escaping @Sendable (Driver) async throws -> Void) {
            self.name = name
            self.enter = enter
        }
    }

    /// Makes a fresh rig on a device that has just been switched on.
    let make: @Sendable () async throws -> DriverRig<Driver>
    /// The states that `makeSafe` is tried from, besides the one after `open`.
    let states: [State]
    /// Reads and sets that take the device out of its talk, such as a parameter that starts a stream.
    let skipping: Set<String>
    let pages: ProtocolPages
    /// How long one call may take on the wall.
    let callLimit: Duration

    /// Describes a driver under test; `file` is where the package is looked for.
    public init(
        of driver: Driver.Type = Driver.self, states: [State] = [], skippingParameters: Set<String> = [],
        callLimit: Duration = .seconds(20), file: String = #filePath,
        make: @escaping @Sendable () async throws -> DriverRig<Driver>
    ) throws {
        self.make = make
        self.states = states
        skipping = skippingParameters
        self.callLimit = callLimit
        pages = try ProtocolPages(from: file)
    }

    /// Runs every check; `faults` are those that can happen on the device's wire.
    public func run(faults: [WireFault] = WireFault.allCases) async -> [Finding] {
        var findings = descriptorIsConsistent()
        findings += await talksAndCloses()
        findings += await makesSafeFromEveryState()
        findings += await makesSafeAfterCancellation()
        findings += await parametersAreWellFormed()
        findings += await parametersRead()
        findings += await parametersTakeTheirOwnValue()
        findings += await parametersRefuseBeforeSending()
        for fault in faults { findings += await reports(fault) }
        return findings
    }

    /// Runs `body` on a fresh, opened rig; an error that it does not handle is a finding.
    func withOpenRig(
        _ rule: String, _ body: @escaping @Sendable (DriverRig<Driver>) async throws -> [Finding]
    ) async -> [Finding] {
        await withRig(rule) { rig in
            _ = try await rig.device.open()
            return try await body(rig)
        }
    }

    /// Runs `body` on a fresh rig within the time limit.
    func withRig(
        _ rule: String, _ body: @escaping @Sendable (DriverRig<Driver>) async throws -> [Finding]
    ) async -> [Finding] {
        let make = make
        let outcome = await TimeLimit.run(callLimit) {
            let rig = try await make()
            let findings = try await body(rig)
            await rig.device.close()
            return findings
        }
        switch outcome {
        case .returned(let findings): return findings
        case .threw(let error): return [Finding(rule, "threw \(error)")]
        case .hung: return [Finding(rule, "was not done after \(callLimit)")]
        }
    }
}
