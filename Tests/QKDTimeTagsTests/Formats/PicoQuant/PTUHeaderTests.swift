import QKDCore
import QKDTimeTags
import Testing

@Suite struct PTUHeaderTests {
    private func open(_ bytes: [UInt8], name: String = "a.ptu") throws -> TagFileMetadata {
        let scratch = try ScratchFolder()
        return try TagFileReader(path: try scratch.file(name, bytes)).metadata
    }

    private func refusal(_ bytes: [UInt8]) -> QKDError? { failure { _ = try open(bytes) } }

    @Test func everyEntryType() throws {
        var fixture = PTUFixture(records: [1])
        fixture.add("Empty", 0xFFFF_0008, 0)
        fixture.add("Bool", 0x0000_0008, UInt64(bitPattern: -1))
        fixture.add("Int", index: 3, 0x1000_0008, UInt64(bitPattern: -42))
        fixture.add("Bits", 0x1100_0008, 0xA5)
        fixture.add("Color", 0x1200_0008, 0xFF00)
        fixture.add("Double", 0x2000_0008, (2.5).bitPattern)
        fixture.add("Date", 0x2100_0008, (25_570.5).bitPattern)
        fixture.add(
            "Doubles", 0x2001_FFFF, 16, payload: littleEndian((1.5).bitPattern) + littleEndian((-2.0).bitPattern))
        fixture.add("Ansi", 0x4001_FFFF, 8, payload: [0x4E, 0xB5, 0x6D, 0x1B, 0, 0x7A, 0, 0])
        fixture.add("Wide", 0x4002_FFFF, 6, payload: [0xB5, 0x03, 0x73, 0x00, 0x00, 0x00])
        fixture.add("Blob", 0xFFFF_FFFF, 5, payload: [1, 2, 3, 4, 5])
        let scratch = try ScratchFolder()
        let out = try ReadOut(try scratch.file("a.ptu", fixture.bytes))
        // An odd payload moves the records off the grid of four bytes; they are found all the same.
        #expect(out.tags.times == [1])
        let tags = out.metadata.headerTags
        #expect(
            tags.dropFirst(3).map(\.value) == [
                .empty, .boolean(true), .integer(-42), .bitSet(0xA5), .color(0xFF00), .double(2.5),
                .dateTime(days: 25_570.5),
                .doubles([1.5, -2]), .text("Nµm\u{1B}"), .text("\u{3B5}s"), .binary(byteCount: 5),
            ])
        #expect(tags.map(\.index) == [-1, -1, -1, -1, -1, 3, -1, -1, -1, -1, -1, -1, -1, -1])
        #expect(tags[3].byteOffset == 16 + 3 * 48)
        #expect(tags[9].value.unixSeconds == 129_600)
        #expect(tags[0].value.unixSeconds == nil)
        // What the file says must not steer the terminal.
        #expect(tags[11].value.description == "Nµm\\u{1b}")
        #expect(Set(tags.map(\.value.typeName)).count == 10)
        #expect(out.metadata.dataOffsetBytes == fixture.header.count)
        #expect(out.metadata.fileBytes == fixture.bytes.count)
    }

    @Test func missingAndWrongEntries() throws {
        for name in ["TTResultFormat_TTTRRecType", "MeasDesc_GlobalResolution", "TTResult_NumberOfRecords"] {
            let other = [
                ("TTResultFormat_TTTRRecType", UInt32(0x1000_0008), UInt64(0x0101_0204)),
                ("MeasDesc_GlobalResolution", 0x2000_0008, (1e-12).bitPattern),
                ("TTResult_NumberOfRecords", 0x1000_0008, 0),
            ]
            var without = PTUFixture(entries: [])
            var mistyped = PTUFixture(entries: [])
            for entry in other {
                if entry.0 != name { without.add(entry.0, entry.1, entry.2) }
                mistyped.add(entry.0, entry.0 == name ? 0x0000_0008 : entry.1, entry.2)
            }
            let absent = try #require(refusal(without.bytes))
            #expect(absent.kind == .invalidInput && absent.place?.field == name)
            let wrong = try #require(refusal(mistyped.bytes))
            #expect(wrong.kind == .invalidInput && wrong.place?.field == name && wrong.place?.byteOffset != nil)
        }
    }

    @Test func valuesOutOfRange() throws {
        for resolution in [0, -1e-12, .nan, .infinity, 1, 1e-18] {
            let error = try #require(refusal(PTUFixture(resolutionSeconds: resolution).bytes), "\(resolution)")
            #expect(error.kind == .outOfRange)
            #expect(error.place?.byteOffset == 64 && error.place?.field == "MeasDesc_GlobalResolution")
        }
        #expect(refusal(PTUFixture(stated: -1).bytes)?.kind == .outOfRange)
        var contradiction = PTUFixture(records: [1])
        contradiction.add("Measurement_Mode", 0x1000_0008, 3)
        #expect(refusal(contradiction.bytes)?.place?.field == "Measurement_Mode")
        var wide = PTUFixture(records: [1])
        wide.add("TTResultFormat_BitsPerRecord", 0x1000_0008, 64)
        #expect(refusal(wide.bytes)?.kind == .unsupported)
        var unknown = PTUFixture(entries: [])
        unknown.add("TTResultFormat_TTTRRecType", 0x1000_0008, 0x0001_0208)
        #expect(refusal(unknown.bytes)?.kind == .unsupported)
        unknown = PTUFixture(entries: [])
        unknown.add("TTResultFormat_TTTRRecType", 0x1000_0008, 0x1_0101_0204)
        #expect(refusal(unknown.bytes)?.kind == .unsupported)
    }

    @Test func damagedEntries() throws {
        var type = PTUFixture()
        type.add("Strange", 0x3000_0008, 1)
        let strange = try #require(refusal(type.bytes))
        #expect(strange.kind == .invalidInput && strange.place?.field == "Strange" && strange.place?.byteOffset == 160)
        var unnamed = PTUFixture()
        unnamed.add("\u{7}", 0xFFFF_0008, 1)
        #expect(refusal(unnamed.bytes)?.place?.field == "ident")
        var ragged = PTUFixture()
        ragged.add("Floats", 0x2001_FFFF, 9, payload: [UInt8](repeating: 0, count: 9))
        #expect(refusal(ragged.bytes)?.kind == .invalidInput)
        ragged = PTUFixture()
        ragged.add("Wide", 0x4002_FFFF, 3, payload: [0x41, 0, 0x42])
        #expect(refusal(ragged.bytes)?.kind == .invalidInput)
    }

    /// A length field may claim anything; it must cost neither memory nor time.
    @Test(arguments: [UInt64(1) << 20, 1 << 40, .max, 1 << 63])
    func absurdLengths(_ length: UInt64) throws {
        for type in [UInt32(0x2001_FFFF), 0x4001_FFFF, 0x4002_FFFF, 0xFFFF_FFFF] {
            var fixture = PTUFixture()
            fixture.add("Huge", type, length)
            let error = try #require(refusal(fixture.bytes))
            #expect(error.kind == .dataLoss && error.place?.field == "Huge" && error.place?.byteOffset == 160)
        }
    }

    /// A header that goes on for ever is given up at the limit.
    @Test func endlessHeader() throws {
        let entry = PTUFixture.entry("Again", 0xFFFF_0008, 0)
        var fixture = PTUFixture()
        fixture.entries += (0..<(16 << 20) / 48 + 10).flatMap { _ in entry }
        #expect(refusal(fixture.bytes)?.kind == .outOfRange)
    }
}
