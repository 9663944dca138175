import QKDKernels
import QKDPhysics
import Testing

@Suite struct AlignKernelTests {
    @Test(arguments: [0, 1, 3, 4, 5, 63, 1000])
    func anyClock(count: Int) {
        var random = SeededGenerator(seed: 12, stream: "\(count)")
        for _ in 0..<20 {
            let reference = Int64.random(in: -(1 << 60)...1 << 60, using: &random)
            let kernel = AlignKernel(
                referencePS: reference, offsetPS: Int64.random(in: -(1 << 40)...1 << 40, using: &random),
                c0: random.gaussian() * 100, c1: random.gaussian() * 20e-6, c2: random.gaussian() * 1e-24,
                delaysPS: (0..<256).map { _ in (random.gaussian() * 2000).rounded() / 2 })
            // From picoseconds to weeks away, to either side.
            let times = (0..<count).map { _ in
                let reach: Int64 = 1 << Int64.random(in: 0...60, using: &random)
                return reference + Int64.random(in: -reach...reach, using: &random)
            }
            let channels = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let expected = zip(times, channels).map { kernel.alignTwin($0, $1) }
            for level in KernelLevel.available {
                let aligned = [Int64](unsafeUninitializedCapacity: count) { room, number in
                    if let room = room.baseAddress {
                        times.withUnsafeBufferPointer { times in
                            channels.withUnsafeBufferPointer {
                                kernel.align(times, $0, into: room, level: level)
                            }
                        }
                    }
                    number = count
                }
                let isSame = aligned == expected
                #expect(isSame, "\(level.name)")
            }
        }
    }

    /// Halves, which rounding by addition must treat as rounding by name does.
    @Test func halvesGoToTheEvenNumber() {
        let halves = (0..<256).map { Double($0 - 128) / 2 }
        let kernel = AlignKernel(delaysPS: halves)
        let channels = (0..<256).map { UInt8($0) }
        let times = [Int64](repeating: 1_000, count: 256)
        for level in KernelLevel.available {
            var aligned = times
            times.withUnsafeBufferPointer { times in
                channels.withUnsafeBufferPointer { channels in
                    aligned.withUnsafeMutableBufferPointer {
                        if let room = $0.baseAddress { kernel.align(times, channels, into: room, level: level) }
                    }
                }
            }
            #expect(aligned == halves.map { 1_000 + Int64((-$0).rounded(.toNearestOrEven)) }, "\(level.name)")
        }
    }
}
