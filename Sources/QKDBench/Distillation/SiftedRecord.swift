import QKDCore
import QKDDistillation
import QKDPhysics
import QKDSifting

/// The public record of a session's sifted bits, read back: basis and intensity of each.
public struct SiftedRecord: Sendable {
    private let bytes: [UInt8]
    private static let stride = 9

    /// Reads a file such as `sifting.bin`; throws `invalidInput` unless it has `count` records of bits.
    public init(path: String, count: Int) throws {
        bytes = try SmallFile.bytes(path: path, limit: 32 << 30)
        guard bytes.count == Self.stride * count else {
            throw QKDError(
                .invalidInput, "\(bytes.count) bytes are no record of \(count) bits, \(Self.stride) bytes each",
                at: .init(path, byteOffset: min(bytes.count, Self.stride * count)))
        }
        for index in 0..<count where bytes[Self.stride * index + 8] > 5 {
            throw QKDError(
                .invalidInput, "no basis and intensity has the code \(bytes[Self.stride * index + 8])",
                at: .init(path, byteOffset: Self.stride * index + 8))
        }
    }

    /// The raw keys of the Z basis, and what the X basis told: all of it is compared, so none of it is key.
    public func input(alice: BitString, bob: BitString, intensities: DecoyIntensities, order: [Intensity])
        -> DistillationInput
    {
        var (key, other) = (BitString(), BitString())
        var ofBits: [UInt8] = []
        var detections = [Double](repeating: 0, count: order.count)
        var errors = detections
        var place = [UInt8](repeating: 0, count: Intensity.allCases.count)
        for (index, intensity) in order.enumerated() { place[Int(intensity.rawValue)] = UInt8(index) }
        for index in 0..<alice.count {
            let code = bytes[Self.stride * index + 8]
            let intensity = place[Int(code >> 1)]
            if code & 1 == Basis.z.rawValue {
                key.append(alice[index])
                other.append(bob[index])
                ofBits.append(intensity)
            } else {
                detections[Int(intensity)] += 1
                if alice[index] != bob[index] { errors[Int(intensity)] += 1 }
            }
        }
        return DistillationInput(
            alice: key, bob: other,
            evidence: .decoys(
                intensities, ofBits: ofBits, test: DecoyCounts(detections: detections, errors: errors)))
    }
}

extension BenchDescription {
    /// The source's intensities, brightest first, without those that are never sent; and which is which.
    ///
    /// None is darker than what the modulator lets through at its null: its extinction ratio below the brightest.
    public var decoyIntensities: (intensities: DecoyIntensities, order: [Intensity]) {
        let sent = Intensity.allCases.compactMap { intensity in intensities[intensity].map { (intensity, $0) } }
            .filter { $0.1.probability > 0 }.sorted { $0.1.mean > $1.1.mean }
        let leak = (sent.first?.1.mean ?? 0) * Decibel.transmittance(lossDB: modulator.extinctionRatioDB)
        return (
            DecoyIntensities(means: sent.map { max($0.1.mean, leak) }, probabilities: sent.map(\.1.probability)),
            sent.map(\.0)
        )
    }
}
