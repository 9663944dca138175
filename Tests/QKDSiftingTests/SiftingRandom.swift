import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How large the random samples of the sifting tests are.
enum Statistics {
    /// 1, or 20 when QKD_ACCEPTANCE=1 asks for the long checks.
    static let scale = getenv("QKD_ACCEPTANCE").map { String(cString: $0) == "1" } ?? false ? 20 : 1
}

/// splitmix64: the same data from the same seed on every machine.
struct SiftingRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }

    /// Codes of a frame, one byte a slot.
    mutating func codes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0..<UInt8(PulseCode.count), using: &self) }
    }

    /// Detections of about `share` of the slots, with some multiple clicks.
    mutating func detections(_ slots: Int, share: Double) -> [SlotMask] {
        (0..<slots).compactMap { slot in
            guard chance(share) else { return nil }
            var mask: UInt8 = 1 << UInt8.random(in: 0..<4, using: &self)
            if chance(0.2) { mask |= UInt8.random(in: 0..<16, using: &self) }
            return SlotMask(slot: slot, mask: mask)
        }
    }

    /// Each slot with chance `share`, rising.
    mutating func disclosed(_ slots: Int, share: Double) -> [UInt32] {
        (0..<slots).filter { _ in chance(share) }.map(UInt32.init)
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

/// A slot and the detectors that clicked in it.
struct SlotMask {
    var slot: Int
    var mask: UInt8
}
