import Foundation
import QKDCore
import Testing

@testable import QKDBench

@Suite("Files of a session")
struct SessionFileTests {
    @Test("A key file comes back as it went", arguments: [0, 1, 7, 8, 9, 63, 64, 65, 1000])
    func keyFile(count: Int) throws {
        let pattern: [UInt8] = (0..<count).map { index in
            let value = index * index + index / 3
            return UInt8(value & 1)
        }
        let bits = BitString(bits: pattern)
        let file = KeyFile(party: "alice", bits: bits)
        let text = String(decoding: file.bytes.prefix(60), as: UTF8.self)
        #expect(text.hasPrefix("qkdctl-key 1\ncontent: sifted, not secret\n"))
        let back = try KeyFile(bytes: file.bytes, name: "k")
        #expect(back.bits == bits)
        #expect(back.party == "alice")
    }

    @Test("A key file that was cut anywhere is refused")
    func cutKeyFile() {
        let bytes = KeyFile(party: "bob", bits: BitString(bits: (0..<100).map { UInt8($0 & 1) })).bytes
        for length in 0..<bytes.count {
            #expect(throws: QKDError.self, "length \(length)") {
                try KeyFile(bytes: Array(bytes[..<length]), name: "cut")
            }
        }
    }

    @Test("Header lies are refused", arguments: ["bits: -1", "bits: 99999999999999999999", "bits: x", "size: 3"])
    func headerLies(line: String) {
        let text = "qkdctl-key 1\ncontent: sifted, not secret\nparty: alice\n\(line)\n\n"
        #expect(throws: QKDError.self) { try KeyFile(bytes: Array(text.utf8) + [0, 0], name: "lie") }
    }

    @Test("Alice's frames come back, and a cut file is named with its offset")
    func frames() throws {
        let frames = [
            AliceFrame(index: 0, startPS: -5, codes: [0, 11, 7], disclosedSlots: [1]),
            AliceFrame(index: 9, startPS: 1 << 50, codes: (0..<40).map { $0 % 12 }, disclosedSlots: [0, 39]),
        ]
        let bytes = Array(AliceFrameFile.magic.utf8) + frames.flatMap(AliceFrameFile.bytes(of:))
        let back = try AliceFrameFile.frames(in: bytes, name: "f")
        #expect(back.map(\.codes) == frames.map(\.codes))
        #expect(back.map(\.startPS) == frames.map(\.startPS))
        #expect(back.map(\.disclosedSlots) == frames.map(\.disclosedSlots))
        let whole = Set([
            AliceFrameFile.magic.utf8.count, bytes.count, bytes.count - AliceFrameFile.bytes(of: frames[1]).count,
        ])
        for length in 0..<bytes.count where !whole.contains(length) {
            do {
                _ = try AliceFrameFile.frames(in: Array(bytes[..<length]), name: "cut")
                Issue.record("a file of \(length) bytes was taken")
            } catch {
                let failure = try #require(error as? QKDError)
                #expect(failure.place?.byteOffset != nil)
            }
        }
    }

    @Test("A code that is none is refused")
    func badCode() {
        let bytes =
            Array(AliceFrameFile.magic.utf8)
            + AliceFrameFile.bytes(of: AliceFrame(index: 0, startPS: 0, codes: [12, 0], disclosedSlots: []))
        #expect(throws: QKDError.self) { try AliceFrameFile.frames(in: bytes, name: "bad") }
    }

    @Test("The public record has its documented layout")
    func record() {
        var record = SiftingRecord()
        record.append(frame: 0x0102, slot: 0x0A0B0C0D, basis: .x, intensity: .vacuum)
        #expect(record.bytes == [2, 1, 0, 0, 0x0D, 0x0C, 0x0B, 0x0A, 0b101])
    }

    @Test("Files appear whole, with their mode, and replace what was there")
    func atomic() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/secret"
        try SmallFile.write([1, 2, 3], to: path, mode: 0o600)
        try SmallFile.write([4], to: path, mode: 0o600)
        #expect(try SmallFile.bytes(path: path, limit: 10) == [4])
        let mode = try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["secret"])
        #expect(throws: QKDError.self) { try SmallFile.write([1], to: folder.path + "/no/such/folder", mode: 0o600) }
    }

    @Test("Reading says what is wrong with a file")
    func reading() throws {
        let folder = try TemporaryFolder()
        try SmallFile.write(Array(repeating: 0xFF, count: 100), to: folder.path + "/b", mode: 0o644)
        #expect(kind { try SmallFile.text(path: folder.path + "/none", limit: 10) } == .absent)
        #expect(kind { try SmallFile.text(path: folder.path, limit: 10) } == .invalidInput)
        #expect(kind { try SmallFile.text(path: folder.path + "/b", limit: 99) } == .invalidInput)
        #expect(kind { try SmallFile.text(path: folder.path + "/b", limit: 100) } == .invalidInput)
    }

    private func kind(_ work: () throws -> String) -> QKDError.Kind? {
        do {
            _ = try work()
            return nil
        } catch {
            return (error as? QKDError)?.kind
        }
    }
}

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "qkdctl-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
