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

/// A folder of its own under the system's temporary one, removed with everything in it at the end.
final class ScratchFolder {
    let path: String

    init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/qkd-tags-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer {
            $0.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        path = try #require(made, "no scratch folder under \(base)")
    }

    deinit {
        for name in names { _ = unlink("\(path)/\(name)") }
        _ = rmdir(path)
    }

    /// Names of the files in it.
    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Writes a file and returns its path.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(path)/\(name)"
        let file = try #require(fopen(path, "w"), "cannot create \(path)")
        defer { fclose(file) }
        try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
        return path
    }

    func bytes(of path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"), "cannot open \(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer.prefix(count) }
        return bytes
    }
}

/// Builds PTU files entry by entry.
struct PTUFixture {
    var entries: [UInt8] = []
    var records: [UInt32] = []

    /// A header with what records need, and these records.
    init(
        _ type: PTURecordType = .hydraHarp2T2, resolutionSeconds: Double = 1e-12, stated: Int64? = nil,
        records: [UInt32] = []
    ) {
        self.records = records
        add("TTResultFormat_TTTRRecType", 0x1000_0008, UInt64(type.rawValue))
        add("MeasDesc_GlobalResolution", 0x2000_0008, resolutionSeconds.bitPattern)
        add("TTResult_NumberOfRecords", 0x1000_0008, UInt64(bitPattern: stated ?? Int64(records.count)))
    }

    /// A header of T3 with what records need, and these records.
    init(
        t3 type: PTURecordType, syncPeriodSeconds: Double, resolutionSeconds: Double, records: [UInt32] = []
    ) {
        self.init(type, resolutionSeconds: syncPeriodSeconds, records: records)
        add("Measurement_Mode", 0x1000_0008, 3)
        add("MeasDesc_Resolution", 0x2000_0008, resolutionSeconds.bitPattern)
    }

    /// A header of only what is added.
    init(entries: [UInt8]) { self.entries = entries }

    mutating func add(_ name: String, index: Int32 = -1, _ type: UInt32, _ value: UInt64, payload: [UInt8] = []) {
        entries += Self.entry(name, index: index, type, value) + payload
    }

    static func entry(_ name: String, index: Int32 = -1, _ type: UInt32, _ value: UInt64) -> [UInt8] {
        Array(name.utf8) + [UInt8](repeating: 0, count: 32 - name.utf8.count)
            + littleEndian(UInt32(bitPattern: index)) + littleEndian(type) + littleEndian(value)
    }

    var header: [UInt8] {
        Array("PQTTTR".utf8) + [0, 0] + Array("1.0.00".utf8) + [0, 0] + entries
            + Self.entry("Header_End", 0xFFFF_0008, 0)
    }

    var bytes: [UInt8] { header + records.flatMap { littleEndian($0) } }
}

func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// All that a reader gave.
struct ReadOut {
    var tags = TagBatch()
    var batches = 0
    var counts = TagRecordCounts()
    var metadata: TagFileMetadata
    var damage: QKDError?

    init(
        _ path: String, format: TagFormat? = nil, batchRecords: Int = TagFileReader.defaultBatchRecords,
        specials: PTUSpecials = .counted
    ) throws {
        let reader = try TagFileReader(path: path, format: format, batchRecords: batchRecords, specials: specials)
        metadata = reader.metadata
        do {
            while let batch = try reader.nextBatch() {
                tags.append(batch)
                batches += 1
            }
        } catch let error as QKDError {
            damage = error
        }
        // After the end, or after damage, there is nothing more.
        #expect(try reader.nextBatch() == nil)
        counts = reader.counts
    }
}

/// SplitMix64, for tests of the tag files: same seed, same numbers, everywhere.
struct TagTestRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

/// The error that a body throws.
func failure(_ body: () throws -> Void) -> QKDError? {
    do {
        try body()
        return nil
    } catch {
        return error as? QKDError
    }
}
