import QKDCore
import Testing

@testable import QKDBench

@Suite("The line of time of a session's tags")
struct TagTimelineTests {
    private static let ms = Picoseconds.perMillisecond

    private static func batch(_ timesMS: [Int64], hole: TagHole.Cause? = nil, before: Int = 0) -> TagBatch {
        TagBatch(
            times: timesMS.map { $0 * ms }, channels: timesMS.map { _ in 1 },
            holes: hole.map { [TagHole(beforeIndex: before, cause: $0, afterPS: 5 * ms)] } ?? [])
    }

    @Test("tags of a whole stream stay where they are, however late they come")
    func untouched() {
        var line = TagTimeline()
        for (times, host) in [([10, 90], 100), ([110, 190], 900), ([], 1000), ([1000], 1001)] as [([Int64], Int64)] {
            let batch = Self.batch(times)
            #expect(line.place(batch, hostPS: host * Self.ms) == batch)
        }
        #expect(line.shifts.isEmpty && line.lastPS == 1000 * Self.ms)
    }

    @Test("a tagger that was started anew goes on where the host's clock says, and never back")
    func restarted() {
        var line = TagTimeline()
        _ = line.place(Self.batch([5000, 5100]), hostPS: 100 * Self.ms)
        line.lose()
        let next = line.place(Self.batch([3, 103]), hostPS: 1100 * Self.ms)
        #expect(next.times == [6000, 6100].map { $0 * Self.ms })
        #expect(line.shifts == [.init(fromPS: 6000 * Self.ms, byPS: 5997 * Self.ms)])
        // The same shift goes on, holes included.
        let later = line.place(Self.batch([203], hole: .misalignment, before: 1), hostPS: 1200 * Self.ms)
        #expect(later.times == [6200 * Self.ms] && later.holes[0].afterPS == 6002 * Self.ms)
        line.lose()
        let early = line.place(Self.batch([0, 900]), hostPS: 1201 * Self.ms)
        #expect(early.times[0] == 6200 * Self.ms + 1)
    }

    @Test("after a silence the wraps that nobody saw are put back; a short one is left alone")
    func silence() {
        var line = TagTimeline()
        _ = line.place(Self.batch([100]), hostPS: 100 * Self.ms)
        let short = Self.batch([200, 400], hole: .silence, before: 1)
        #expect(line.place(short, hostPS: 500 * Self.ms) == short)
        let long = line.place(Self.batch([410, 420, 430], hole: .silence, before: 1), hostPS: 1500 * Self.ms)
        // 1000 ms on the host's clock, 30 ms on the tagger's.
        #expect(long.times == [410, 1390, 1400].map { $0 * Self.ms })
        #expect(long.holes[0].afterPS == 5 * Self.ms)
    }

    @Test("a silence whose end comes in a later batch counts there")
    func silenceInTwo() {
        var line = TagTimeline()
        _ = line.place(Self.batch([100]), hostPS: 100 * Self.ms)
        _ = line.place(Self.batch([], hole: .silence), hostPS: 600 * Self.ms)
        #expect(line.place(Self.batch([150]), hostPS: 1100 * Self.ms).times == [1100 * Self.ms])
    }
}
