#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// One detector's delay against the mean of its side.
public struct ChannelDelay: Sendable, Equatable {
    /// The tagger's input.
    public var channel: UInt8
    /// Delay, ps: a tag of this channel comes so much later than the mean channel's would.
    public var delayPS: Double
    /// One standard error, ps; large for a channel without coincidences.
    public var errorPS: Double
}

extension [ChannelDelay] {
    /// The delay of each of the 256 channels, ps; zero for those that are not named.
    var byChannelPS: [Double] {
        reduce(into: [Double](repeating: 0, count: 256)) { $0[Int($1.channel)] = $1.delayPS }
    }
}

/// How two captures' clocks relate, and how well that is known.
public struct RecoveredClock: Sendable, Equatable {
    /// Bob's clock against Alice's. Its reference is the middle of the correlated part of the captures, on Alice's
    /// clock; the offset is that of the mean of each side's detectors.
    public var relation: ClockRelation
    /// One standard error of the offset at the reference, ps.
    public var offsetErrorPS: Double
    /// One standard error of the skew at the reference, dimensionless.
    public var skewError: Double
    /// One standard error of the drift, per second.
    public var driftErrorPerSecond: Double
    /// Delays of Alice's channels that have tags; their mean is zero.
    public var aliceDelays: [ChannelDelay]
    /// Delays of Bob's channels that have tags; their mean is zero.
    public var bobDelays: [ChannelDelay]
    /// Standard deviation of the coincidence peak after the corrections, ps.
    public var peakSigmaPS: Double
    /// The capture's stretches, with what remains of each's departure.
    public var slices: [ClockSlice]
    /// χ² a degree of freedom of the slices' residuals; well above 1 says that the clocks wander more than fitted.
    public var reducedChiSquare: Double
    /// How the captures were first brought together.
    public var lock: OffsetLock

    /// Full width at half maximum of the peak, ps, as that of a Gaussian.
    public var peakFWHMPS: Double { peakSigmaPS * 2.354_820_045 }
}

/// Recovers two parties' clock relation from their tags: search, tracking, fit.
public struct ClockRecovery: Sendable {
    /// Where offset and skew are looked for.
    public var search: OffsetSearch
    /// Pairs up to this far from the tracked peak take part in the fit, ps; delays must lie well within.
    public var fitHalfWidthPS = 16_000.0

    /// Prepares a recovery.
    public init(search: OffsetSearch = OffsetSearch()) { self.search = search }

    /// Recovers the clocks; both captures are in time order.
    ///
    /// Throws `noLock` when the captures do not correlate, `invalidInput` and `outOfRange` as `OffsetSearch` does.
    public func recover(alice: TagBatch, bob: TagBatch) throws -> RecoveredClock {
        let tags = try TagPair(alice: alice, bob: bob)
        let lock = try search.find(tags)
        let tracker = ClockTracker(tags, weights: search.weights, lock: lock)
        try Cancellation.check()
        var slices = tracker.slices
        guard slices.contains(where: \.isCorrelated) else {
            throw QKDError(.noLock, "a correlation was found in one block but could not be followed")
        }
        var relation = tracker.relation()
        var result: RecoveredClock?
        // A second round settles which slices take part, a third one the wander where there is one.
        for round in 0..<3 {
            try Cancellation.check()
            let pairs = PairResiduals(
                tags, relation, slices: slices, halfWidthPS: fitHalfWidthPS, near: tracker.near)
            let used = slices.map(\.isCorrelated)
            let start = DelayStart(pairs, isUsed: used, binPS: 250)
            guard start.peaks > 0, let fit = ClockFit(pairs, isUsed: used, start: start, sigmaPS: 600) else {
                try Cancellation.check()
                throw QKDError(.noLock, "too few coincidences around the correlation peak to fit the clocks")
            }
            let chiSquare = SliceCheck.update(&slices, pairs, fit)
            var fitted = relation
            fitted.add(
                offsetPS: fit.corrections[0], skew: fit.corrections[1] * 1e-12,
                driftPerSecond: fit.corrections[2] * 1e-12)
            result = RecoveredClock(
                relation: fitted, offsetErrorPS: fit.correctionErrors[0], skewError: fit.correctionErrors[1] * 1e-12,
                driftErrorPerSecond: fit.correctionErrors[2] * 1e-12,
                aliceDelays: Self.delays(pairs.aliceChannels, fit.alicePS, fit.aliceErrorsPS),
                bobDelays: Self.delays(pairs.bobChannels, fit.bobPS, fit.bobErrorsPS), peakSigmaPS: fit.sigmaPS,
                slices: slices, reducedChiSquare: chiSquare, lock: lock)
            let wanders = chiSquare > 4 && slices.filter(\.isCorrelated).count >= 8
            // Where the tracker's relation was as good already, the next round would have the same pairs.
            let isClose = abs(fit.corrections[0]) < fitHalfWidthPS / 8
            if round > 0 || isClose, used == slices.map(\.isCorrelated), !wanders { break }
            relation = Self.centred(fitted, slices)
            if wanders, round < 2 { SliceCheck.addWander(to: &relation, slices) }
        }
        guard let result else { throw QKDError(.noLock, "the clocks could not be fitted") }
        return result
    }

