import Crypto
import CryptoExtras
import Foundation
import QKDCore

/// The random bits that Alice's and Bob's choices are made from: the AES-256 keystream in counter mode.
///
/// The key is HKDF-SHA-256 of the seed with a label, so that one seed serves several uses whose bits
/// have nothing to do with each other. Block `n` is the keystream under the nonce `n`: it depends on
/// the seed, the label and `n` alone. AES and HKDF are swift-crypto's (BoringSSL).
public struct KeyedGenerator: Sendable {
    /// What a report says of it.
    public static let name = "AES-256-CTR keystream, key by HKDF-SHA-256 (swift-crypto)"
    /// Seed bytes that a full-strength key needs.
    public static let seedBytes = 48

    private let key: SymmetricKey

    /// Derives the key for one use; throws `invalidInput` for a seed shorter than `seedBytes`.
    public init(seed: [UInt8], label: String) throws {
        guard seed.count >= Self.seedBytes else {
            throw QKDError(.invalidInput, "a seed needs \(Self.seedBytes) bytes, this one has \(seed.count)")
        }
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: seed), info: Data("qkdctl 1 \(label)".utf8), outputByteCount: 32)
    }

    /// The first `count` bytes of block `block`; `count` is at most 64 GiB.
    public func bytes(block: UInt64, count: Int) throws -> Data {
        var nonce = [UInt8](repeating: 0, count: 12)
        for index in 0..<8 { nonce[index] = UInt8(truncatingIfNeeded: block >> UInt64(8 * index)) }
        return try AES._CTR.encrypt(Data(count: count), using: key, nonce: AES._CTR.Nonce(nonceBytes: nonce))
    }
}
