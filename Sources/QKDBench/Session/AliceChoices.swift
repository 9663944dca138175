import Foundation
import QKDCore

/// What Alice sends in one frame: a pulse code a slot, and which slots she discloses.
public struct AliceFrame: Sendable {
    /// Number of the frame in the order of play, from 0.
    public var index: Int
    /// When the frame began on Alice's clock, picoseconds, as well as her host knows it.
    public var startPS: Int64
    /// How far off that may be, picoseconds: half of what the order to start took.
    public var startErrorPS: Int64 = 0
    /// One `PulseCode.rawValue` a slot.
    public var codes: [UInt8]
    /// The slots whose codes Alice discloses for clock recovery, in order; they leave the key.
    public var disclosedSlots: [UInt32]

    /// Describes a frame.
    public init(index: Int, startPS: Int64, codes: [UInt8], disclosedSlots: [UInt32]) {
        self.index = index
        self.startPS = startPS
        self.codes = codes
        self.disclosedSlots = disclosedSlots
    }
}

/// Makes Alice's frames from her random bits.
///
/// Each slot takes 32 bits: 1 for the bit, 15 for the basis, 16 for the intensity, so that
/// probabilities are kept to 2⁻¹⁵ and 2⁻¹⁶.
public struct AliceChoices: Sendable {
    private let states: KeyedGenerator
    private let disclosure: KeyedGenerator
    private let zThreshold: UInt32
    private let signalThreshold: UInt32
    private let decoyThreshold: UInt32
    private let discloseOneIn: Int

    /// Prepares the choices of a bench from a seed of at least `KeyedGenerator.seedBytes`.
    public init(bench: BenchDescription, seed: [UInt8]) throws {
        states = try KeyedGenerator(seed: seed, label: "alice states")
        disclosure = try KeyedGenerator(seed: seed, label: "alice disclosure")
        zThreshold = UInt32((bench.aliceZProbability * 32768).rounded())
        let signal = bench.intensities[.signal]?.probability ?? 0
        let decoy = bench.intensities[.decoy]?.probability ?? 0
        signalThreshold = UInt32((signal * 65536).rounded())
        decoyThreshold = UInt32(((signal + decoy) * 65536).rounded())
        discloseOneIn = bench.frames.discloseOneIn
    }

    /// Makes frame `index` of `slots` slots; the same seed and index give the same frame.
    public func frame(index: Int, slots: Int) throws -> AliceFrame {
        let random = try states.bytes(block: UInt64(index), count: slots * 4)
        let codes = [UInt8](unsafeUninitializedCapacity: slots) { codes, count in
            random.withUnsafeBytes { raw in
                for slot in 0..<slots {
                    let word = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: slot &* 4, as: UInt32.self))
                    let bit = word & 1
                    let basis: UInt32 = (word >> 1) & 0x7FFF < zThreshold ? 0 : 2
                    let level = word >> 16
                    let intensity: UInt32 = level < signalThreshold ? 0 : level < decoyThreshold ? 4 : 8
                    codes[slot] = UInt8(truncatingIfNeeded: bit | basis | intensity)
                }
            }
            count = slots
        }
        return AliceFrame(
            index: index, startPS: 0, codes: codes, disclosedSlots: try disclosed(index: index, slots: slots))
    }

    /// One slot, drawn uniformly, of each whole run of `discloseOneIn`.
    private func disclosed(index: Int, slots: Int) throws -> [UInt32] {
        let runs = slots / discloseOneIn
        let random = try disclosure.bytes(block: UInt64(index), count: runs * 4)
        return random.withUnsafeBytes { raw in
            (0..<runs).map { run in
                let word = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: run * 4, as: UInt32.self))
                return UInt32(run * discloseOneIn) + UInt32((UInt64(word) * UInt64(discloseOneIn)) >> 32)
            }
        }
    }
}
