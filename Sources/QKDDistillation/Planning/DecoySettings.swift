/// What both sides set for a decoy-state session: three intensities, the last one fixed, or two.
public struct DecoySettings: Sendable, Equatable {
    /// The chance that one side chooses the key's basis; both do with its square.
    public var keyBasisProbability: Double
    /// Means and how often each is sent.
    public var intensities: DecoyIntensities

    /// States settings.
    public init(keyBasisProbability: Double, intensities: DecoyIntensities) {
        self.keyBasisProbability = keyBasisProbability
        self.intensities = intensities
    }
}

/// As coordinates that a search may move freely: shares of what is left.
extension DecoySettings {
    private static let brightest = 1.2

    /// From where searches set out: large blocks, very small ones, and between.
    static func starts(intensityCount: Int, weakest: Double) -> [DecoySettings] {
        let rows: [[Double]] = [
            [0.9, 0.6, 0.25, 0.45, 0.15], [0.52, 0.04, 0.55, 0.5, 0.1], [0.7, 0.3, 0.45, 0.5, 0.2],
        ]
        return rows.map { row in
            let (first, second) = (row[1], row[2])
            return DecoySettings(
                keyBasisProbability: row[0],
                intensities: intensityCount == 2
                    ? DecoyIntensities(means: [row[3], row[4]], probabilities: [first, 1 - first])
                    : DecoyIntensities(
                        means: [row[3], row[4], weakest], probabilities: [first, second, 1 - first - second]))
        }
    }

    func coordinates(weakest: Double) -> [Double] {
        let (means, chances) = (intensities.means, intensities.probabilities)
        let ends = [Share.variable(keyBasisProbability), Share.variable(chances[0])]
        let bright = Share.variable(means[0] / Self.brightest)
        guard means.count == 3 else { return ends + [bright, Share.variable(means[1] / means[0])] }
        return ends + [
            Share.variable(chances[1] / (1 - chances[0])), bright,
            Share.variable((means[1] - weakest) / (means[0] - 2 * weakest)),
        ]
    }

    /// `nil` where the bright intensity leaves no room for the others.
    init?(coordinates: [Double], weakest: Double) {
        keyBasisProbability = Share.of(coordinates[0])
        let first = Share.of(coordinates[1])
        guard coordinates.count == 5 else {
            let bright = Self.brightest * Share.of(coordinates[2])
            intensities = DecoyIntensities(
                means: [bright, bright * Share.of(coordinates[3])], probabilities: [first, 1 - first])
            return
        }
        let second = (1 - first) * Share.of(coordinates[2])
        let bright = Self.brightest * Share.of(coordinates[3])
        let room = bright - 2 * weakest
        guard room > 0 else { return nil }
        intensities = DecoyIntensities(
            means: [bright, weakest + room * Share.of(coordinates[4]), weakest],
            probabilities: [first, second, 1 - first - second])
    }
}
