import QKDCore

/// What one input of a party's tagger stands for.
public struct MappedDetector: Sendable, Equatable {
    /// The input.
    public var channel: UInt8
    /// Polariser angle that the detector stands behind, degrees, 0 ..< 180.
    public var angleDegrees: Double
    /// The BB84 state at that angle: H = Z0 at 0, D = X0 at 45, V = Z1 at 90, A = X1 at 135; `nil` at others.
    public var state: BB84State?

    /// The setting of the analyser, 0 ..< 90 degrees: two orthogonal outcomes have the same.
    public var settingDegrees: Double { angleDegrees < 90 ? angleDegrees : angleDegrees - 90 }
    /// 0 for the outcome at the setting, 1 for the orthogonal one.
    public var outcome: UInt8 { angleDegrees < 90 ? 0 : 1 }
}

/// The inputs of a party's tagger and what they stand for, in the order of the text.
public struct PartyMap: Sendable, Equatable {
    /// The inputs.
    public var detectors: [MappedDetector]

    /// The states of the inputs that have one.
    public var states: [UInt8: BB84State] {
        Dictionary(uniqueKeysWithValues: detectors.compactMap { entry in entry.state.map { (entry.channel, $0) } })
    }

    /// The different settings, rising, degrees.
    public var settings: [Double] { Set(detectors.map(\.settingDegrees)).sorted() }

    /// Place in `detectors` of each of the 256 channels; −1 for none.
    var places: [Int] {
        var table = [Int](repeating: -1, count: 256)
        for (place, entry) in detectors.enumerated() { table[Int(entry.channel)] = place }
        return table
    }
}

/// Which input of which party is which detector.
///
/// Text: `alice:1=Z0,2=Z1,3=X0,4=X1;bob:1=H,2=V,3=D,4=A`. A text without a side holds for both. An input's value is
/// a state (`Z0 Z1 X0 X1`, `H V D A`, in either case) or an angle such as `22.5deg`. Blanks do not matter.
public struct DetectorMap: Sendable, Equatable {
    /// Alice's inputs.
    public var alice: PartyMap
    /// Bob's inputs.
    public var bob: PartyMap

    /// Inputs 1 to 4 of both are H, V, D, A.
    public static let standard = DetectorMap(alice: standardParty, bob: standardParty)
    private static let standardParty = PartyMap(
        detectors: [0.0, 90, 45, 135].enumerated().map { index, angle in
            MappedDetector(channel: UInt8(index + 1), angleDegrees: angle, state: MapReader.state(at: angle))
        })

    /// Names both sides.
    public init(alice: PartyMap, bob: PartyMap) {
        self.alice = alice
        self.bob = bob
    }

    /// Reads a text; throws `invalidInput` with the place of what it cannot understand.
    public init(_ text: String) throws(QKDError) {
        var reader = MapReader(text)
        self = try reader.read()
    }
}

extension DetectorMap: CustomStringConvertible {
    public var description: String { "alice:\(alice);bob:\(bob)" }
}

extension PartyMap: CustomStringConvertible {
    public var description: String {
        detectors.map { "\($0.channel)=\($0.state?.description ?? "\($0.angleDegrees)deg")" }.joined(separator: ",")
    }
}
