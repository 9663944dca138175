import CQKDKernels

/// Finds all pairs of two sorted lists of times whose difference lies within bounds.
public struct PairKernel: Sendable {
    /// Bounds of t_b − t_a, ps; both belong to them.
    public let differencesPS: ClosedRange<Int64>

    /// Sets the bounds, which are less than 2^61 ps from zero.
    public init(differencesPS: ClosedRange<Int64>) {
        precondition(differencesPS.lowerBound > -(1 << 61) && differencesPS.upperBound < 1 << 61, "beyond ±2^61 ps")
        self.differencesPS = differencesPS
    }

    /// Where a search stands, so that it can go on when its pairs have been used.
    public struct Cursor: Sendable {
        var raw = qkd_pair_cursor()

        /// At the start of both lists.
        public init() {}

        /// The next tag of A.
        public var a: Int { raw.a }
    }

    /// Finds pairs from the cursor on, by rising place in A and then in B, as many as there is room for.
    ///
    /// Times must rise (pairs are missed otherwise; debug builds look) and lie within ±2^61 ps; a list has fewer than
    /// 2^32. Returns the number of pairs. There are no more when the cursor's `a` has come to the end of A.
    public func find(
        _ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>, from cursor: inout Cursor,
        placesA: UnsafeMutableBufferPointer<UInt32>, placesB: UnsafeMutableBufferPointer<UInt32>
    ) -> Int {
        precondition(!placesA.isEmpty && placesB.count >= placesA.count, "too little room for pairs")
        precondition(max(a.count, b.count) <= Int(UInt32.max), "too many tags")
        assert(TagOrder.isRising(a) && TagOrder.isRising(b), "times must rise")
        return qkd_pairs(
            a.baseAddress, a.count, b.baseAddress, b.count, differencesPS.lowerBound, differencesPS.upperBound,
            &cursor.raw, placesA.baseAddress, placesB.baseAddress, placesA.count)
    }

    /// The same by looking at each tag's neighbourhood: what `find` is held against.
    public func findTwin(_ a: [Int64], _ b: [Int64]) -> [(a: Int, b: Int)] {
        var pairs: [(a: Int, b: Int)] = []
        var head = 0
        for (place, time) in a.enumerated() {
            while head < b.count, b[head] - time < differencesPS.lowerBound { head += 1 }
            for other in head..<b.count {
                guard b[other] - time <= differencesPS.upperBound else { break }
                pairs.append((place, other))
            }
        }
        return pairs
    }
}
