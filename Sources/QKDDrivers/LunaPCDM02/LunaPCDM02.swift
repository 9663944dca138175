import QKDCore
import QKDTransport

/// Luna (General Photonics) PCD-M02: drives the four piezos of a fibre squeezer from twelve data lines, two address
/// lines, RW and CS.
///
/// Source: jhart12/Polarization_Controller @747edf442611. Nothing can be read back: a value that is read is the one that
/// was written last. Writes are finished even when their caller is cancelled.
public actor LunaPCDM02: PolarizationController {
    private let lines: any GPIOOutputs
    private let clock: any BenchClock
    private let turn = WireTurn()
    private var values = [Int](repeating: 0, count: PCDM02Cycle.channels)

    public nonisolated var retarderCount: Int { PCDM02Cycle.channels }

    /// Values for a turn of half a wave: a quarter of the range, if 140 V is the whole and 35 V half a wave.
    static let valuesPerHalfWave = 1024.0

    /// Drives the device's lines; `clock` is the bench's.
    public init(lines: any GPIOOutputs, clock: any BenchClock) {
        self.lines = lines
        self.clock = clock
    }

    /// Brings all channels to zero, as the maker's users do; the board cannot be asked who it is.
    public func open() async throws -> DeviceIdentity {
        try await zero()
        return DeviceIdentity(vendor: Self.descriptor.vendor, model: Self.descriptor.model, serialNumber: lines.label)
    }

    public func close() async { await lines.close() }

    /// Takes the voltage off all piezos; CS and RW stay high.
    public func makeSafe() async throws { try await zero() }

    /// Checks that the lines can be set, with the values that they have.
    public func selfTest() async throws -> SelfTestReport {
        try await write(values[0], channel: 0)
        return SelfTestReport([.init("lines", passed: true, detail: "set; the board cannot answer")])
    }

    public func health() async throws -> DeviceHealth {
        try await write(values[0], channel: 0)
        return DeviceHealth(.healthy)
    }

    /// Sets retarder `index` (from 0), 0 to 719.8 degrees of retardance.
    public func setRetarder(_ index: Int, degrees: Double) async throws {
        guard (0..<retarderCount).contains(index) else {
            throw QKDError(.outOfRange, "there is no retarder \(index); there are 0 to \(retarderCount - 1)")
        }
        let value = degrees / 180 * Self.valuesPerHalfWave
        guard value.isFinite, (0...Double(PCDM02Cycle.values.upperBound)).contains(value.rounded()) else {
            throw QKDError(
                .outOfRange, "\(degrees) degrees are outside 0 to 719.8; the controller has no endless range")
        }
        try await write(Int(value.rounded()), channel: index)
    }

    public nonisolated var parameters: [Parameter] {
        (1...PCDM02Cycle.channels).map {
            Parameter("channel-\($0)", .integer(PCDM02Cycle.values), access: .readWrite, "converter of piezo \($0)")
        }
    }

    public func value(of parameter: String) async throws -> ParameterValue {
        .integer(values[try index(of: parameter)])
    }

    public func set(_ parameter: String, to value: ParameterValue) async throws {
        try self.parameter(parameter).check(value)
        guard case .integer(let number) = value else { return }
        try await write(number, channel: try index(of: parameter))
    }

    private func index(of parameter: String) throws -> Int {
        _ = try self.parameter(parameter)
        return parameters.firstIndex { $0.name == parameter } ?? 0
    }

    private func zero() async throws {
        for channel in 0..<PCDM02Cycle.channels { try await write(0, channel: channel) }
    }

    private func write(_ value: Int, channel: Int) async throws {
        let (lines, clock) = (lines, clock)
        // A task of its own: a cycle that was broken off would leave CS low.
        try await turn.run {
            try await Task {
                for step in PCDM02Cycle.write(value, channel: channel) {
                    try await lines.set(step.lines)
                    try await clock.sleep(durationPS: PCDM02Cycle.stepPS)
                }
            }.value
            values[channel] = value
        }
    }
}
