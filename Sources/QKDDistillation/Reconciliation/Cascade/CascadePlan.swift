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
/// The first blocks have about 0.87/Q bits, the second eight times as many, the third 4096: of the lengths tried these reveal
/// little (f 1.04) in few round trips.
public struct CascadePlan: Sendable {
    /// The orders and subsets.
    public let orders: CascadeOrders
    /// log₂ of the block's length in each pass.
    let blockLogs: [Int]
    /// log₂ of the tree over a whole frame, in which subsets are searched.
    let wholeLog: Int

    /// Plans for frames whose error rate is about `errorRate`; a wrong guess costs bits, not correctness.
    public init(orders: CascadeOrders, errorRate: Double) {
        self.orders = orders
        let first = -log2(min(0.25, max(1.0 / 4096, errorRate)))
        let sizes = [Int((first - 0.2).rounded()), Int((first + 3).rounded()), 12]
        var whole = 1
        while 1 << whole < orders.frameBits { whole += 1 }
        blockLogs = sizes.map { min($0, whole) }
        wholeLog = whole
    }

    /// Bits of a frame.
    public var frameBits: Int { orders.frameBits }
    /// Blocks of a pass.
    func blocks(_ pass: Int) -> Int { (frameBits + (1 << blockLogs[pass]) - 1) >> blockLogs[pass] }

    /// Parities that may be asked for: a frame of which more is revealed is none.
    var mostParities: Int { frameBits + orders.subsets.count + blockLogs.count }

    /// Words that a frame's bits take.
    var wordCount: Int { (frameBits + 63) / 64 }

    /// The places of a node: of a pass the blocks' binary trees lie one after another, each with the block itself at 1 and
    /// the halves of node v at 2v and 2v + 1; node ids count on from tree to tree. `nil` for what is no node.
    @inline(__always) func places(ofNode id: Int, blockLog: Int) -> (low: Int, high: Int)? {
        let node = id & ((2 << blockLog) - 1)
        guard node > 0 else { return nil }
        let depth = Int.bitWidth - 1 - node.leadingZeroBitCount
        let sizeLog = blockLog - depth
        let low = (id >> (blockLog + 1)) << blockLog + (node - 1 << depth) << sizeLog
        guard low < frameBits else { return nil }
        return (low, min(frameBits, low + 1 << sizeLog))
    }
}
