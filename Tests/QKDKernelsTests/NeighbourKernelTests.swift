import QKDKernels
import QKDPhysics
import Testing

@Suite struct NeighbourKernelTests {
    private static func find(
        _ kernel: NeighbourKernel, _ times: [Int64], _ channels: [UInt8], _ level: KernelLevel, room: Int
    ) -> [[UInt32]] {
        var pairs: [[UInt32]] = [[], []]
        var first = [UInt32](repeating: 0, count: room)
        var second = first
        var cursor = NeighbourKernel.Cursor()
        times.withUnsafeBufferPointer { times in
            channels.withUnsafeBufferPointer { channels in
                repeat {
                    let found = first.withUnsafeMutableBufferPointer { first in
                        second.withUnsafeMutableBufferPointer {
                            kernel.find(times, channels, from: &cursor, first: first, second: $0, level: level)
                        }
                    }
                    pairs[0] += first.prefix(found)
                    pairs[1] += second.prefix(found)
                } while cursor.tag < times.count
            }
        }
        return pairs
    }

    private static func expectTwins(
        _ times: [Int64], _ channels: [UInt8], windowPS: Int64, rooms: [Int] = [10_000, 3, 1],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let kernel = NeighbourKernel(windowPS: windowPS, sides: 4)
        let twin = kernel.findTwin(times, channels)
        let expected = [twin.map { UInt32($0.first) }, twin.map { UInt32($0.second) }]
        for level in KernelLevel.available {
            for room in rooms {
                let isSame = find(kernel, times, channels, level, room: room) == expected
                #expect(isSame, "\(level.name), room \(room), \(twin.count) pairs", sourceLocation: sourceLocation)
            }
        }
    }

    @Test(arguments: [0, 1, 2, 512, 513, 514, 515, 1100, 4000])
    func anyLength(count: Int) {
        var random = SeededGenerator(seed: 13, stream: "\(count)")
        let channels = (0..<count).map { _ in UInt8.random(in: 0...7, using: &random) }
        for meanPS in [100.0, 3_000, 1e6] {
            Self.expectTwins(TagScene.times(count, meanPS: meanPS, &random), channels, windowPS: 500)
        }
    }

    /// A window with many tags, equal times, and one side only.
    @Test func denseAndEqualTimes() {
        var random = SeededGenerator(seed: 14, stream: "dense")
        let channels = (0..<1500).map { _ in UInt8.random(in: 0...7, using: &random) }
        Self.expectTwins(TagScene.times(1500, meanPS: 10, &random), channels, windowPS: 300, rooms: [100_000, 77])
        Self.expectTwins((0..<1500).map { Int64($0 / 3) }, channels, windowPS: 0)
        Self.expectTwins((0..<1500).map { Int64($0) }, channels.map { $0 & 3 }, windowPS: 5)
    }
}
