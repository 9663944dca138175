import QKDCore

/// What sifting of coincidences gave: keys, counts, figures.
public struct EntangledSift: Sendable, Equatable {
    /// Alice's bits, in the order of the coincidences.
    public var alice = BitString()
    /// Bob's bits; inverted in an anti-correlated basis.
    public var bob = BitString()
    /// The basis of each bit.
    public var bases: [Basis] = []
    /// Counts of the Z basis.
    public var z = BasisCounts()
    /// Counts of the X basis.
    public var x = BasisCounts()
    /// Coincidences by Alice's detector (row) and Bob's (column), in the order of the map.
    public var matrix: [[Int]] = []
    /// Coincidences of inputs that the map does not name.
    public var unmapped = 0
    /// The CHSH quantity, where the map's angles allow one.
    public var chsh: CHSHEstimate?

    /// Starts empty.
    public init() {}

    /// The counts of a basis.
    public subscript(basis: Basis) -> BasisCounts {
        get { basis == .z ? z : x }
        set { if basis == .z { z = newValue } else { x = newValue } }
    }

    /// Errors among the sifted bits of both bases.
    public var qber: BinomialEstimate { BinomialEstimate(z.errors + x.errors, of: z.total + x.total) }
}

/// Makes key bits of coincidences: both in the same basis, one bit a coincidence.
public struct EntangledSifter: Sendable {
    /// Which input is which detector.
    public var map: DetectorMap
    /// How outcomes go together in Z and X; `nil` reads it off the counts, by basis.
    public var correlations: [Basis: OutcomeCorrelation]

    /// Prepares for a map. A basis that `correlations` does not name is judged by its majority.
    public init(map: DetectorMap, correlations: [Basis: OutcomeCorrelation] = [:]) {
        self.map = map
        self.correlations = correlations
    }

    /// Sifts.
    ///
    /// `aliceTags` and `bobTags` are the indices of the coincidences' tags in the captures, whose inputs
    /// `aliceChannels` and `bobChannels` hold; `accidentals` says how many accidental coincidences of two inputs are
    /// to be expected among all. Throws `invalidInput` for a tag that is in two coincidences or does not exist.
    public func sift(
        aliceTags: [UInt32], bobTags: [UInt32], aliceChannels: [UInt8], bobChannels: [UInt8],
        accidentals: (_ alice: UInt8, _ bob: UInt8) -> Double = { _, _ in 0 }
    ) throws -> EntangledSift {
        guard aliceTags.count == bobTags.count else {
            throw QKDError(.invalidInput, "a coincidence has a tag on each side")
        }
        try Self.checkOnce(aliceTags, of: aliceChannels.count, "Alice's")
        try Self.checkOnce(bobTags, of: bobChannels.count, "Bob's")
        var result = EntangledSift()
        let (placesA, placesB) = (map.alice.places, map.bob.places)
        var matrix = Array(
            repeating: [Int](repeating: 0, count: map.bob.detectors.count), count: map.alice.detectors.count)
        for (a, b) in zip(aliceTags, bobTags) {
            let (row, column) = (placesA[Int(aliceChannels[Int(a)])], placesB[Int(bobChannels[Int(b)])])
            if row < 0 || column < 0 { result.unmapped += 1 } else { matrix[row][column] += 1 }
        }
        result.matrix = matrix
        for (row, left) in map.alice.detectors.enumerated() {
            for (column, right) in map.bob.detectors.enumerated() {
                guard let p = left.state, let q = right.state, p.basis == q.basis else { continue }
                result[p.basis].outcomes[Int(p.bit)][Int(q.bit)] += matrix[row][column]
                result[p.basis].accidentals[Int(p.bit)][Int(q.bit)] += accidentals(left.channel, right.channel)
            }
        }
        for basis in Basis.allCases { result[basis].settle(correlations[basis]) }
        let inverted = Basis.allCases.map { result[$0].correlation == .anticorrelated }
        for (a, b) in zip(aliceTags, bobTags) {
            let (row, column) = (placesA[Int(aliceChannels[Int(a)])], placesB[Int(bobChannels[Int(b)])])
            guard row >= 0, column >= 0, let p = map.alice.detectors[row].state,
                let q = map.bob.detectors[column].state, p.basis == q.basis
            else { continue }
            result.alice.append(p.bit)
            result.bob.append(inverted[Int(p.basis.rawValue)] ? 1 - q.bit : q.bit)
            result.bases.append(p.basis)
        }
        result.chsh = chsh(matrix)
        return result
    }

    private static func checkOnce(_ tags: [UInt32], of count: Int, _ whose: String) throws {
        var seen = [Bool](repeating: false, count: count)
        for tag in tags {
            guard Int(tag) < count else { throw QKDError(.invalidInput, "\(whose) tag \(tag) of \(count)") }
            guard !seen[Int(tag)] else {
                throw QKDError(.invalidInput, "\(whose) tag \(tag) is in two coincidences")
            }
            seen[Int(tag)] = true
        }
    }

    private func chsh(_ matrix: [[Int]]) -> CHSHEstimate? {
        let (settingsA, settingsB) = (map.alice.settings, map.bob.settings)
        guard settingsA.count == 2, settingsB.count == 2 else { return nil }
        var correlations: [SettingCorrelation] = []
        for a in settingsA {
            for b in settingsB {
                var entry = SettingCorrelation(aliceDegrees: a, bobDegrees: b, equal: 0, total: 0)
                for (row, left) in map.alice.detectors.enumerated() where left.settingDegrees == a {
                    for (column, right) in map.bob.detectors.enumerated() where right.settingDegrees == b {
                        entry.total += matrix[row][column]
                        if left.outcome == right.outcome { entry.equal += matrix[row][column] }
                    }
                }
                correlations.append(entry)
            }
        }
        return CHSHEstimate(correlations)
    }
}
