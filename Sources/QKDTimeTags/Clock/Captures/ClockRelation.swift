import QKDCore

/// Bob's clock against Alice's: t_B = t_A + o + s x + d x²/2 + c(x), where x is t_A − reference in seconds.
///
/// `offset`, `skew` and `drift` are those at the reference, an instant of Alice's clock. The slow wander c, where
/// one is needed, is a polygon through knots. The large parts stay in `Int64`: nothing is lost on long captures.
public struct ClockRelation: Sendable, Equatable {
    /// The instant of Alice's clock at which offset and skew are stated, ps.
    public var referencePS: Int64
    /// Bob's reading less Alice's at the reference: whole ps, and what is to be added.
    public var offsetPS: Int64
    /// What is to be added to `offsetPS`, ps.
    public var offsetFractionPS: Double
    /// Relative departure s of Bob's rate from Alice's at the reference, dimensionless.
    public var skew: Double
    /// Change d of the skew, per second.
    public var driftPerSecond: Double
    /// Where the wander's polygon starts, seconds after the reference.
    public var wanderStartSeconds: Double = 0
    /// Distance of its knots, seconds.
    public var wanderStepSeconds: Double = 1
    /// Its values at the knots, ps; empty for none. It is constant beyond the ends.
    public var wanderPS: [Double] = []

    /// States a relation without wander.
    public init(
        referencePS: Int64, offsetPS: Int64, offsetFractionPS: Double = 0, skew: Double = 0, driftPerSecond: Double = 0
    ) {
        self.referencePS = referencePS
        self.offsetPS = offsetPS
        self.offsetFractionPS = offsetFractionPS
        self.skew = skew
        self.driftPerSecond = driftPerSecond
    }

    /// The whole offset at the reference, seconds.
    public var offsetSeconds: Double { (Double(offsetPS) + offsetFractionPS) * 1e-12 }

    /// Bob's reading less Alice's less `offsetPS` at `seconds` after the reference, ps.
    @inline(__always)
    public func departurePS(atSeconds x: Double) -> Double {
        let smooth = offsetFractionPS + 1e12 * x * (skew + 0.5 * driftPerSecond * x)
        return wanderPS.isEmpty ? smooth : smooth + wander(x)
    }

    /// Bob's reading at a reading of Alice's, whole ps.
    @inline(__always)
    public func bobPS(ofAlicePS time: Int64) -> Int64 {
        time &+ offsetPS &+ Int64(departurePS(atSeconds: Double(time &- referencePS) * 1e-12).rounded())
    }

    /// Alice's reading at a reading of Bob's, to 1 ps.
    ///
    /// The departure's slope is under 1e-2, so each step wins two digits or more.
    func alicePS(ofBobPS time: Int64) -> Int64 {
        var result = time &- offsetPS
        for _ in 0..<12 {
            let miss = time &- bobPS(ofAlicePS: result)
            if miss == 0 { break }
            result &+= miss
        }
        return result
    }

    /// The same relation stated at another instant of Alice's clock; the wander moves along.
    public func stated(atPS reference: Int64) -> ClockRelation {
        let x = Double(reference - referencePS) * 1e-12
        var moved = self
        let departure = offsetFractionPS + 1e12 * x * (skew + 0.5 * driftPerSecond * x)
        let whole = departure.rounded(.down)
        moved.referencePS = reference
        moved.offsetPS = offsetPS + Int64(whole)
        moved.offsetFractionPS = departure - whole
        moved.skew = skew + driftPerSecond * x
        moved.wanderStartSeconds = wanderStartSeconds - x
        return moved
    }

    /// Adds a correction o + s x + d x²/2, ps, 1 and 1/s.
    mutating func add(offsetPS: Double, skew: Double, driftPerSecond: Double) {
        let sum = offsetFractionPS + offsetPS
        let whole = sum.rounded(.down)
        self.offsetPS += Int64(whole)
        offsetFractionPS = sum - whole
        self.skew += skew
        self.driftPerSecond += driftPerSecond
    }

    /// The wander c(x), ps.
    func wander(_ x: Double) -> Double {
        guard wanderPS.count > 0 else { return 0 }
        let position = max(0, min(Double(wanderPS.count - 1), (x - wanderStartSeconds) / wanderStepSeconds))
        let knot = min(Int(position), max(0, wanderPS.count - 2))
        guard wanderPS.count > 1 else { return wanderPS[0] }
        let part = position - Double(knot)
        return wanderPS[knot] * (1 - part) + wanderPS[knot + 1] * part
    }
}
