import QKDKernels
import QKDPhysics
import Testing

@Suite struct TagOrderKernelTests {
    private static func expectTwins(
        _ times: [Int64], after previous: Int64, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var twin = TagOrder()
        twin.addTwin(times, after: previous)
        for level in KernelLevel.available {
            var order = TagOrder()
            times.withUnsafeBufferPointer { order.add($0, after: previous, level: level) }
            #expect(order == twin, "\(level.name)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 8, 9, 100, 1001])
    func disorder(count: Int) {
        var random = SeededGenerator(seed: 10, stream: "\(count)")
        for spread in [0, 1, 3, 1 << 40, (1 << 62) - 1] as [Int64] {
            let times = (0..<count).map { _ in Int64.random(in: -spread...spread, using: &random) }
            Self.expectTwins(times, after: 0)
            Self.expectTwins(times.sorted(), after: times.first ?? 0)
            Self.expectTwins(times.sorted().reversed(), after: spread)
        }
    }

    /// One step back at every place.
    @Test func inversionAtEveryPlace() {
        for place in 0..<40 {
            var times = (0..<40).map { Int64($0) * 10 }
            times[place] -= 15
            Self.expectTwins(times, after: -1)
        }
    }
}
