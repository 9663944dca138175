import QKDCore
import QKDKernels

/// Sifts coincidences as they come: `EntangledSifter` for streams, where how outcomes go together is known.
public struct CoincidenceSifter: Sendable {
    /// Both keys, and the errors between them.
    public private(set) var keys = SiftKernel()
    /// Coincidences of each pair of inputs; `matrix[a << 8 | b]`.
    public private(set) var matrix = [Int](repeating: 0, count: 1 << 16)

    /// Which input is which detector, and how outcomes of the bases go together.
    public let map: DetectorMap
    private let correlations: [Basis: OutcomeCorrelation]
    private let aliceBytes: [UInt8]
    private let bobBytes: [UInt8]
    private var alice: [UInt8] = []
    private var bob: [UInt8] = []

    /// Inputs without a BB84 state sift with nothing: beyond bit 0 these two differ from all others.
    private static let (noneOfAlice, noneOfBob): (UInt8, UInt8) = (4, 8)

    /// Prepares for a map; a basis that `correlations` does not name is correlated.
    public init(map: DetectorMap, correlations: [Basis: OutcomeCorrelation] = [:]) {
        self.map = map
        self.correlations = correlations
        aliceBytes = Self.bytes(map.alice, Self.noneOfAlice) { _ in false }
        bobBytes = Self.bytes(map.bob, Self.noneOfBob) { correlations[$0] == .anticorrelated }
    }

    private static func bytes(_ party: PartyMap, _ none: UInt8, isInverted: (Basis) -> Bool) -> [UInt8] {
        var table = [UInt8](repeating: none, count: 256)
        for (channel, state) in party.states {
            let bit = isInverted(state.basis) ? 1 - state.bit : state.bit
            table[Int(channel)] = UInt8(state.basis.rawValue) << 1 | bit
        }
        return table
    }

    /// Bits that both keys have, of errors among them, and both as an estimate.
    public var qber: BinomialEstimate { BinomialEstimate(keys.errorCount, of: keys.bitCount) }

    /// What coincidences of one basis on both sides gave.
    public func counts(of basis: Basis) -> BasisCounts {
        var counts = BasisCounts()
        counts.correlation = correlations[basis] ?? .correlated
        for (alice, p) in map.alice.states where p.basis == basis {
            for (bob, q) in map.bob.states where q.basis == basis {
                counts.outcomes[Int(p.bit)][Int(q.bit)] += matrix[Int(alice) << 8 | Int(bob)]
            }
        }
        return counts
    }

    /// Forgets the keys, once they have been handed over, and goes on with empty ones; their memory is overwritten.
    public mutating func clearKeys() { keys.clear() }

    /// Takes the inputs of the next coincidences; both arrays have the same length.
    public mutating func add(aliceChannels: [UInt8], bobChannels: [UInt8]) {
        precondition(aliceChannels.count == bobChannels.count, "a coincidence has a tag on each side")
        Self.map(aliceChannels, aliceBytes, into: &alice)
        Self.map(bobChannels, bobBytes, into: &bob)
        matrix.withUnsafeMutableBufferPointer { matrix in
            aliceChannels.withUnsafeBufferPointer { a in
                bobChannels.withUnsafeBufferPointer { b in
                    for index in a.indices { matrix[Int(a[index]) << 8 | Int(b[index])] &+= 1 }
                }
            }
        }
        alice.withUnsafeBufferPointer { a in
            bob.withUnsafeBufferPointer { keys.add(aliceBytes: a, bobBytes: $0) }
        }
    }

    private static func map(_ channels: [UInt8], _ table: [UInt8], into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(addingCapacity: channels.count) { room in
            room.withUnsafeMutableBufferPointer { room, count in
                channels.withUnsafeBufferPointer { channels in
                    table.withUnsafeBufferPointer { table in
                        for index in channels.indices { room[index] = table[Int(channels[index])] }
                    }
                }
                count = channels.count
            }
        }
    }
}
