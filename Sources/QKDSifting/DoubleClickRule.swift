import QKDCore

/// Random bytes that are used up from the front, each once.
public struct RandomBytes: Sendable {
    private let bytes: [UInt8]
    private var next = 0

    /// Wraps bytes of a good random source.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Bytes not used yet.
    public var remaining: Int { bytes.count - next }

    /// A number from 0 up to `bound` (1…256), exactly uniform; throws `invalidInput` when the bytes run out.
    public mutating func below(_ bound: Int) throws -> Int {
        precondition(bound > 0 && bound <= 256, "a byte has 256 values")
        if bound == 1 { return 0 }
        // Bytes beyond the last whole multiple would favour the small numbers.
        let limit = 256 - 256 % bound
        while true {
            guard next < bytes.count else {
                throw QKDError(.invalidInput, "the random bytes for double clicks ran out after \(bytes.count)")
            }
            let byte = Int(bytes[next])
            next += 1
            if byte < limit { return byte % bound }
        }
    }
}

extension DoubleClickRule {
    /// The state index that the clicks in `detectors` (bits 0…3, not 0) stand for, or `nil` if thrown away.
    func resolve(_ detectors: UInt8, _ random: inout RandomBytes) throws -> Int? {
        let clicks = detectors.nonzeroBitCount
        if clicks == 1 { return detectors.trailingZeroBitCount }
        guard self == .random else { return nil }
        var left = detectors
        for _ in 0..<(try random.below(clicks)) { left &= left - 1 }
        return left.trailingZeroBitCount
    }
}
