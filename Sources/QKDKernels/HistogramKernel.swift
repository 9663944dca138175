import CQKDKernels

/// Counts all differences of two sorted lists of times in bins.
public struct HistogramKernel: Sendable {
    /// Where the first bin begins, ps of t_b − t_a.
    public let firstEdgePS: Int64
    /// Width of a bin, ps.
    public let binWidthPS: Int64
    /// Bins; together less than 2^31 ps wide.
    public let binCount: Int
    private let multiplier: UInt64
    private let shift: Int32

    /// Prepares; `nil` if the bins reach over 2^31 ps or more, or their edges beyond ±2^61 ps.
    public init?(firstEdgePS: Int64, binWidthPS: Int64, binCount: Int) {
        guard binWidthPS > 0, binCount > 0, firstEdgePS.magnitude < 1 << 61 else { return nil }
        let (width, isOver) = binWidthPS.multipliedReportingOverflow(by: Int64(binCount))
        guard !isOver, width < 1 << 31 else { return nil }
        self.firstEdgePS = firstEdgePS
        self.binWidthPS = binWidthPS
        self.binCount = binCount
        // floor(d m / 2^(31 + l)) with m = floor(2^(31 + l) / w) + 1 and 2^l >= w is floor(d / w) for d < 2^31
        // (Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994, theorem 4.2).
        let log = Int64.bitWidth - (binWidthPS - 1).leadingZeroBitCount
        multiplier = (1 << UInt64(31 + log)) / UInt64(binWidthPS) + 1
        shift = Int32(31 + log)
    }

    /// Adds the differences of all of A to all of B that it can reach to `counts`, which has `binCount` places.
    ///
    /// Times must rise (counts are wrong otherwise; debug builds look) and lie within ±2^61 ps; a list has fewer than
    /// 2^32. `head` is a place in B in front of which the first of A reaches nothing, and is moved to one in front of
    /// which the last of A reaches nothing.
    public func add(
        _ a: UnsafeBufferPointer<Int64>, _ b: UnsafeBufferPointer<Int64>, head: inout Int,
        counts: UnsafeMutableBufferPointer<Int>, level: KernelLevel = .current
    ) {
        precondition(counts.count == binCount && head >= 0 && head <= b.count, "the bins are \(binCount)")
        precondition(max(a.count, b.count) <= Int(UInt32.max), "too many tags")
        assert(TagOrder.isRising(a) && TagOrder.isRising(b), "times must rise")
        counts.withMemoryRebound(to: Int64.self) { counts in
            qkd_histogram(
                level.rawValue, a.baseAddress, a.count, b.baseAddress, b.count, firstEdgePS,
                binWidthPS * Int64(binCount), multiplier, shift, &head, counts.baseAddress)
        }
    }

    /// The same, difference by difference: what `add` is held against.
    public func addTwin(_ a: [Int64], _ b: [Int64], to counts: inout [Int]) {
        let endPS = firstEdgePS + binWidthPS * Int64(binCount)
        var head = 0
        for time in a {
            while head < b.count, b[head] - time < firstEdgePS { head += 1 }
            for other in b[head...] {
                guard other - time < endPS else { break }
                counts[Int((other - time - firstEdgePS) / binWidthPS)] += 1
            }
        }
    }
}
