import QKDCore

/// Which digital line of a pulser fires the laser of which BB84 state.
public struct LaserLineMap: Sendable, Equatable {
    /// The state that line 0…7 fires, `nil` for a line with no laser on it.
    public private(set) var states: [BB84State?]

    /// Makes a map of a dictionary from line number to state.
    ///
    /// Several lines may fire the same state; throws `outOfRange` for a line outside 0…7.
    public init(_ lines: [Int: BB84State]) throws(QKDError) {
        states = Array(repeating: nil, count: 8)
        for (line, state) in lines {
            guard states.indices.contains(line) else {
                throw QKDError(.outOfRange, "a pulser's line is 0…7, not \(line)")
            }
            states[line] = state
        }
    }

    /// Lines 0…3 fire Z0, Z1, X0, X1.
    public static let inOrder = LaserLineMap()

    private init() {
        states = BB84State.all.map { $0 } + Array(repeating: nil, count: 4)
    }

    /// Bit *n* is set where line *n* fires a laser.
    public var mask: UInt8 {
        states.indices.reduce(0) { states[$1] == nil ? $0 : $0 | 1 << UInt8($1) }
    }
}
