import Foundation
import QKDCore
import Testing

@testable import QKDBench

@Suite("Alice's choices")
struct AliceChoicesTests {
    private let seed = (0..<48).map { UInt8($0) }

    private func choices(_ seed: [UInt8]? = nil) throws -> AliceChoices {
        try AliceChoices(bench: BenchDescription.load("bb84-loopback"), seed: seed ?? self.seed)
    }

    @Test("States and intensities come with the stated probabilities, at 4 sigma")
    func probabilities() throws {
        let slots = 200_000
        let frame = try choices().frame(index: 0, slots: slots)
        var counts = [Int](repeating: 0, count: 16)
        for code in frame.codes { counts[Int(code)] += 1 }
        #expect(counts[12...].allSatisfy { $0 == 0 })
        let intensity = [0.6, 0.25, 0.15]
        for code in 0..<12 {
            let pulse = PulseCode(rawValue: UInt8(code))
            let expected = intensity[Int(pulse.intensity.rawValue)] * (pulse.basis == .z ? 0.75 : 0.25) * 0.5
            let sigma = (Double(slots) * expected * (1 - expected)).squareRoot()
            #expect(abs(Double(counts[code]) - Double(slots) * expected) < 4 * sigma, "code \(code)")
        }
    }

    @Test("Successive slots are independent, at 4 sigma")
    func independence() throws {
        let slots = 100_000
        let codes = try choices().frame(index: 3, slots: slots).codes
        let agreements = zip(codes, codes.dropFirst()).filter { ($0 ^ $1) & 1 == 0 }.count
        let sigma = (Double(slots - 1) * 0.25).squareRoot()
        #expect(abs(Double(agreements) - Double(slots - 1) / 2) < 4 * sigma)
    }

    @Test("Exactly one slot of each run is disclosed, each place as likely")
    func disclosure() throws {
        let frame = try choices().frame(index: 1, slots: 100_050)
        #expect(frame.disclosedSlots.count == 1000)
        #expect(frame.disclosedSlots.count * 100 <= frame.codes.count)
        for (run, slot) in frame.disclosedSlots.enumerated() {
            #expect((run * 100..<(run + 1) * 100).contains(Int(slot)))
        }
        var places = [Int](repeating: 0, count: 10)
        for slot in frame.disclosedSlots { places[Int(slot) % 100 / 10] += 1 }
        let chi = places.reduce(0.0) { $0 + Double(($1 - 100) * ($1 - 100)) / 100 }
        #expect(chi < 33.7)  // 9 degrees of freedom, 1e-4
    }

    @Test("A seed and an index give one frame; another of either gives another")
    func repeatability() throws {
        let one = try choices().frame(index: 5, slots: 20_000)
        #expect(try choices().frame(index: 5, slots: 20_000).codes == one.codes)
        // A shorter frame is the beginning of a longer one.
        #expect(try choices().frame(index: 5, slots: 10_000).codes[...] == one.codes[..<10_000])
        #expect(try choices().frame(index: 6, slots: 20_000).codes != one.codes)
        var other = seed
        other[47] ^= 1
        #expect(try choices(other).frame(index: 5, slots: 20_000).codes != one.codes)
    }

    @Test("The keystream is AES-256-CTR under HKDF-SHA-256, by values worked out elsewhere")
    func keystream() throws {
        // Python's cryptography 48: HKDF(SHA256, 32, salt=None, info=b"qkdctl 1 alice states").derive(bytes(range(48))),
        // then AES-CTR over zeros with the 16-byte counter block (block LE u64, 4 zero bytes, counter 0).
        let generator = try KeyedGenerator(seed: seed, label: "alice states")
        #expect([UInt8](try generator.bytes(block: 0, count: 16)) == KeystreamVectors.block0)
        #expect([UInt8](try generator.bytes(block: 258, count: 40).suffix(8)) == KeystreamVectors.block258)
    }

    @Test("A short seed is refused")
    func shortSeed() {
        #expect(throws: QKDError.self) { try KeyedGenerator(seed: Array(repeating: 1, count: 47), label: "x") }
    }
}
