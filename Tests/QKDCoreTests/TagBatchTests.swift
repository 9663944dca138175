import QKDCore
import Testing

@Suite struct TagBatchTests {
    private func batch(_ times: ClosedRange<Int64>, holesAt indices: [Int] = []) -> TagBatch {
        TagBatch(
            times: Array(times), channels: times.map { UInt8($0 % 4 + 1) },
            holes: indices.map { TagHole(beforeIndex: $0, cause: .deviceOverflow, afterPS: Int64($0)) })
    }

    @Test func anEmptyBatchIsEmpty() {
        let empty = TagBatch(capacity: 100)
        #expect(empty.isEmpty && empty.count == 0 && empty.holes.isEmpty)
        #expect(empty == TagBatch())
    }

    @Test func appendAddsOneTag() {
        var tags = TagBatch()
        tags.append(timePS: -5, channel: 4)
        tags.append(timePS: 7, channel: 1)
        #expect(tags == TagBatch(times: [-5, 7], channels: [4, 1]))
        #expect(!tags.isEmpty && tags.count == 2)
    }

    @Test func appendingABatchMovesItsHoles() {
        var tags = batch(1...3, holesAt: [0, 2])
        tags.append(batch(4...6, holesAt: [0, 1, 3]))
        #expect(tags.times == [1, 2, 3, 4, 5, 6])
        #expect(tags.channels == [2, 3, 4, 1, 2, 3])
        #expect(tags.holes.map(\.beforeIndex) == [0, 2, 3, 4, 6])
        #expect(tags.holes.map(\.afterPS) == [0, 2, 0, 1, 3])
        tags.append(TagBatch())
        #expect(tags.count == 6 && tags.holes.count == 5)
    }

    @Test func aBatchOfHolesAloneKeepsThem() {
        var tags = batch(1...2)
        tags.append(TagBatch(times: [], channels: [], holes: [.init(beforeIndex: 0, cause: .silence, afterPS: nil)]))
        #expect(tags.holes == [TagHole(beforeIndex: 2, cause: .silence, afterPS: nil)])
    }

    @Test(arguments: 0...6)
    func removeFirstForgetsHolesAmongTheRemoved(count: Int) {
        var tags = batch(1...6, holesAt: [0, 1, 3, 6])
        tags.removeFirst(count)
        #expect(tags.times == Array((1...6).dropFirst(count)))
        let channels: [UInt8] = [2, 3, 4, 1, 2, 3]
        #expect(tags.channels == Array(channels.dropFirst(count)))
        let kept: [Int] = [0, 1, 3, 6].filter { $0 >= count }
        #expect(tags.holes.map { $0.beforeIndex + count } == kept)
        #expect(tags.holes.map { Int($0.afterPS ?? -1) } == kept)
        #expect(tags.holes.allSatisfy { $0.cause == .deviceOverflow })
    }

    @Test func cuttingAndJoiningGivesTheSameBatch() {
        let whole = batch(1...20, holesAt: [0, 4, 5, 9, 19, 20])
        for cut in 0...20 {
            var head = TagBatch(
                times: Array(whole.times[..<cut]), channels: Array(whole.channels[..<cut]),
                holes: whole.holes.filter { $0.beforeIndex < cut })
            var tail = whole
            tail.removeFirst(cut)
            head.append(tail)
            #expect(head == whole, "cut at \(cut)")
        }
    }
}
