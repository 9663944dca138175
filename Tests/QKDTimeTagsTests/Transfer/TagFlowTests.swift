import QKDCore
import Testing

@testable import QKDTimeTags

@Suite("Merging and choosing tags batch by batch")
struct TagFlowTests {
    private static func batch(_ times: [Int64], _ channel: UInt8 = 1, holes: [Int] = []) -> TagBatch {
        TagBatch(
            times: times, channels: times.map { _ in channel },
            holes: holes.map { TagHole(beforeIndex: $0, cause: .misalignment, afterPS: nil) })
    }

    @Test("Nothing is released that an open stream may still come before")
    func horizon() {
        var merger = TagMerger(streams: 2)
        #expect(merger.next == 0)
        merger.add(Self.batch([10, 20, 30], 1), from: 0)
        #expect(merger.release().isEmpty)
        #expect(merger.next == 1)
        merger.add(Self.batch([15, 20], 2), from: 1)
        let first = merger.release()
        #expect(first.times == [10, 15] && first.channels == [1, 2])
        // The one that is behind speaks next.
        #expect(merger.next == 1)
        merger.end(1)
        #expect(merger.release().times == [20, 20])
        merger.end(0)
        #expect(merger.next == nil)
        #expect(merger.release().times == [30])
        #expect(merger.release().isEmpty)
    }

    @Test("A stream that brings nothing holds the others up only until it ends")
    func silentStream() {
        var merger = TagMerger(streams: 3)
        merger.add(Self.batch([1, 2]), from: 0)
        merger.add(Self.batch([1, 5]), from: 2)
        merger.add(TagBatch(), from: 1)
        #expect(merger.release().isEmpty && merger.next == 1)
        merger.end(1)
        #expect(merger.release().times == [1, 1])
    }

    @Test("Each hole comes through once, before the tag that it was before", arguments: [1, 2, 5, 40])
    func holes(size: Int) {
        let first = Self.batch([10, 20, 30, 40], 1, holes: [0, 2, 4])
        let second = Self.batch([5, 25, 35], 2, holes: [1])
        var merger = TagMerger(streams: 2)
        var out = TagBatch()
        for (number, whole) in [first, second].enumerated() {
            var rest = whole
            while rest.count > 0 {
                var part = rest
                let taken = min(size, rest.count)
                part.times.removeSubrange(taken...)
                part.channels.removeSubrange(taken...)
                // A hole on the cut belongs to what comes next, and to the end if nothing does.
                let isLast = taken == rest.count
                part.holes = rest.holes.filter { $0.beforeIndex < taken || isLast }
                rest.holes.removeAll { $0.beforeIndex < taken || isLast }
                rest.removeFirst(taken)
                merger.add(part, from: number)
                out.append(merger.release())
            }
            merger.end(number)
            out.append(merger.release())
        }
        #expect(out.times == [5, 10, 20, 25, 30, 35, 40])
        #expect(out.holes.count == 4)
        // Before 10, before 25 (of the second), before 30, and at the end.
        #expect(out.holes.map(\.beforeIndex).sorted() == [1, 3, 4, 7])
    }

    @Test("A selection counts what it leaves out, and moves the rest and its holes")
    func selection() throws {
        var choice = TagSelection()
        choice.channels = [1, 3]
        choice.fromPS = 10
        choice.toPS = 30
        choice.rezeroes = true
        choice.shiftPS = 1_000
        choice.channelMap = [3: 7]
        choice.channelOffset = 100
        var selector = TagSelector(choice)
        let tags = TagBatch(
            times: [500, 510, 515, 520, 530], channels: [1, 1, 2, 3, 1],
            holes: [TagHole(beforeIndex: 3, cause: .silence, afterPS: 515)])
        let out = try selector.apply(tags, from: "f")
        #expect(out.times == [1_010, 1_020] && out.channels == [101, 107])
        #expect(out.holes == [TagHole(beforeIndex: 1, cause: .silence, afterPS: 1_015)])
        #expect(selector.leftOut == 3)
        // The origin is the first tag of the source, not of each batch.
        #expect(try selector.apply(Self.batch([525]), from: "f").times == [1_025])
        #expect(!selector.isPast(Self.batch([531])))
        #expect(selector.isPast(Self.batch([600 + Picoseconds.perSecond])))
    }

    @Test("What leaves its range is refused with the field, whole batches pass untouched otherwise")
    func ranges() throws {
        var shifted = TagSelection()
        shifted.shiftPS = .max
        var selector = TagSelector(shifted)
        let time = #expect(throws: QKDError.self) { try selector.apply(Self.batch([1]), from: "f") }
        #expect(time?.kind == .outOfRange && time?.place?.field == "time")
        var numbered = TagSelection()
        numbered.channelOffset = 250
        selector = TagSelector(numbered)
        let channel = #expect(throws: QKDError.self) { try selector.apply(Self.batch([1], 9), from: "f") }
        #expect(channel?.place?.field == "channel")
        selector = TagSelector(TagSelection())
        let all = Self.batch([.min, 0, .max], 255, holes: [1])
        #expect(try selector.apply(all, from: "f") == all && selector.leftOut == 0)
    }
}
