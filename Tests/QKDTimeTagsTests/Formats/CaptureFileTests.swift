import QKDCore
import QKDTimeTags
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Real captures from public repositories, which are not ours to carry along.
enum CaptureFiles {
    /// The folder that `QKD_CAPTURES` names.
    static let folder = getenv("QKD_CAPTURES").map { String(cString: $0) }

    /// The path of a capture; `nil` if it is not there.
    static func path(_ name: String) -> String? {
        folder.map { "\($0)/\(name)" }.flatMap { access($0, R_OK) == 0 ? $0 : nil }
    }

    /// timetag/ETA tests, GPL-2: HydraHarp 400, T2, 1 s of light from a 320 MHz laser on two detectors.
    static let hydraHarp = path("hydraharp400_t2_320MHz_hbt.ptu")
    /// timetag/ETA tests, GPL-2: quTAG, 80 MHz sync on channel 5.
    static let quTAG = path("qutag_80MHz_hbt.bin")
    /// s-fifteen-instruments/fpfind tests, GPL-2: timestamp card, four inputs.
    static let timestamp7 = path("s15_timestamp7_c1234.a1")
}

/// Figures of the captures as their publishers' own tools count them.
@Suite struct CaptureFileTests {
    @Test(
        .enabled(
            if: CaptureFiles.hydraHarp != nil, "set QKD_CAPTURES to the folder with hydraharp400_t2_320MHz_hbt.ptu"))
    func hydraHarp() throws {
        let path = try #require(CaptureFiles.hydraHarp)
        let analysis = try TagFile.summary(path: path)
        #expect(analysis.damage == nil)
        #expect(analysis.metadata.recordType == "HydraHarp v2 T2")
        #expect(analysis.metadata.statedRecords == 409_482)
        #expect(analysis.metadata.resolutionPS == 1)
        #expect(analysis.metadata.dataOffsetBytes == 4_392)
        #expect(analysis.metadata.headerTags.contains { $0.name == "HW_SerialNo" && $0.value == .text("1019646") })
        var counts = TagRecordCounts()
        (counts.records, counts.tags) = (409_482, 159_298 + 224_721)
        (counts.overflowRecords, counts.wraps) = (25_463, 29_801)
        #expect(analysis.counts == counts)
        let summary = analysis.value
        #expect(summary.channels.map(\.channel) == [0, 1])
        #expect(summary.channels.map(\.tags) == [159_298, 224_721])
        #expect(summary.earliestPS == 8_584_904 && summary.latestPS == 999_986_166_686)
        #expect(summary.inversions == 0 && summary.duplicates == 0 && summary.coincidentTags == 0)
    }

    @Test(.enabled(if: CaptureFiles.quTAG != nil, "set QKD_CAPTURES to the folder with qutag_80MHz_hbt.bin"))
    func quTAG() throws {
        let path = try #require(CaptureFiles.quTAG)
        let analysis = try TagFile.summary(path: path)
        #expect(analysis.damage == nil && analysis.metadata.format == .quTAG(.binary))
        #expect(analysis.counts.tags == 267_801 && analysis.value.inversions == 173)
        #expect(analysis.value.channels.map(\.channel) == [1, 2, 5])
        #expect(analysis.value.channels.map(\.tags) == [79_314, 94_287, 94_200])
        #expect(analysis.value.largestInversionPS == 85_918)
        #expect(abs(Picoseconds.seconds(analysis.value.durationPS) - 5.0439) < 5e-5)
        // Copied with its header, it has the same bytes; compressed and back, the same tags.
        let scratch = try ScratchFolder()
        let out = try ReadOut(path)
        for layout in [QuTAGLayout.binary, .compressed] {
            var options = TagWriteOptions(format: .quTAG(layout))
            options.quTAGHeader = out.metadata.headerBytes
            let writer = try TagFileWriter.open(path: "\(scratch.path)/copy", options)
            try writer.append(out.tags)
            try writer.finish()
            if layout == .binary { #expect(try scratch.bytes(of: "\(scratch.path)/copy") == scratch.bytes(of: path)) }
            let copy = try ReadOut("\(scratch.path)/copy")
            #expect(copy.metadata.format == .quTAG(layout) && copy.tags.channels == out.tags.channels)
            // Compressed times begin within the counter's first turn.
            let shift = copy.tags.times[0] - out.tags.times[0]
            #expect(zip(copy.tags.times, out.tags.times).allSatisfy { $0 - $1 == shift })
        }
    }

    @Test(.enabled(if: CaptureFiles.timestamp7 != nil, "set QKD_CAPTURES to the folder with s15_timestamp7_c1234.a1"))
    func timestamp7() throws {
        let path = try #require(CaptureFiles.timestamp7)
        let analysis = try TagFile.summary(path: path)
        #expect(analysis.damage == nil)
        #expect(analysis.metadata.format == .qcrypto(.a1, .init()) && analysis.metadata.formatIsGuessed)
        var counts = TagRecordCounts()
        (counts.records, counts.tags, counts.multiHitRecords) = (2_000, 2_012, 12)
        #expect(analysis.counts == counts)
        #expect(analysis.value.channels.map(\.channel) == [1, 2, 3, 4])
        #expect(analysis.value.channels.map(\.tags) == [621, 488, 481, 422])
        #expect(analysis.value.durationPS == 935_012_566)
        #expect(analysis.value.inversions == 0 && analysis.value.coincidentTags == 12)
        // Read, written and read again: the same tags.
        let scratch = try ScratchFolder()
        let original = try ReadOut(path)
        let writer = try QCryptoWriter(path: "\(scratch.path)/copy.a1")
        try writer.append(original.tags)
        try writer.finish()
        #expect(try ReadOut("\(scratch.path)/copy.a1").tags == original.tags)
    }

    /// The laser shows in the correlation of the two detectors; the file's name says 320 MHz, its pulses
    /// come every 3.1281 ns (319.68 MHz).
    @Test(
        .enabled(
            if: CaptureFiles.hydraHarp != nil, "set QKD_CAPTURES to the folder with hydraharp400_t2_320MHz_hbt.ptu"))
    func laserPeriod() throws {
        let path = try #require(CaptureFiles.hydraHarp)
        let options = try CorrelationOptions(rangePS: 100_000, binWidthPS: 100)
        let analysis = try TagFile.correlations(path: path, pairs: [(0, 1), (1, 0)], options: options)
        let histogram = analysis.value[0]
        #expect(analysis.lateTags == 0 && histogram.disorderedTags == 0)
        #expect(histogram.tagsA == 159_298 && histogram.tagsB == 224_721)
        let comb = try #require(PeakFinder.combPeriod(in: histogram))
        // 3128.145 ps maximises the power of all differences within ±10 µs, computed apart from this code.
        #expect(comb.periodErrorPS < 0.1 && comb.peaks == 62)
        #expect(abs(comb.periodPS - 3_128.145) < 5 * comb.periodErrorPS, "\(comb)")
        #expect(abs(comb.phasePS + 1_089.4) < 5)
        // Swapped, the picture is the mirror's.
        let swapped = try #require(PeakFinder.combPeriod(in: analysis.value[1]))
        #expect(abs(swapped.phasePS + comb.phasePS) < 5)
    }
}
