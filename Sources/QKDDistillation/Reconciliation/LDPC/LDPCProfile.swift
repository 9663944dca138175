#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What one of our mother codes is made from, and what density evolution says of it.
///
/// The degrees were sought by hill climbing under density evolution (Richardson, Urbanke, IEEE Trans. Inf. Theory 47,
/// 599 (2001)) of just this decoder's messages: whole numbers, magnitudes by table, 50 flooding rounds, with some
/// reluctance against edges, which cost time.
public struct LDPCProfile: Sendable, Equatable {
    /// Block columns of every mother code.
    public static let columns = 128

    /// Block rows: the code's rate is 1 - rows / 128.
    public let rows: Int
    /// How many block columns have how many circulants.
    public let degrees: [Int: Int]
    /// The error rate up to which 50 flooding rounds come to an end, for infinite length: by density evolution.
    public let threshold: Double
    /// Block columns that may be punctured.
    public var puncturable: Int { 1 + rows / 8 }

    /// How much of the smallest magnitude among its other bits a check's message is worth while a share `unmet` of the
    /// checks is not met; `rows` are those of a code as long as the mother code, of this one's rate.
    ///
    /// The exact value for a message is the logarithm of how much more often it is right than wrong. This is a fit to
    /// what was counted of simulated frames, sweep by sweep, where it is nearly a function of `unmet` alone. With a fixed
    /// value of 0.8 all frames fail at an efficiency of 1.2.
    static func confidence(unmet: Double, rows: Double) -> Double {
        min(1, max(0.05, 1 - (2.25 - rows / 200) * unmet + 2.1 * unmet * unmet * unmet))
    }

    /// The same for the first sweep, when all magnitudes are equal: the exact value, by the product of tanh(L / 2).
    func firstConfidence(qber: Double) -> Double {
        let weight = Double(degrees.reduce(0) { $0 + $1.key * $1.value }) / Double(rows)
        let right = 1 - 2 * qber
        return max(0.05, atanh(pow(right, weight - 1)) / atanh(right))
    }
}
