import QKDCore

/// Finds the pairs of tags near a predicted relation, stretch by stretch, fast where few tags have a partner.
///
/// A bit for each bucket of Bob's time says whether one of his tags lies in it or in the next. One bit then tells
/// of most of Alice's tags that they are alone, without the unforeseeable steps of two lists merged.
struct NearPairs {
    /// Indices of Alice's and Bob's tags in their captures; Alice's rise.
    private(set) var aliceIndices: [UInt32] = []
    private(set) var bobIndices: [UInt32] = []
    /// t_B less its prediction, ps.
    private(set) var residuals: [Double] = []

    private var bits = [UInt64](repeating: 0, count: bucketsAtOnce / 64)
    private var expected: [Int64] = []
    private var expectedCount = 0
    private var likely: [UInt32] = []

    private static let bucketsAtOnce = 1 << 17
    /// Bob's tags a bucket below which clearing the bits costs more than it saves, and above which they are full.
    private static let usefulTags = 1.0 / 512...0.5

    /// Number of pairs.
    var count: Int { residuals.count }

    /// Adds the pairs of Alice's tags from `fromPS` up to `toPS` whose residual is within ± `halfWidthPS`.
    mutating func add(_ tags: TagPair, _ relation: ClockRelation, fromPS: Int64, toPS: Int64, halfWidthPS: Double) {
        // An edge of 2 ps: predictions are whole.
        let width = Int64(halfWidthPS.rounded(.up)) + 2
        var shift: Int64 = 10
        while (1 as Int64) << shift < 2 * width + 1 { shift += 1 }
        let perBucket = Double(tags.bob.count) / tags.bobLengthPS * Double((1 as Int64) << shift)
        let piecePS =
            Self.usefulTags.contains(perBucket)
            ? (Int64(Self.bucketsAtOnce) - 4) << shift : max(1, toPS - fromPS)
        var start = fromPS
        while start < toPS {
            let end = min(toPS, start + min(piecePS, toPS - start))
            let range = tags.alice.range(fromPS: start, toPS: end)
            start = end
            guard !range.isEmpty else { continue }
            predict(tags, relation, range)
            if Self.usefulTags.contains(perBucket) {
                sieve(tags, width: width, shift: shift)
            } else {
                likely = range.indices.map { UInt32(truncatingIfNeeded: $0 - range.lowerBound) }
            }
            collect(tags, relation, first: range.lowerBound, width: width, halfWidthPS: halfWidthPS)
        }
    }

    /// Bob's whole readings at the times of a run of Alice's tags.
    private mutating func predict(_ tags: TagPair, _ relation: ClockRelation, _ range: Range<Int>) {
        if expected.count < range.count { expected = Array(repeating: 0, count: range.count + range.count / 4) }
        expected.withUnsafeMutableBufferPointer { expected in
            tags.alice.times.withUnsafeBufferPointer { times in
                if relation.wanderPS.isEmpty {
                    let (offset, skew) = (relation.offsetFractionPS, relation.skew * 1e12)
                    let half = 0.5e12 * relation.driftPerSecond
                    for index in 0..<range.count {
                        let time = times[range.lowerBound &+ index]
                        let x = Double(time &- relation.referencePS) * 1e-12
                        expected[index] = time &+ relation.offsetPS &+ Int64(offset + x * (skew + half * x))
                    }
                } else {
                    for index in 0..<range.count {
                        expected[index] = relation.bobPS(ofAlicePS: times[range.lowerBound &+ index])
                    }
                }
            }
        }
        likely.removeAll(keepingCapacity: true)
        expectedCount = range.count
    }

    /// Leaves those of Alice's tags that may have a partner.
    private mutating func sieve(_ tags: TagPair, width: Int64, shift: Int64) {
        let count = expectedCount
        let zero = expected[0] &- width
        let end = expected[count - 1] &+ width
        let used = min(bits.count, Int((end &- zero) >> shift) / 64 + 2)
        for word in 0..<used { bits[word] = 0 }
        let last = Int64(used * 64 - 1)
        let bob = tags.bob.range(fromPS: zero, toPS: end + 1)
        likely = [UInt32](unsafeUninitializedCapacity: count) { likely, initialised in
            bits.withUnsafeMutableBufferPointer { bits in
                tags.bob.times.withUnsafeBufferPointer { times in
                    for index in bob {
                        let bucket = min((times[index] &- zero) >> shift, last)
                        let before = max(bucket &- 1, 0)
                        bits[Int(bucket &>> 6)] |= 1 &<< UInt64(truncatingIfNeeded: bucket)
                        bits[Int(before &>> 6)] |= 1 &<< UInt64(truncatingIfNeeded: before)
                    }
                }
                expected.withUnsafeBufferPointer { expected in
                    var found = 0
                    for index in 0..<count {
                        let bucket = min((expected[index] &- width &- zero) >> shift, last)
                        likely[found] = UInt32(truncatingIfNeeded: index)
                        let bit = bits[Int(bucket &>> 6)] &>> UInt64(truncatingIfNeeded: bucket) & 1
                        found &+= Int(truncatingIfNeeded: bit)
                    }
                    initialised = found
                }
            }
        }
    }

    private mutating func collect(
        _ tags: TagPair, _ relation: ClockRelation, first: Int, width: Int64, halfWidthPS: Double
    ) {
        guard let start = likely.first else { return }
        tags.alice.times.withUnsafeBufferPointer { a in
            tags.bob.times.withUnsafeBufferPointer { b in
                var head = ClickList.lowerBound(b, expected[Int(start)] &- width)
                for place in likely {
                    let low = expected[Int(place)] &- width
                    while head < b.count, b[head] < low { head &+= 1 }
                    guard head < b.count, b[head] <= low &+ 2 &* width else { continue }
                    let index = first &+ Int(place)
                    let base = a[index] &+ relation.offsetPS
                    let departure = relation.departurePS(
                        atSeconds: Double(a[index] &- relation.referencePS) * 1e-12)
                    var next = head
                    while next < b.count {
                        let residual = Double(b[next] &- base) - departure
                        if residual > halfWidthPS { break }
                        if residual >= -halfWidthPS {
                            aliceIndices.append(UInt32(truncatingIfNeeded: index))
                            bobIndices.append(UInt32(truncatingIfNeeded: next))
                            residuals.append(residual)
                        }
                        next &+= 1
                    }
                }
            }
        }
    }
}
