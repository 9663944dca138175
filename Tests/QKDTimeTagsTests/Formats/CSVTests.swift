import QKDCore
import QKDTimeTags
import Testing

@Suite struct CSVTests {
    private func read(_ text: String, format: TagFormat? = .csv) throws -> ReadOut {
        let scratch = try ScratchFolder()
        return try ReadOut(try scratch.file("x.csv", Array(text.utf8)), format: format)
    }

    @Test(arguments: [
        ("1000,3\n2000,255\n", nil), ("time_ps,channel\n1000,3\n2000,255\n", "told"),
        ("\"channel\";\"time_ns\"\r\n3;1\r\n255;2.000\r\n", "told"),
        ("n\tchannel\ttime_us\n0\t3\t0.001\n1\t255\t.002\n", "told"),
        ("# a note\n1000 3\n\n  2000   255", nil), ("time_s,channel\n0.000000001,3\n0.000000002,255\n", "told"),
    ])
    func spellings(text: String, told: String?) throws {
        let out = try read(text, format: told == nil ? .csv : nil)
        #expect(out.tags == TagBatch(times: [1_000, 2_000], channels: [3, 255]) && out.damage == nil)
    }

    /// A Double has steps of 16 ps at this time.
    @Test func decimalsAreExact() throws {
        let out = try read("time_s,channel\n123456.123456789012,1\n123456.1234567890125,1\n-0.0000000000006,2\n")
        #expect(out.tags.times == [123_456_123_456_789_012, 123_456_123_456_789_013, -1])
    }

    @Test(arguments: [
        ("1,1\nx,1\n", "line 2"), ("1,1\n2\n", "line 2"), ("1,256\n", "line 1"), ("1,-1\n", "line 1"),
        ("1.2.3,1\n", "line 1"), ("99999999999999999999,1\n", "line 1"), ("9223372036854775808,1\n", "line 1"),
        ("time_s,channel\n9300000,1\n", "line 2"), ("5,1\n" + String(repeating: "7", count: 5_000), "line 2"),
    ])
    func nonsenseHasItsPlace(text: String, line: String) throws {
        let out = try read(text)
        let damage = try #require(out.damage)
        #expect(damage.kind == .invalidInput && damage.place?.field == line)
        #expect(out.tags.count == (line == "line 2" && !text.hasPrefix("time") ? 1 : 0))
    }

    @Test func holesComeThrough() throws {
        let scratch = try ScratchFolder()
        let sent = TagBatch(
            times: [1, 5], channels: [1, 2],
            holes: [
                TagHole(beforeIndex: 1, cause: .silence, afterPS: 1),
                TagHole(beforeIndex: 2, cause: .deviceOverflow, afterPS: 5),
            ])
        let writer = try TagFileWriter.open(path: "\(scratch.path)/x", .init(format: .csv))
        try writer.append(sent)
        try writer.finish()
        #expect(try ReadOut("\(scratch.path)/x").tags == sent)
        #expect(writer.counts.unmarkedHoles == 0)
    }
}
