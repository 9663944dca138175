import QKDCore

/// The continuous health tests of a noise source: the repetition count test and the adaptive proportion test
/// (NIST SP 800-90B, sections 4.4.1 and 4.4.2), on samples of one byte.
///
/// A failure is kept: nothing more is let through until the tests are started anew. Samples are never part of an error.
struct NoiseHealth: Sendable {
    /// What the source's bytes are taken to hold, bits; no source of ours states it, so it is well below eight.
    static let assumedEntropyBits = 6.0
    /// How often a good source may fail: once in 2^30 samples, or windows.
    static let falseAlarmExponent = 30.0
    /// Samples of a window for sources of more than two values (section 4.4.2).
    static let windowLength = 512
    /// Samples that have to pass before the first is given out (section 4.3, requirement 4).
    static let startupSamples = 1024

    /// So many equal samples in a row are a failure: 1 + ⌈α / H⌉.
    static let repetitionCutoff = 1 + Int((falseAlarmExponent / assumedEntropyBits).rounded(.up))
    /// So many samples equal to a window's first are a failure: 1 + critbinom(W, 2^-H, 1 - α).
    static let proportionCutoff = 1 + criticalCount(windowLength, probability: 1.0 / 64, tail: 0x1p-30)

    private(set) var failure: QKDError?
    private var last: UInt8?
    private var run = 0
    private var windowValue: UInt8 = 0
    private var windowCount = 0
    private var windowSamples = 0
    /// Samples that passed since the tests were started.
    private(set) var passed = 0

    /// Whether enough samples have passed for the source to be used.
    var isStarted: Bool { passed >= Self.startupSamples && failure == nil }

    /// Tests samples in the order in which they were made; throws `unhealthy`, now and at every later call.
    mutating func check(_ samples: [UInt8], at place: QKDError.Place) throws {
        if let failure { throw failure }
        for sample in samples {
            if sample == last {
                run += 1
                if run >= Self.repetitionCutoff { throw fail("the repetition count test failed", place) }
            } else {
                last = sample
                run = 1
            }
            if windowSamples == 0 {
                windowValue = sample
                windowCount = 1
            } else if sample == windowValue {
                windowCount += 1
                if windowCount >= Self.proportionCutoff { throw fail("the adaptive proportion test failed", place) }
            }
            windowSamples = (windowSamples + 1) % Self.windowLength
        }
        passed += samples.count
    }

    private mutating func fail(_ what: String, _ place: QKDError.Place) -> QKDError {
        let error = QKDError(.unhealthy, "\(what) (SP 800-90B, 4.4): no more bytes are given out", at: place)
        failure = error
        return error
    }

    /// The smallest count that a binomial variable exceeds with at most `tail`.
    static func criticalCount(_ trials: Int, probability: Double, tail: Double) -> Int {
        // Terms from the top down, so that small ones are not lost in large ones.
        var terms = [Double](repeating: 0, count: trials + 1)
        var term = 1.0
        for _ in 0..<trials { term *= 1 - probability }
        terms[0] = term
        for count in 1...trials {
            term *= Double(trials - count + 1) / Double(count) * probability / (1 - probability)
            terms[count] = term
        }
        var above = 0.0
        for count in stride(from: trials, through: 1, by: -1) {
            above += terms[count]
            if above > tail { return count }
        }
        return 0
    }
}
