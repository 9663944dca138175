import QKDCore

/// How the driver handles the bias. All of it is ours: no public source states a range or a rate.
public struct SFifteenSPDLimits: Sendable, Equatable {
    /// The largest step of the bias, volts.
    public var stepVolts = 5.0
    /// How long each step stands; the source waits as long after every `hvolt`.
    public var dwellPS = 100 * Picoseconds.perMillisecond
    /// The bias that is never exceeded, volts; `nil` leaves it to the device.
    public var ceilingVolts: Double?
    /// How far the reading may lie from the aim after a ramp, volts.
    public var toleranceVolts = 1.0
    /// The longest ramp; a longer one means that a reading makes no sense.
    public static let largestRampVolts = 1000.0

    /// The driver's own limits, and a ceiling for this detector if one is known.
    public init(ceilingVolts: Double? = nil) { self.ceilingVolts = ceilingVolts }

    /// The biases between here and there, the last one being `target`.
    func ramp(from start: Double, to target: Double) throws -> [Double] {
        let span = target - start
        guard abs(span) <= Self.largestRampVolts else {
            throw QKDError(.outOfRange, "a bias ramp from \(start) V to \(target) V is longer than any detector's")
        }
        let steps = max(1, Int((abs(span) / stepVolts).rounded(.up)))
        return (1...steps).map { $0 == steps ? target : start + span * Double($0) / Double(steps) }
    }
}
