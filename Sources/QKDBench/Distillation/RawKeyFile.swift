import Foundation
import QKDCore

/// A file of raw key bits, ours or somebody else's.
public enum RawKeyFile {
    /// How the bits stand in a file.
    public enum Format: String, Sendable, CaseIterable {
        /// Told by the content: a header of ours, or nothing but the digits 0 and 1 and blanks.
        case auto
        /// With a header: `alice.key`.
        case qkdctl
        /// Digits 0 and 1; blanks and line ends are passed over.
        case text
        /// Eight bits a byte, the first in the most significant place.
        case bytes
    }

    /// Reads a file's bits.
    ///
    /// Throws `absent`, `permissionDenied` or `io` for the file, `invalidInput` with line or offset for what stands in it.
    public static func read(_ path: String, _ format: Format) throws -> BitString {
        var bytes = try SmallFile.bytes(path: path, limit: 2 << 30)
        defer { SecretMemory.wipe(&bytes) }
        let isOurs = bytes.starts(with: KeyFile.magic.utf8)
        switch format {
        case .qkdctl: return try KeyFile(bytes: bytes, name: path).bits
        case .bytes: return BitString(bytesMSBFirst: bytes, count: 8 * bytes.count) ?? BitString()
        case .text: return try digits(bytes, path)
        case .auto:
            if isOurs { return try KeyFile(bytes: bytes, name: path).bits }
            if let other = bytes.prefix(256).firstIndex(where: { $0 != 0x30 && $0 != 0x31 && !isBlank($0) }) {
                throw QKDError(
                    .invalidInput, "neither a key file of ours nor digits 0 and 1; is it eight bits a byte?",
                    at: .init(path, byteOffset: other))
            }
            return try digits(bytes, path)
        }
    }

    private static func digits(_ bytes: [UInt8], _ path: String) throws -> BitString {
        var bits = BitString()
        for (offset, byte) in bytes.enumerated() where !isBlank(byte) {
            guard byte == 0x30 || byte == 0x31 else {
                throw QKDError(.invalidInput, "neither 0 nor 1", at: .init(path, byteOffset: offset))
            }
            bits.append(byte)
        }
        return bits
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
