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
    /// Size of a circulant.
    public static let lifting = 1024

    /// Block rows: the code's rate is 1 - rows / 128.
    public var rows: Int
    /// How many block columns have how many circulants.
    public var degrees: [Int: Int]
    /// The error rate up to which 50 flooding rounds come to an end, for infinite length.
    public var threshold: Double
    /// Part of `confidence`.
    var fall: Double
    /// Part of `confidence`.
    var bend: Double

    /// Checks of a frame.
    public var checks: Int { rows * Self.lifting }
    /// Block columns that may be punctured.
    public var puncturable: Int { 1 + rows / 8 }

    /// How much of the smallest magnitude among its other bits a check's message is worth while a share `unmet` of the
    /// checks is not met.
    ///
    /// The exact value for a message is the logarithm of how much more often it is right than wrong, which density
    /// evolution knows; this is its fit over the rounds. Plain min-sum, 1 throughout, costs 10 % in efficiency.
    func confidence(unmet: Double) -> Double {
        min(1, max(0.05, 1 - fall * unmet - bend * unmet * unmet * unmet))
    }

    /// The same for the first sweep, when all magnitudes are equal: the exact value, by the product of tanh(L / 2).
    func firstConfidence(qber: Double) -> Double {
        let weight = Double(degrees.reduce(0) { $0 + $1.key * $1.value }) / Double(rows)
        let right = 1 - 2 * qber
        return max(0.05, atanh(pow(right, weight - 1)) / atanh(right))
    }

    /// The profile of a number of rows, if there is one.
    public static func of(rows: Int) -> LDPCProfile? { all.first { $0.rows == rows } }

    /// All of them, from the highest rate on.
    public static let all = [
        LDPCProfile(rows: 8, degrees: [2: 6, 3: 73, 8: 49], threshold: 0.0056, fall: 1.68, bend: 3.4),
        LDPCProfile(rows: 10, degrees: [2: 8, 3: 76, 10: 44], threshold: 0.0078, fall: 1.62, bend: 3.0),
        LDPCProfile(rows: 12, degrees: [2: 9, 3: 73, 4: 8, 12: 38], threshold: 0.0099, fall: 1.51, bend: 3.5),
        LDPCProfile(
            rows: 14, degrees: [2: 11, 3: 75, 5: 4, 6: 1, 7: 2, 8: 4, 12: 4, 13: 5, 14: 22],
            threshold: 0.0121, fall: 1.44, bend: 3.9),
        LDPCProfile(
            rows: 16, degrees: [2: 12, 3: 71, 4: 6, 5: 2, 7: 4, 8: 5, 14: 15, 15: 1, 16: 12],
            threshold: 0.0144, fall: 1.38, bend: 4.0),
        LDPCProfile(
            rows: 19, degrees: [2: 15, 3: 74, 6: 2, 7: 9, 10: 5, 12: 2, 14: 2, 15: 4, 16: 15],
            threshold: 0.0180, fall: 1.26, bend: 4.6),
        LDPCProfile(
            rows: 22, degrees: [2: 14, 3: 80, 6: 1, 9: 1, 10: 8, 11: 1, 14: 19, 15: 1, 16: 3],
            threshold: 0.0216, fall: 1.16, bend: 5.1),
        LDPCProfile(
            rows: 25, degrees: [2: 19, 3: 74, 6: 4, 7: 1, 8: 2, 10: 6, 14: 14, 16: 8],
            threshold: 0.0256, fall: 1.09, bend: 5.3),
        LDPCProfile(
            rows: 29, degrees: [2: 23, 3: 68, 4: 4, 5: 3, 7: 1, 9: 1, 10: 8, 11: 2, 14: 1, 15: 3, 16: 14],
            threshold: 0.0311, fall: 0.99, bend: 5.7),
        LDPCProfile(
            rows: 33, degrees: [2: 19, 3: 80, 8: 1, 9: 5, 10: 2, 14: 10, 16: 11],
            threshold: 0.0370, fall: 0.89, bend: 6.1),
        LDPCProfile(
            rows: 38, degrees: [2: 25, 3: 74, 6: 1, 8: 1, 9: 2, 10: 7, 14: 7, 15: 4, 16: 7],
            threshold: 0.0448, fall: 0.79, bend: 6.3),
        LDPCProfile(
            rows: 43, degrees: [2: 26, 3: 75, 7: 1, 8: 4, 10: 4, 11: 1, 14: 1, 15: 2, 16: 14],
            threshold: 0.0532, fall: 0.69, bend: 6.5),
        LDPCProfile(rows: 49, degrees: [2: 28, 3: 75, 9: 6, 10: 4, 16: 15], threshold: 0.0639, fall: 0.59, bend: 6.6),
        LDPCProfile(
            rows: 56, degrees: [2: 31, 3: 75, 9: 1, 11: 6, 14: 3, 15: 3, 16: 9],
            threshold: 0.0774, fall: 0.49, bend: 6.6),
        LDPCProfile(
            rows: 64, degrees: [2: 34, 3: 74, 8: 1, 10: 2, 11: 1, 12: 2, 14: 1, 15: 3, 16: 10],
            threshold: 0.0944, fall: 0.39, bend: 6.5),
    ]
}
