#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How Cascade goes about frames of one length and error rate.
///
/// Brassard and Salvail's protocol (Eurocrypt '93) as Martinez-Mateo, Pacher, Peev, Ciurana and Martin improve it (Quantum Inf.
/// Comput. 15, 453 (2015)): blocks of powers of two, then random halves, and what searches revealed of a block is used again.
/// The first blocks have about 0.87/Q bits, the second 10.6/Q, the third 4096: of the lengths tried these reveal little
/// (f 1.04) in few round trips.
public struct CascadePlan: Sendable {
    /// The orders and subsets.
    public let orders: CascadeOrders
    /// log₂ of the block's length in each pass, 12 at most.
    let blockLogs: [Int]
    /// log₂ of the tree over a whole frame, in which subsets are searched.
    let wholeLog: Int
    /// The first bit of each block of the first pass, where such blocks lie within words; else empty.
    let firstStarts: [UInt64]

    /// A block's bits lie in 64 words at most, each of which is a bit of one word.
    static let longestLog = 12

    /// Plans for frames whose error rate is about `errorRate`; a wrong guess costs bits, not correctness.
    public init(orders: CascadeOrders, errorRate: Double) {
        self.orders = orders
        let first = -log2(min(0.25, max(1.0 / 4096, errorRate)))
        // Shuffled passes see the zeros that fill up the frame among its bits.
        let second = first + log2(Double(orders.paddedBits) / Double(orders.frameBits))
        let sizes = [Int((first - 0.2).rounded()), Int((second + 3.4).rounded()), Self.longestLog]
        blockLogs = sizes.map { min($0, Self.longestLog) }
        var whole = 1
        while 1 << whole < orders.paddedBits { whole += 1 }
        wholeLog = whole
        let log = blockLogs[0]
        firstStarts =
            log > 6
            ? []
            : (0..<orders.wordCount).map { word in
                stride(from: 0, to: 64, by: 1 << log).reduce(0) {
                    64 * word + $1 < orders.frameBits ? $0 | 1 << UInt64($1) : $0
                }
            }
    }

    /// Bits of a frame.
    public var frameBits: Int { orders.frameBits }
    /// Words of a frame with the zeros that fill it up.
    var wordCount: Int { orders.wordCount }
    /// Blocks of a pass; in the first, only those that have bits of the frame.
    func blocks(_ pass: Int) -> Int {
        ((pass == 0 ? frameBits : orders.paddedBits) + (1 << blockLogs[pass]) - 1) >> blockLogs[pass]
    }
    /// Parities that are asked for at once at the beginning: those of all blocks and subsets.
    var rootCount: Int { blockLogs.indices.reduce(orders.subsets.count) { $0 + blocks($1) } }

    /// Parities that may be asked for: a frame of which more is revealed is none. Searches in the shortest frames also pay for the
    /// zeros that fill them up.
    var mostParities: Int { max(frameBits, 1 << Self.longestLog) + rootCount }
}
