import QKDKernels
import QKDPhysics
import Testing

@Suite struct ChannelKernelTests {
    private static func expectTwins(_ channels: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        var expected = (0..<256).map { $0 % 7 }
        let before = expected
        ChannelKernel.countTwin(channels, into: &expected)
        for level in KernelLevel.available {
            var counts = before
            channels.withUnsafeBufferPointer { channels in
                counts.withUnsafeMutableBufferPointer { ChannelKernel.count(channels, into: $0, level: level) }
            }
            let isSame = counts == expected
            #expect(isSame, "\(level.name)", sourceLocation: sourceLocation)
        }
    }

    /// Few channels and many, around the vector's length and the places where counts of a byte end.
    @Test(arguments: [0, 1, 31, 32, 33, 63, 64, 65, 4096, 32 * 255, 32 * 255 + 1, 20_001])
    func random(count: Int) {
        for highest in [0, 1, 7, 8, 9, 31, 32, 63, 255] as [UInt8] {
            var random = SeededGenerator(seed: 11, stream: "\(count) \(highest)")
            Self.expectTwins((0..<count).map { _ in UInt8.random(in: 0...highest, using: &random) })
        }
    }

    @Test(arguments: [0, 7, 31, 32, 255] as [UInt8])
    func oneChannelOnly(channel: UInt8) {
        Self.expectTwins([UInt8](repeating: channel, count: 50_000))
    }

    /// One high channel, at every place of a vector and in the rest behind the last one.
    @Test func oneHighChannel() {
        for place in 0..<70 {
            var channels = [UInt8](repeating: 3, count: 70)
            channels[place] = 200
            Self.expectTwins(channels)
        }
    }
}
