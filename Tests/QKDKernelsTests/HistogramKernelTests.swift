import QKDKernels
import QKDPhysics
import Testing

@Suite struct HistogramKernelTests {
    private static func expectTwins(
        _ a: [Int64], _ b: [Int64], firstEdgePS: Int64, binWidthPS: Int64, binCount: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let kernel = try #require(
            HistogramKernel(firstEdgePS: firstEdgePS, binWidthPS: binWidthPS, binCount: binCount))
        var expected = [Int](repeating: 0, count: binCount)
        kernel.addTwin(a, b, to: &expected)
        for level in KernelLevel.available {
            var counts = [Int](repeating: 0, count: binCount)
            var head = 0
            // In two parts, as batches come.
            for part in [a[..<(a.count / 3)], a[(a.count / 3)...]] {
                part.withUnsafeBufferPointer { a in
                    b.withUnsafeBufferPointer { b in
                        counts.withUnsafeMutableBufferPointer {
                            kernel.add(a, b, head: &head, counts: $0, level: level)
                        }
                    }
                }
            }
            let isSame = counts == expected
            #expect(isSame, "\(level.name)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [0, 1, 1024, 4097], [0, 1, 19, 5000])
    func anyLengths(countA: Int, countB: Int) throws {
        var random = SeededGenerator(seed: 6, stream: "\(countA) \(countB)")
        let a = TagScene.times(countA, meanPS: 100_000, &random)
        let b = TagScene.times(countB, meanPS: 90_000, near: a, &random)
        try Self.expectTwins(a, b, firstEdgePS: -100_000, binWidthPS: 100, binCount: 2000)
        try Self.expectTwins(a, b, firstEdgePS: 3_000, binWidthPS: 7, binCount: 31)
    }

    /// Thousands of tags within the range of each.
    @Test func denseRange() throws {
        var random = SeededGenerator(seed: 7, stream: "dense")
        let a = TagScene.times(3000, meanPS: 50, &random)
        let b = TagScene.times(3000, meanPS: 50, &random)
        try Self.expectTwins(a, b, firstEdgePS: -50_000, binWidthPS: 1_000, binCount: 100)
        try Self.expectTwins(a, a, firstEdgePS: -1 << 29, binWidthPS: 1 << 20, binCount: 1 << 10)
    }

    /// Differences at each edge of bins whose width divides nothing well: the division is exact.
    @Test(arguments: [1, 2, 3, 7, 10, 97, 100, 127, 128, 129, 1_000_003, (1 << 30) - 1] as [Int64])
    func everyEdge(width: Int64) throws {
        let bins = Int(min(1000, ((1 << 31) - 1) / width))
        let edges = (0...bins).map { Int64($0) * width }
        let b = (edges.map { $0 - 1 } + edges + edges.map { $0 + 1 }).sorted()
        try Self.expectTwins([0], b, firstEdgePS: 0, binWidthPS: width, binCount: bins)
        try Self.expectTwins(
            [0], b + [Int64](repeating: b[b.count - 1] + 1 << 32, count: 40), firstEdgePS: 0,
            binWidthPS: width, binCount: bins)
        try Self.expectTwins(
            [Int64](repeating: 0, count: 1024), b + [Int64](repeating: 1 << 40, count: 40),
            firstEdgePS: -width, binWidthPS: width, binCount: bins)
    }

    @Test func refusesWhatThirtyOneBitsCannotHold() {
        #expect(HistogramKernel(firstEdgePS: 0, binWidthPS: 1 << 20, binCount: 1 << 11) == nil)
        #expect(HistogramKernel(firstEdgePS: 0, binWidthPS: .max, binCount: 2) == nil)
        #expect(HistogramKernel(firstEdgePS: 0, binWidthPS: 0, binCount: 2) == nil)
        #expect(HistogramKernel(firstEdgePS: .min, binWidthPS: 1, binCount: 2) == nil)
    }
}
