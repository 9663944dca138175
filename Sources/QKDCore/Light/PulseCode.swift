/// The two conjugate bases of BB84. Z is the key basis of the biased protocol, X tests it.
public enum Basis: UInt8, Sendable, CaseIterable, Codable, CustomStringConvertible {
    case z = 0
    case x = 1

    public var description: String { self == .z ? "Z" : "X" }
}

/// The three intensities of vacuum + weak decoy BB84 (Ma 2005): μ, ν and the vacuum.
public enum Intensity: UInt8, Sendable, CaseIterable, Codable, CustomStringConvertible {
    case signal = 0
    case decoy = 1
    case vacuum = 2

    public var description: String {
        switch self {
        case .signal: "signal"
        case .decoy: "decoy"
        case .vacuum: "vacuum"
        }
    }
}

/// One of the four BB84 states: a basis and a bit. H = Z0, V = Z1, D = X0, A = X1.
public struct BB84State: Sendable, Hashable, CustomStringConvertible {
    /// Z or X.
    public var basis: Basis
    /// 0 or 1.
    public var bit: UInt8

    /// Makes the state of `bit` (its lowest bit is used) in `basis`.
    public init(_ basis: Basis, _ bit: UInt8) {
        self.basis = basis
        self.bit = bit & 1
    }

    /// 0…3 in the order Z0, Z1, X0, X1.
    public var index: Int { Int(basis.rawValue) << 1 | Int(bit) }

    /// The state of an index 0…3.
    public init(index: Int) {
        self.init(index & 2 == 0 ? .z : .x, UInt8(index & 1))
    }

    /// Z0, Z1, X0, X1.
    public static let all = (0..<4).map(BB84State.init(index:))

    public var description: String { "\(basis)\(bit)" }
}

/// What Alice sends in one slot, in one byte: bit 0 the key bit, bit 1 the basis, bits 3…2 the intensity.
public struct PulseCode: RawRepresentable, Sendable, Hashable {
    public var rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Packs a state and an intensity.
    public init(_ state: BB84State, _ intensity: Intensity) {
        rawValue = UInt8(state.index) | intensity.rawValue << 2
    }

    /// The key bit, 0 or 1.
    public var bit: UInt8 { rawValue & 1 }
    /// The basis that Alice sends in.
    public var basis: Basis { rawValue & 2 == 0 ? .z : .x }
    /// Bit and basis together.
    public var state: BB84State { BB84State(index: Int(rawValue & 3)) }
    /// The intensity; the code 3 does not occur and reads as the vacuum.
    public var intensity: Intensity { Intensity(rawValue: rawValue >> 2 & 3) ?? .vacuum }

    /// How many codes there are: 4 states × 3 intensities.
    public static let count = 12
}
