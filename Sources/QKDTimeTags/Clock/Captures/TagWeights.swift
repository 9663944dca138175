import QKDCore

/// What a pair of tags counts for when correlations are looked for.
///
/// Each tag has a vector and a pair counts as the vectors' scalar product. By default every pair counts 1. By
/// states, a pair of equal states counts 1, of opposite ones −1, of two bases 0: a train of pulses, whose plain
/// correlation repeats from pulse to pulse, then has one peak only, at the shift at which the states agree.
public struct TagWeights: Sendable {
    /// One vector for each of the 256 channels.
    let alice: [Phasor]
    let bob: [Phasor]
    /// Whether every pair counts 1.
    let isPlain: Bool

    /// Every pair counts 1.
    public static let plain = TagWeights(
        alice: Array(repeating: Phasor(1, 0), count: 256), bob: Array(repeating: Phasor(1, 0), count: 256),
        isPlain: true)

    /// Pairs count by the states that their channels stand for; other channels count nothing.
    public init(aliceStates: [UInt8: BB84State], bobStates: [UInt8: BB84State]) {
        alice = Self.vectors(aliceStates)
        bob = Self.vectors(bobStates)
        isPlain = false
    }

    private init(alice: [Phasor], bob: [Phasor], isPlain: Bool) {
        self.alice = alice
        self.bob = bob
        self.isPlain = isPlain
    }

    private static func vectors(_ states: [UInt8: BB84State]) -> [Phasor] {
        var table = [Phasor](repeating: Phasor(), count: 256)
        for (channel, state) in states {
            let sign: Float = state.bit == 0 ? 1 : -1
            table[Int(channel)] = state.basis == .z ? Phasor(sign, 0) : Phasor(0, sign)
        }
        return table
    }
}
