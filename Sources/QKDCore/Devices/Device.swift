/// An instrument on the bench: small enough that any vendor's fits.
///
/// What a device can do beyond this is a refinement (`TimeTagger`, `Attenuator`, …). Every call that
/// talks to the instrument is bounded in time and throws `QKDError`.
public protocol Device: Sendable {
    /// The driver's static facts.
    static var descriptor: DeviceDescriptor { get }

    /// Starts to talk: clears what an earlier user may have left, and asks who is there.
    func open() async throws -> DeviceIdentity
    /// Ends the talk and releases the transport. May be called twice, and on a device never opened.
    func close() async
    /// Brings the device to the state that can harm nothing: no light, no bias beyond need.
    ///
    /// Works in any state, on a fresh task, and never checks for cancellation.
    func makeSafe() async throws
    /// Checks by queries alone, without changing a setting, that the device answers as its protocol says.
    func selfTest() async throws -> SelfTestReport
    /// Asks the device how it is.
    func health() async throws -> DeviceHealth

    /// The values that a user may read or set by name.
    var parameters: [Parameter] { get }
    /// Reads a parameter. Throws `unsupported` for a name that is not in `parameters` or cannot be read.
    func value(of parameter: String) async throws -> ParameterValue
    /// Sets a parameter and returns when the device has taken it.
    func set(_ parameter: String, to value: ParameterValue) async throws
}

extension Device {
    /// The same facts by an instance.
    public var descriptor: DeviceDescriptor { Self.descriptor }

    /// The description of a parameter, or `unsupported` with the names that exist.
    public func parameter(_ name: String) throws -> Parameter {
        guard let found = parameters.first(where: { $0.name == name }) else {
            let names = parameters.map(\.name).joined(separator: ", ")
            throw QKDError(.unsupported, "\(Self.descriptor.id) has no parameter '\(name)'; it has \(names)")
        }
        return found
    }
}

/// Who answered.
public struct DeviceIdentity: Sendable, Equatable {
    /// Maker of the device.
    public var vendor: String
    /// Model designation.
    public var model: String
    /// Serial number as printed by the device, not necessarily digits.
    public var serialNumber: String
    /// Version of the firmware.
    public var firmware: String

    /// Collects what the device said of itself; empty where it says nothing.
    public init(vendor: String, model: String, serialNumber: String = "", firmware: String = "") {
        self.vendor = vendor
        self.model = model
        self.serialNumber = serialNumber
        self.firmware = firmware
    }

    /// The text in a serial number or identity line by which our emulators own up.
    public static let emulatedMark = "EMULATED"

    /// Whether it said that it is an emulator of ours.
    public var isEmulated: Bool {
        [serialNumber, model, firmware].contains { $0.contains(Self.emulatedMark) }
    }
}

/// How a device is.
public struct DeviceHealth: Sendable, Equatable {
    /// Fit for use; usable with reservations; or not to be used.
    public enum Verdict: String, Sendable, CaseIterable { case healthy, degraded, failed }

    /// The judgement over all findings.
    public var verdict: Verdict
    /// What led to the verdict, one finding a line; empty when healthy.
    public var findings: [String]

    /// States a verdict and its reasons.
    public init(_ verdict: Verdict, findings: [String] = []) {
        self.verdict = verdict
        self.findings = findings
    }
}

/// What a self-test asked and what came.
public struct SelfTestReport: Sendable, Equatable {
    /// One question and whether its answer held.
    public struct Check: Sendable, Equatable {
        /// What was checked, in a few words.
        public var name: String
        /// Whether the answer was as the protocol says.
        public var passed: Bool
        /// What the device answered, or what was wrong with it; may be empty.
        public var detail: String

        /// Records one check.
        public init(_ name: String, passed: Bool, detail: String = "") {
            self.name = name
            self.passed = passed
            self.detail = detail
        }
    }

    /// The checks in the order in which they were made.
    public var checks: [Check]

    /// Collects checks.
    public init(_ checks: [Check]) { self.checks = checks }

    /// Whether every check passed, and there was one.
    public var passed: Bool { !checks.isEmpty && checks.allSatisfy(\.passed) }
}
