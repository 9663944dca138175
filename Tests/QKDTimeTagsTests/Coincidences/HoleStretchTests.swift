import QKDCore
import Testing

@testable import QKDTimeTags

@Suite("Holes of a capture as stretches of time")
struct HoleStretchTests {
    @Test("A hole lasts from the last good time to the next tag")
    func stretches() {
        var tags = TagBatch(times: [10, 20, 50, 60], channels: [1, 1, 1, 1])
        tags.holes = [
            TagHole(beforeIndex: 0, cause: .misalignment, afterPS: nil),
            TagHole(beforeIndex: 2, cause: .deviceOverflow, afterPS: 25),
            TagHole(beforeIndex: 3, cause: .deviceOverflow, afterPS: nil),
            TagHole(beforeIndex: 4, cause: .silence, afterPS: 60),
        ]
        #expect(tags.holeStretchesPS == [25..<50, 50..<60])
        #expect(TagBatch().holeStretchesPS.isEmpty)
    }

    @Test("Stretches without holes, which may overlap and come in any order")
    func remove() {
        let stretches: [Range<Int64>] = [0..<100, 200..<300, 300..<400]
        func left(_ holes: [Range<Int64>]) -> [Range<Int64>] { HoleStretches.remove(holes, from: stretches) }
        #expect(left([]) == stretches)
        #expect(left([40..<60, 10..<20]) == [0..<10, 20..<40, 60..<100, 200..<300, 300..<400])
        #expect(left([-50..<350]) == [350..<400])
        #expect(left([-50..<250, 10..<20, 30..<40]) == [250..<300, 300..<400])
        #expect(left([90..<210, 395..<500]) == [0..<90, 210..<300, 300..<395])
        #expect(left([0..<1_000]).isEmpty)
        #expect(left([120..<150]) == stretches)
    }

    @Test("A relation is turned round to a picosecond")
    func inverse() {
        var relation = ClockRelation(
            referencePS: 5 * Picoseconds.perSecond, offsetPS: -730_000_000_000, offsetFractionPS: 0.4, skew: 9e-4,
            driftPerSecond: 1e-7)
        relation.setWander([(-4, -900), (-2, 0), (0, 300), (3, 100), (4, 2_000)])
        for time in stride(from: Int64(-3_000_000_000_001), to: 60_000_000_000_000, by: 777_777_777_777) {
            #expect(abs(relation.alicePS(ofBobPS: relation.bobPS(ofAlicePS: time)) - time) <= 1)
        }
    }
}
