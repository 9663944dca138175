import Foundation
import QKDCore

/// A file of key bits: a readable header, an empty line, then the bits, first bit in the most
/// significant place.
public struct KeyFile: Sendable {
    /// Whose key it is: `alice` or `bob`.
    public var party: String
    /// The key; its length stands in the header.
    public var bits: BitString

    /// What the bits are worth.
    public var content: String

    /// Makes a file of bits, sifted ones unless told otherwise.
    public init(party: String, bits: BitString, content: String = Self.sifted) {
        self.party = party
        self.bits = bits
        self.content = content
    }

    /// What sifted bits are worth.
    public static let sifted = "sifted, not secret"
    static let magic = "qkdctl-key 1"

    /// The file's bytes.
    public var bytes: [UInt8] {
        let header = """
            \(Self.magic)
            content: \(content)
            party: \(party)
            bits: \(bits.count)
            packing: most significant bit first


            """
        return Array(header.utf8) + bits.bytesMSBFirst
    }

    /// Reads a file's bytes; throws `invalidInput` with the line or offset. `name` is for messages.
    public init(bytes: [UInt8], name: String) throws {
        let blank = Array("\n\n".utf8)
        let limit = min(bytes.count, 1024)
        guard let end = (0..<max(0, limit - 1)).first(where: { bytes[$0] == blank[0] && bytes[$0 + 1] == blank[1] })
        else { throw QKDError(.invalidInput, "there is no end of a key file's header", at: .init(name)) }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\n")
        guard lines.first == Self.magic[...] else {
            throw QKDError(.invalidInput, "this is not a key file", at: .init(name, line: 1))
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard let party = fields["party"], let count = fields["bits"].flatMap({ Int($0) }), count >= 0 else {
            throw QKDError(.invalidInput, "the header lacks the party or the number of bits", at: .init(name))
        }
        guard let bits = BitString(bytesMSBFirst: bytes[(end + 2)...], count: count) else {
            throw QKDError(
                .invalidInput, "\(count) bits do not fit into the \(bytes.count - end - 2) bytes that follow",
                at: .init(name, byteOffset: end + 2, field: "bits"))
        }
        self.party = party
        self.bits = bits
        content = fields["content"] ?? Self.sifted
    }
}

/// The public record of the sifted bits: 9 bytes a bit, little-endian: frame u32, slot u32, and a byte
/// with the basis in bit 0 (1: X) and the intensity in bits 2…1.
public struct SiftingRecord: Sendable {
    /// The records so far, one after another, without a header.
    public var bytes: [UInt8] = []

    /// Starts empty.
    public init() {}

    /// Adds one sifted bit.
    public mutating func append(frame: UInt32, slot: UInt32, basis: Basis, intensity: Intensity) {
        withUnsafeBytes(of: frame.littleEndian) { bytes += $0 }
        withUnsafeBytes(of: slot.littleEndian) { bytes += $0 }
        bytes.append(basis.rawValue | intensity.rawValue << 1)
    }
}
