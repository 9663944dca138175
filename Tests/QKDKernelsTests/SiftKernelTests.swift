import QKDKernels
import QKDPhysics
import Testing

@Suite struct SiftKernelTests {
    private static func planes(_ bytes: [UInt8], bit: UInt8) -> [UInt64] {
        stride(from: 0, to: bytes.count, by: 64).map { start in
            (0..<64).reduce(0) { $0 | UInt64(bytes[start + $1] >> bit & 1) << UInt64($1) }
        }
    }

    private static func expectTwins(
        _ alice: [UInt8], _ bob: [UInt8], runs: [Int], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var twin = SiftKernel()
        twin.addTwin(aliceBytes: alice, bobBytes: bob)
        for level in KernelLevel.available {
            for run in runs {
                var kernel = SiftKernel()
                for start in stride(from: 0, to: alice.count, by: run) {
                    let range = start..<min(start + run, alice.count)
                    Array(alice[range]).withUnsafeBufferPointer { left in
                        Array(bob[range]).withUnsafeBufferPointer { right in
                            kernel.add(aliceBytes: left, bobBytes: right, level: level)
                        }
                    }
                }
                expectEqual(kernel, twin, level, sourceLocation)
            }
        }
    }

    private static func expectEqual(
        _ kernel: SiftKernel, _ twin: SiftKernel, _ level: KernelLevel, _ sourceLocation: SourceLocation
    ) {
        #expect(kernel.bitCount == twin.bitCount, "\(level.name)", sourceLocation: sourceLocation)
        #expect(kernel.errorCount == twin.errorCount, "\(level.name)", sourceLocation: sourceLocation)
        #expect(kernel.aliceWords == twin.aliceWords, "\(level.name)", sourceLocation: sourceLocation)
        #expect(kernel.bobWords == twin.bobWords, "\(level.name)", sourceLocation: sourceLocation)
    }

    private static func bytes(_ count: Int, _ values: ClosedRange<UInt8>, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: values, using: &random) }
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 129, 1000, 10_000])
    func bytes(count: Int) {
        var random = SeededGenerator(seed: 8, stream: "\(count)")
        let (alice, bob) = (Self.bytes(count, 0...3, &random), Self.bytes(count, 0...3, &random))
        Self.expectTwins(alice, bob, runs: [.max / 2, 1, 63, 64, 130])
        // All sifts, nothing sifts, and any byte.
        Self.expectTwins(alice, alice.map { $0 ^ 1 }, runs: [64, 100])
        Self.expectTwins(alice, alice.map { $0 ^ 2 }, runs: [64, 100])
        Self.expectTwins(Self.bytes(count, 0...255, &random), Self.bytes(count, 0...255, &random), runs: [512])
    }

    /// Bytes that stand for no detector never sift, with whatever they meet.
    @Test func marksThatMatchNothing() {
        let all = (0...255).map { UInt8($0) }
        Self.expectTwins(all.map { _ in 4 }, all.map { $0 & 0xFB }, runs: [256])
        var kernel = SiftKernel()
        [UInt8](repeating: 4, count: 64).withUnsafeBufferPointer { left in
            [UInt8](repeating: 8, count: 64).withUnsafeBufferPointer { kernel.add(aliceBytes: left, bobBytes: $0) }
        }
        #expect(kernel.bitCount == 0)
    }

    @Test(arguments: [1, 2, 3, 40, 200])
    func planesAgreeWithBytes(words: Int) {
        var random = SeededGenerator(seed: 9, stream: "\(words)")
        for share in [0...3, 0...1, 3...3] as [ClosedRange<UInt8>] {
            let (alice, bob) = (Self.bytes(64 * words, share, &random), Self.bytes(64 * words, 0...3, &random))
            var twin = SiftKernel()
            twin.addTwin(aliceBytes: alice, bobBytes: bob)
            let planes = [
                Self.planes(alice, bit: 1), Self.planes(alice, bit: 0), Self.planes(bob, bit: 1),
                Self.planes(bob, bit: 0),
            ]
            for level in KernelLevel.available {
                var kernel = SiftKernel()
                for range in [0..<words / 2, words / 2..<words] {
                    Self.add(planes.map { Array($0[range]) }, to: &kernel, level)
                }
                Self.expectEqual(kernel, twin, level, #_sourceLocation)
            }
        }
    }

    private static func add(_ planes: [[UInt64]], to kernel: inout SiftKernel, _ level: KernelLevel) {
        planes[0].withUnsafeBufferPointer { a in
            planes[1].withUnsafeBufferPointer { b in
                planes[2].withUnsafeBufferPointer { c in
                    planes[3].withUnsafeBufferPointer { d in
                        kernel.add(aliceBasis: a, aliceBits: b, bobBasis: c, bobBits: d, level: level)
                    }
                }
            }
        }
    }
}
