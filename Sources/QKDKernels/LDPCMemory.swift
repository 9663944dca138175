/// What a decoder knows of one frame between two sweeps of `LDPCKernel`.
public struct LDPCMemory: Sendable {
    /// Behind each column stand again its first 64 totals, so that a run of checks need not wrap.
    static let margin = 64

    var totals: [Int8] = []
    var messages = AlignedBytes(count: 0)
    private var lifting = 0

    /// Makes empty memory.
    public init() {}

    /// Takes what is known of each bit beforehand, and forgets all messages. The memory is kept for the next frame.
    ///
    /// Parts are runs of bits from the first bit on, `columns * lifting` in all: a positive number says that the bit is
    /// rather 0, a larger one that it is so more surely.
    public mutating func start(_ kernel: LDPCKernel, parts: [(count: Int, total: Int8)]) {
        precondition(parts.reduce(0) { $0 + $1.count } == kernel.columns * kernel.lifting, "not each bit once")
        lifting = kernel.lifting
        messages.clear(count: kernel.circulants * lifting)
        let bytes = kernel.columns * (lifting + Self.margin)
        if totals.count != bytes { totals = Array(repeating: 0, count: bytes) }
        var bit = 0
        for part in parts {
            var left = part.count
            while left > 0 {
                let here = min(left, lifting - bit % lifting)
                let at = bit / lifting * (lifting + Self.margin) + bit % lifting
                totals.withUnsafeMutableBufferPointer {
                    UnsafeMutableBufferPointer(rebasing: $0[at..<at + here]).update(repeating: part.total)
                }
                bit += here
                left -= here
            }
        }
        for column in 0..<kernel.columns {
            let front = column * (lifting + Self.margin)
            for byte in front..<front + Self.margin { totals[byte + lifting] = totals[byte] }
        }
    }

    /// What is known of a bit now.
    public func total(_ bit: Int) -> Int8 { totals[bit / lifting * (lifting + Self.margin) + bit % lifting] }

    func fits(_ kernel: LDPCKernel) -> Bool {
        lifting == kernel.lifting && totals.count == kernel.columns * (lifting + Self.margin)
            && messages.count == kernel.circulants * lifting
    }
}
