/// Detections of two parties, a byte each: bit 0 the outcome, bit 1 the basis.
public struct SiftWorkload: Sendable {
    /// Detections.
    public var detections = 100_000_000
    /// Probability of a wrong outcome in equal bases.
    public var qber = 0.03

    /// The defaults stated with each property.
    public init() {}

    /// Makes both sides' bytes.
    public func make(seed: UInt64) -> (alice: [UInt8], bob: [UInt8]) {
        var generator = SeededGenerator(seed: seed, stream: "sift workload")
        let threshold = UInt32(qber * 0x1p32)
        var alice: [UInt8] = []
        let bob = [UInt8](unsafeUninitializedCapacity: detections) { bob, bobCount in
            alice = [UInt8](unsafeUninitializedCapacity: detections) { alice, aliceCount in
                for index in 0..<detections {
                    let draw = generator.next()
                    let (left, free) = (UInt8(truncatingIfNeeded: draw) & 3, UInt8(truncatingIfNeeded: draw >> 2) & 3)
                    let isWrong = UInt32(truncatingIfNeeded: draw >> 32) < threshold
                    alice[index] = left
                    bob[index] = (left ^ free) & 2 == 0 ? left ^ (isWrong ? 1 : 0) : free
                }
                aliceCount = detections
            }
            bobCount = detections
        }
        return (alice, bob)
    }

    /// Bit `bit` of each byte, 64 a word; the number of bytes is a multiple of 64.
    public static func plane(_ bytes: [UInt8], bit: UInt8) -> [UInt64] {
        bytes.withUnsafeBufferPointer { bytes in
            (0..<bytes.count / 64).map { word in
                var plane: UInt64 = 0
                for place in 0..<64 { plane |= UInt64(bytes[64 &* word &+ place] >> bit & 1) << UInt64(place) }
                return plane
            }
        }
    }
}
