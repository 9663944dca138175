import QKDKernels
import QKDPhysics
import Testing

@Suite struct T2KernelTests {
    private struct Outcome: Equatable {
        var records: Int
        var times: [Int64]
        var channels: [UInt8]
        var kernel: T2Kernel
    }

    /// Decodes in runs of the given length; buffers hold exactly what is promised.
    private static func decode(_ records: [UInt32], _ kernel: T2Kernel, _ level: KernelLevel, run: Int) -> Outcome {
        var outcome = Outcome(records: 0, times: [], channels: [], kernel: kernel)
        for start in stride(from: 0, to: records.count, by: run) {
            let part = Array(records[start..<min(start + run, records.count)])
            let times = UnsafeMutablePointer<Int64>.allocate(capacity: part.count)
            let channels = UnsafeMutablePointer<UInt8>.allocate(capacity: part.count)
            defer {
                times.deallocate()
                channels.deallocate()
            }
            let done = part.withUnsafeBytes {
                outcome.kernel.decode($0, times: times, channels: channels, level: level)
            }
            outcome.records += done.records
            outcome.times += UnsafeBufferPointer(start: times, count: done.tags)
            outcome.channels += UnsafeBufferPointer(start: channels, count: done.tags)
            if done.records < part.count { break }
        }
        return outcome
    }

    private static func expectTwins(
        _ records: [UInt32], _ kernel: T2Kernel, run: Int = .max, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var twin = kernel
        let wanted = twin.decodeTwin(records)
        let expected = Outcome(records: wanted.records, times: wanted.times, channels: wanted.channels, kernel: twin)
        for level in KernelLevel.available {
            let found = decode(records, kernel, level, run: min(run, max(1, records.count)))
            let isSame = found == expected
            #expect(isSame, "\(level.name), \(records.count) records", sourceLocation: sourceLocation)
        }
    }

    private static func kernel(
        counts: Bool = true, ticks: Int64 = 1 << 25, tickPS: Int64 = 1, base: Int64 = 0, maximum: Int64 = 1 << 60
    ) -> T2Kernel {
        T2Kernel(
            baseTicks: base, maximumBaseTicks: maximum, overflowTicks: ticks, countsOverflows: counts, tickPS: tickPS)
    }

    private static func overflow(_ field: UInt32) -> UInt32 { 0xFE00_0000 | field }

    /// Any bits at all: syncs, markers, illegal kinds and overflows of any size.
    @Test(arguments: [0, 1, 7, 31, 32, 33, 63, 64, 65, 1000, 5000])
    func anyBits(count: Int) {
        var random = SeededGenerator(seed: 1, stream: "any bits \(count)")
        for tickPS in [1, 25, 250, (1 << 32) - 1] as [Int64] {
            let records = (0..<count).map { _ in UInt32.random(in: 0 ... .max, using: &random) }
            // Large fields leave the range of time soon: there all levels must stop at one place.
            Self.expectTwins(records, Self.kernel(tickPS: tickPS, maximum: (1 << 61) / tickPS))
            Self.expectTwins(records, Self.kernel(counts: false, ticks: 33_552_000, tickPS: tickPS), run: 97)
        }
    }

    /// What files hold: detections, now and then an overflow, now and then something else.
    @Test(arguments: [0.003, 0.03, 0.3, 0.95])
    func overflowsAmongDetections(share: Double) {
        var random = SeededGenerator(seed: 2, stream: "share \(share)")
        let records: [UInt32] = (0..<20_000).map { _ in
            let u = random.uniform()
            if u < share { return Self.overflow(UInt32.random(in: 0...3, using: &random)) }
            if u < share + 0.001 { return UInt32.random(in: 0x8000_0000 ... .max, using: &random) }
            return UInt32.random(in: 0..<0x8000_0000, using: &random)
        }
        for run in [Int.max, 2048, 333, 40, 1] {
            Self.expectTwins(records, Self.kernel(), run: run)
            Self.expectTwins(records, Self.kernel(counts: false, ticks: 33_552_000, tickPS: 25), run: run)
        }
    }

    /// A wrap at every place of a stretch longer than any vector.
    @Test func wrapAtEveryPlace() {
        let plain = (0..<70).map { UInt32($0) << 25 & 0x7E00_0000 | UInt32($0) * 7 }
        for place in plain.indices {
            var records = plain
            records[place] = Self.overflow(2)
            Self.expectTwins(records, Self.kernel())
            records[place] = 0x8000_0000
            Self.expectTwins(records, Self.kernel())
        }
    }

    @Test func allOverflows() {
        Self.expectTwins([UInt32](repeating: Self.overflow(0), count: 100), Self.kernel())
        Self.expectTwins([UInt32](repeating: Self.overflow(0x1FF_FFFF), count: 64), Self.kernel())
    }

    /// The end of the range of time at every place of a stretch.
    @Test func endOfTheRangeAtEveryPlace() {
        for place in 0..<70 {
            let records = (0..<100).map { $0 % 2 == 0 ? Self.overflow(1) : UInt32($0) }
            Self.expectTwins(records, Self.kernel(ticks: 10, maximum: Int64(place) * 5))
        }
    }

    @Test func startsAnywhere() {
        let records = (0..<64).map { $0 % 9 == 0 ? Self.overflow(5) : UInt32($0) }
        Self.expectTwins(records, Self.kernel(tickPS: 3, base: 123_456_789_012_345))
        Self.expectTwins(records, Self.kernel(base: -5_000_000_000))
    }
}
