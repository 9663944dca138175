import QKDCore
import QKDKernels
import Testing

@testable import QKDDistillation

struct LDPCReconciliationTests {
    /// Alice's bits, and Bob's, which differ independently at a rate.
    private static func pair(_ count: Int, qber: Double, _ random: inout PublicGenerator) -> (BitString, BitString) {
        let alice = BitString(words: (0..<(count + 63) / 64).map { _ in random.next() }, count: count)
        let limit = UInt64(qber * 0x1p64)
        let bob = alice.words.map { word in
            (0..<64).reduce(word) { random.next() < limit ? $0 ^ 1 << UInt64($1) : $0 }
        }
        return (alice, BitString(words: bob, count: count))
    }

    @Test(arguments: [
        (0.005, LDPCLength.short), (0.02, .short), (0.05, .short), (0.11, .short), (0.02, .medium), (0.05, .long),
    ])
    func comesToTheTruth(qber: Double, length: LDPCLength) throws {
        var random = PublicGenerator(seed: UInt64(qber * 1000))
        let plan = try #require(LDPCPlan(qber: qber, length: length))
        var encoder = LDPCEncoder()
        var decoder = LDPCDecoder()
        for _ in 0..<2 {
            let (alice, bob) = Self.pair(plan.payloadBits, qber: qber, &random)
            let message = try encoder.message(for: alice, plan: plan, using: &random)
            let sent = try LDPCMessage(bytes: message.bytes)
            #expect(try decoder.decode(bob, sent, qber: qber) == alice)
            #expect(decoder.sweeps < 60)
        }
    }

    /// The same decoder, for one plan after the other, punctured and shortened, and at each level.
    @Test func changesPlans() throws {
        var random = PublicGenerator(seed: 4)
        var encoder = LDPCEncoder()
        for level in KernelLevel.available {
            var decoder = LDPCDecoder(level: level)
            for (punctured, shortened) in [(640, 0), (0, 5056), (64, 64)] {
                let plan = try #require(LDPCPlan(rows: 33, punctured: punctured, shortened: shortened, length: .short))
                let (alice, bob) = Self.pair(plan.payloadBits, qber: 0.025, &random)
                let message = try encoder.message(for: alice, plan: plan, using: &random)
                #expect(try decoder.decode(bob, message, qber: 0.025) == alice)
            }
        }
    }

    @Test func noErrorsAtAll() throws {
        var random = PublicGenerator(seed: 5)
        let plan = try #require(LDPCPlan(qber: 0.02, length: .short))
        let (alice, _) = Self.pair(plan.payloadBits, qber: 0, &random)
        var encoder = LDPCEncoder()
        var decoder = LDPCDecoder()
        let message = try encoder.message(for: alice, plan: plan, using: &random)
        #expect(try decoder.decode(alice, message, qber: 0.02) == alice)
        #expect(decoder.sweeps <= 5)
    }

    /// Twice the errors that the plan is for, and bits that have nothing to do with Alice's.
    @Test(arguments: [0.04, 0.5])
    func tooManyErrors(rate: Double) throws {
        var random = PublicGenerator(seed: 6)
        let plan = try #require(LDPCPlan(qber: 0.02, length: .short))
        let (alice, bob) = Self.pair(plan.payloadBits, qber: rate, &random)
        var encoder = LDPCEncoder()
        var decoder = LDPCDecoder(maximumSweeps: 30)
        let message = try encoder.message(for: alice, plan: plan, using: &random)
        #expect(try decoder.decode(bob, message, qber: 0.02) == nil)
    }

    /// A syndrome that has nothing to do with either's bits.
    @Test func foreignSyndrome() throws {
        var random = PublicGenerator(seed: 7)
        let plan = try #require(LDPCPlan(qber: 0.02, length: .short))
        let (alice, bob) = Self.pair(plan.payloadBits, qber: 0.02, &random)
        var encoder = LDPCEncoder()
        let message = try encoder.message(for: alice, plan: plan, using: &random)
        let other = LDPCMessage(plan: plan, syndrome: message.syndrome.map { _ in random.next() })
        var decoder = LDPCDecoder(maximumSweeps: 20)
        #expect(try decoder.decode(bob, other, qber: 0.02) == nil)
    }

    /// What a decoder that went astray might end at, though it explains the syndrome.
    @Test func errorsNotToBeBelieved() throws {
        let plan = try #require(LDPCPlan(rows: 12, punctured: 64, shortened: 128, length: .short))
        var errors = Array(repeating: UInt64(0), count: LDPCLength.short.frameBits / 64)
        #expect(LDPCDecoder.isPlausible(errors, plan))
        // Punctured bits may be anything: Bob's are zeros.
        errors[0] = .max
        #expect(LDPCDecoder.isPlausible(errors, plan))
        errors[errors.count - 1] = 1
        #expect(!LDPCDecoder.isPlausible(errors, plan))
        errors[errors.count - 1] = 0
        // The leak of 6080 bits can tell of 776 errors in 65,344 bits, but not of 777.
        for word in 1...776 { errors[word] = 1 }
        #expect(LDPCDecoder.isPlausible(errors, plan))
        errors[777] = 1
        #expect(!LDPCDecoder.isPlausible(errors, plan))
        for word in 1..<errors.count - 2 { errors[word] = .max }
        #expect(!LDPCDecoder.isPlausible(errors, plan))
    }

    @Test func wrongSizesAndRates() throws {
        var random = PublicGenerator(seed: 8)
        let plan = try #require(LDPCPlan(qber: 0.03))
        var encoder = LDPCEncoder()
        let bits = BitString(words: Array(repeating: 0, count: plan.payloadBits / 64), count: plan.payloadBits)
        let short = BitString(words: bits.words, count: plan.payloadBits - 1)
        #expect(throws: QKDError.self) { try encoder.message(for: short, plan: plan, using: &random) }
        let message = try encoder.message(for: bits, plan: plan, using: &random)
        var decoder = LDPCDecoder()
        #expect(throws: QKDError.self) { try decoder.decode(short, message, qber: 0.03) }
        // A bad guess of the rate costs sweeps at most.
        for rate in [1e-300, 1e-9, 0.499_999] {
            #expect(try decoder.decode(bits, message, qber: rate) == bits, "\(rate)")
        }
        for rate in [0, 0.5, -1, .nan, .infinity] {
            #expect(throws: QKDError.self) { try decoder.decode(bits, message, qber: rate) }
        }
    }
}