    /// The relation stated at the middle of what is correlated.
    private static func centred(_ relation: ClockRelation, _ slices: [ClockSlice]) -> ClockRelation {
        let found = slices.filter(\.isCorrelated)
        guard let first = found.first, let last = found.last else { return relation }
        return relation.stated(atPS: first.startPS + (last.endPS - first.startPS) / 2)
    }

    private static func delays(_ channels: [UInt8], _ values: [Double], _ errors: [Double]) -> [ChannelDelay] {
        channels.indices.map { ChannelDelay(channel: channels[$0], delayPS: values[$0], errorPS: errors[$0]) }
    }
}

/// Judges each slice by the fitted peak.
enum SliceCheck {
    /// A slice without correlation passes once in e^12.
    private static let leastEvidence = 12.0

    /// Sets the slices' state, residual and pairs from the fit; returns χ² a degree of freedom.
    static func update(_ slices: inout [ClockSlice], _ pairs: PairResiduals, _ fit: ClockFit) -> Double {
        let window = 2.5 * fit.sigmaPS
        let outside = 6 * fit.sigmaPS
        var inner = [Double](repeating: 0, count: slices.count)
        var outer = inner
        var weight = inner
        var moment = inner
        for index in 0..<pairs.count {
            let slice = Int(pairs.slices[index])
            let r = fit.residual(index)
            if abs(r) <= window { inner[slice] += 1 } else if abs(r) > outside { outer[slice] += 1 }
            guard abs(r) < 8 * fit.sigmaPS else { continue }
            let p = fit.membership(r)
            weight[slice] += p
            moment[slice] += p * r
        }
        let ratio = 2 * window / max(2 * (pairs.halfWidthPS - outside), window)
        var chiSquare = 0.0
        var number = 0
        for index in slices.indices {
            let background = outer[index] * ratio
            let evidence = LinePeak.bennett(excess: inner[index] - background, variance: max(background, 0.02))
            slices[index].isCorrelated = evidence > leastEvidence
            slices[index].pairs = slices[index].isCorrelated ? (inner[index] - background) / 0.9876 : 0
            guard slices[index].isCorrelated, weight[index] > 1 else {
                slices[index].residualPS = .nan
                slices[index].residualErrorPS = .nan
                continue
            }
            slices[index].residualPS = moment[index] / weight[index]
            slices[index].residualErrorPS =
                fit.sigmaPS / weight[index].squareRoot()
                * (inner[index] / max(1, inner[index] - background)).squareRoot()
            chiSquare += square(slices[index].residualPS / slices[index].residualErrorPS)
            number += 1
        }
        return number > 3 ? chiSquare / Double(number - 3) : 1
    }

    /// Adds the slices' residuals to the relation's wander.
    static func addWander(to relation: inout ClockRelation, _ slices: [ClockSlice]) {
        func seconds(_ timePS: Int64) -> Double { Double(timePS - relation.referencePS) * 1e-12 }
        let found = slices.filter(\.isCorrelated)
        guard let first = found.first, let last = found.last else { return }
        let points = found.map { slice in
            let x = seconds(slice.centrePS)
            return (x, slice.residualPS + relation.wander(x))
        }
        relation.setWander(points, from: seconds(first.startPS), to: seconds(last.endPS))
    }
}
