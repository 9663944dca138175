import QKDCore

/// Bit planes of a frame: for each intensity, the slots that were sent with it and are not disclosed.
///
/// Slot *n* stands at bit `n % 64` of word `n / 64`, so that a run of slots is counted by population counts.
public struct IntensityPlanes: Sendable {
    /// Slots in the frame.
    public let slots: Int
    /// Signal, decoy, vacuum.
    private let planes: [[UInt64]]
    /// All slots of basis X that are not disclosed.
    private let basisX: [UInt64]

    /// Splits a frame's codes into planes.
    ///
    /// Throws `invalidInput` for a disclosed slot beyond the frame.
    public init(codes: [UInt8], disclosed: [UInt32]) throws {
        slots = codes.count
        let words = (codes.count + 63) / 64
        var low = [UInt64](repeating: 0, count: words)
        var high = low
        var second = low
        codes.withUnsafeBytes { bytes in
            for word in 0..<words {
                var (a, b, c): (UInt64, UInt64, UInt64) = (0, 0, 0)
                for lane in 0..<8 {
                    let offset = word * 64 + lane * 8
                    if offset >= bytes.count { break }
                    var eight: UInt64 = 0
                    if offset + 8 <= bytes.count {
                        eight = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                    } else {
                        for index in offset..<bytes.count {
                            eight |= UInt64(bytes[index]) << UInt64(8 * (index - offset))
                        }
                    }
                    let shift = UInt64(8 * lane)
                    a |= Self.gather(eight >> 2) << shift
                    b |= Self.gather(eight >> 3) << shift
                    c |= Self.gather(eight >> 1) << shift
                }
                low[word] = a
                high[word] = b
                second[word] = c
            }
        }
        var valid = [UInt64](repeating: ~0, count: words)
        if codes.count & 63 != 0 { valid[words - 1] = (1 << UInt64(codes.count & 63)) - 1 }
        for slot in disclosed {
            guard Int(slot) < codes.count else {
                throw QKDError(.invalidInput, "disclosed slot \(slot) in a frame of \(codes.count)")
            }
            valid[Int(slot) >> 6] &= ~(1 << UInt64(slot & 63))
        }
        // As in PulseCode, the unused intensity code 3 reads as the vacuum.
        var result = [[UInt64]](repeating: valid, count: 3)
        for word in 0..<words {
            result[0][word] &= ~(low[word] | high[word])
            result[1][word] &= low[word] & ~high[word]
            result[2][word] &= high[word]
            second[word] &= valid[word]
        }
        planes = result
        basisX = second
    }

    /// The lowest bits of eight bytes, first byte lowest.
    @inline(__always)
    private static func gather(_ bytes: UInt64) -> UInt64 {
        ((bytes & 0x0101_0101_0101_0101) &* 0x0102_0408_1020_4080) >> 56
    }

    /// Slots of each intensity in a range of slots.
    public func counts(in range: Range<Int>) -> PerIntensity {
        PerIntensity(
            signal: Self.count(planes[0], range), decoy: Self.count(planes[1], range),
            vacuum: Self.count(planes[2], range))
    }

    /// Slots of each intensity in the whole frame.
    public var total: PerIntensity { counts(in: 0..<slots) }

    /// Slots of each basis and intensity in the whole frame.
    public var totalInBasis: PerBasisAndIntensity {
        var counts = PerBasisAndIntensity()
        let all = total
        for intensity in Intensity.allCases {
            let plane = planes[Int(intensity.rawValue)]
            let inX = zip(plane, basisX).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
            counts.x[intensity] = inX
            counts.z[intensity] = all[intensity] - inX
        }
        return counts
    }

    /// The intensity of a slot, or `nil` if it is disclosed.
    public func intensity(ofSlot slot: Int) -> Intensity? {
        Intensity.allCases.first { planes[Int($0.rawValue)][slot >> 6] >> UInt64(slot & 63) & 1 == 1 }
    }

    /// Set bits of `plane` in `range`, which lies within it.
    private static func count(_ plane: [UInt64], _ range: Range<Int>) -> Int {
        guard !range.isEmpty else { return 0 }
        let (first, last) = (range.lowerBound >> 6, (range.upperBound - 1) >> 6)
        let head = ~UInt64(0) << UInt64(range.lowerBound & 63)
        let tail = ~UInt64(0) >> UInt64(63 - (range.upperBound - 1) & 63)
        if first == last { return (plane[first] & head & tail).nonzeroBitCount }
        var total = (plane[first] & head).nonzeroBitCount + (plane[last] & tail).nonzeroBitCount
        for word in (first + 1)..<last { total += plane[word].nonzeroBitCount }
        return total
    }
}
