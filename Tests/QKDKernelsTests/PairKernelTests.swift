import QKDKernels
import QKDPhysics
import Testing

/// Times for the kernels' tests.
enum TagScene {
    /// Sorted times of a mean distance; every `pairEvery`-th is near one of `partners`.
    static func times(
        _ count: Int, meanPS: Double, near partners: [Int64] = [], pairEvery: Int = 3, from startPS: Int64 = 0,
        _ random: inout SeededGenerator
    ) -> [Int64] {
        var time = Double(startPS)
        return (0..<count).map { index in
            time += random.exponential() * meanPS
            if !partners.isEmpty, index % pairEvery == 0, let partner = partners.randomElement(using: &random) {
                return partner + Int64(random.gaussian() * 100)
            }
            return Int64(time)
        }.sorted()
    }
}

@Suite struct PairKernelTests {
    private static func find(
        _ kernel: PairKernel, _ a: [Int64], _ b: [Int64], room: Int
    ) -> [[UInt32]] {
        var (placesA, placesB): ([UInt32], [UInt32]) = ([], [])
        var roomA = [UInt32](repeating: 0, count: room)
        var roomB = roomA
        var cursor = PairKernel.Cursor()
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                repeat {
                    let found = roomA.withUnsafeMutableBufferPointer { left in
                        roomB.withUnsafeMutableBufferPointer { right in
                            kernel.find(a, b, from: &cursor, placesA: left, placesB: right)
                        }
                    }
                    placesA += roomA.prefix(found)
                    placesB += roomB.prefix(found)
                } while cursor.a < a.count
            }
        }
        return [placesA, placesB]
    }

    private static func expectTwins(
        _ a: [Int64], _ b: [Int64], _ bounds: ClosedRange<Int64>, rooms: [Int] = [1, 4096],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let kernel = PairKernel(differencesPS: bounds)
        let twin = kernel.findTwin(a, b)
        let expected = [twin.map { UInt32($0.a) }, twin.map { UInt32($0.b) }]
        for room in rooms {
            let found = find(kernel, a, b, room: room)
            let isSame = found == expected
            #expect(isSame, "room \(room), \(twin.count) pairs", sourceLocation: sourceLocation)
        }
    }

    /// Around the shortest and the longest way that is walked in four segments, with rests.
    @Test(arguments: [0, 1, 2, 63, 64, 65, 1023, 8191, 8192, 8193, 12_345], [0, 1, 64, 4000, 9000])
    func anyLengths(countA: Int, countB: Int) {
        var random = SeededGenerator(seed: 3, stream: "\(countA) \(countB)")
        let a = TagScene.times(countA, meanPS: 100_000, &random)
        let b = TagScene.times(countB, meanPS: 70_000, near: a, &random)
        Self.expectTwins(a, b, -500...500)
        Self.expectTwins(a, b, 0...0)
        Self.expectTwins(a, b, -100_000...250_000)
    }

    /// Windows that hold many tags, so that the room ends anywhere, also among one tag's pairs.
    @Test func denseWindows() {
        var random = SeededGenerator(seed: 4, stream: "dense")
        let a = TagScene.times(3000, meanPS: 1_000, &random)
        let b = TagScene.times(3000, meanPS: 1_000, &random)
        Self.expectTwins(a, b, -20_000...20_000, rooms: [1, 7, 4096, 6001])
        Self.expectTwins(a, b, -3_000_000...3_000_000, rooms: [4096])
    }

    @Test func equalTimes() {
        let a = [Int64](repeating: 5, count: 1100)
        Self.expectTwins(a, Array(a.prefix(40)), 0...0)
        Self.expectTwins(a, Array(a.prefix(40)), 1...9)
        let stairs = (0..<4000).map { Int64($0 / 7) }
        Self.expectTwins(stairs, stairs, -1...1)
    }

    /// Long silences and bursts on either side: the search must cross them.
    @Test func burstsAndSilences() {
        var random = SeededGenerator(seed: 5, stream: "bursts")
        let a = TagScene.times(2000, meanPS: 10, &random) + TagScene.times(2000, meanPS: 1e6, from: 1 << 40, &random)
        let b = TagScene.times(4000, meanPS: 1e6, &random) + TagScene.times(2000, meanPS: 10, from: 1 << 40, &random)
        Self.expectTwins(a, b, -5...5)
        Self.expectTwins(b, a, -1_000...1_000)
    }

    @Test func farFromZero() {
        let limit: Int64 = 1 << 61
        let a = (0..<3000).map { -limit + 1 + Int64($0) * 11 } + (0..<3000).map { limit - 40_000 + Int64($0) * 11 }
        Self.expectTwins(a, a, -22...30)
    }
}
