import QKDCore
import Testing

@testable import QKDDistillation

/// Frames on both sides of a binary symmetric channel.
enum NoisyFrame {
    static func pair(_ count: Int, rate: Double, seed: UInt64) -> (alice: BitString, bob: BitString) {
        var random = PublicGenerator(seed: seed)
        let words = (0..<(count + 63) / 64).map { _ in random.next() }
        var noisy = words
        for bit in 0..<count where Double(random.next() >> 11) * 0x1p-53 < rate {
            noisy[bit >> 6] ^= 1 << UInt64(bit & 63)
        }
        return (BitString(words: words, count: count), BitString(words: noisy, count: count))
    }
}

struct CascadeTests {
    /// Both sides talk until nothing is left to ask.
    private func talk(_ plan: CascadePlan, _ alice: BitString, _ bob: BitString) throws -> (
        corrector: CascadeCorrector, reference: CascadeReference
    ) {
        let reference = CascadeReference(plan: plan, bits: alice)
        let corrector = CascadeCorrector(plan: plan, bits: bob)
        var answer: [UInt8]?
        while let question = try corrector.next(answer) { answer = try reference.answer(question) }
        return (corrector, reference)
    }

    /// f is 1.04 at a per cent and more; the floor is 1.06. Rare errors pay for the closing subsets.
    @Test(arguments: [(0.001, 1.2), (0.01, 1.06), (0.03, 1.06), (0.05, 1.06), (0.09, 1.08)])
    func correctsAtFewRevealedBits(rate: Double, most: Double) throws {
        let plan = CascadePlan(orders: CascadeOrders(frameBits: 100_000, seed: 7), errorRate: rate)
        var revealed = 0
        var entropy = 0.0
        for seed in UInt64(1)...3 {
            let (alice, bob) = NoisyFrame.pair(100_000, rate: rate, seed: seed)
            let errors = alice.distance(to: bob)
            let (corrector, reference) = try talk(plan, alice, bob)
            #expect(corrector.corrected == alice && corrector.isFinished)
            #expect(corrector.received == reference.revealed && corrector.corrections >= errors)
            revealed += reference.revealed
            entropy += 1e5 * binaryEntropy(Double(errors) / 1e5)
        }
        #expect(Double(revealed) / entropy < most, "\(Double(revealed) / entropy)")
    }

    /// What is revealed is what stood in the answers.
    @Test func theTranscriptIsCounted() throws {
        let plan = CascadePlan(orders: CascadeOrders(frameBits: 5_000, seed: 7), errorRate: 0.03)
        let (alice, bob) = NoisyFrame.pair(5_000, rate: 0.03, seed: 1)
        let reference = CascadeReference(plan: plan, bits: alice)
        let corrector = CascadeCorrector(plan: plan, bits: bob)
        var (least, most) = (0, 0)
        var answer: [UInt8]?
        while let question = try corrector.next(answer) {
            let bytes = try reference.answer(question)
            most += 8 * bytes.count
            least += 8 * bytes.count - 7
            answer = bytes
        }
        #expect((least...most).contains(reference.revealed) && corrector.received == reference.revealed)
        #expect(corrector.corrected == alice)
    }

    @Test(arguments: [1, 2, 3, 63, 64, 65, 127, 128, 129, 1000, 4095, 4096, 4097, 10_001, 65_537, 200_000])
    func framesOfAnyLength(count: Int) throws {
        let orders = CascadeOrders(frameBits: count, seed: 3)
        for rate in [0.0, 0.02, 0.1] {
            let (alice, bob) = NoisyFrame.pair(count, rate: rate, seed: UInt64(count))
            let (corrector, _) = try talk(CascadePlan(orders: orders, errorRate: max(rate, 0.01)), alice, bob)
            #expect(corrector.corrected == alice, "\(count) bits, \(rate)")
        }
    }

    /// A wrong guess, bursts, and errors in every bit cost bits, not correctness.
    @Test func estimatesThatAreWrong() throws {
        let orders = CascadeOrders(frameBits: 20_000, seed: 5)
        for (guess, rate) in [(0.001, 0.05), (0.1, 0.001), (0.02, 0.25)] {
            let (alice, bob) = NoisyFrame.pair(20_000, rate: rate, seed: 9)
            #expect(try talk(CascadePlan(orders: orders, errorRate: guess), alice, bob).corrector.corrected == alice)
        }
        let (alice, _) = NoisyFrame.pair(20_000, rate: 0, seed: 10)
        var burst = alice.words
        for word in 100..<104 { burst[word] = ~burst[word] }
        let bob = BitString(words: burst, count: 20_000)
        #expect(try talk(CascadePlan(orders: orders, errorRate: 0.01), alice, bob).corrector.corrected == alice)
        // Nothing in common: more would be revealed than there is, and the talk ends.
        let (other, _) = NoisyFrame.pair(20_000, rate: 0, seed: 11)
        #expect(throws: QKDError.self) { try talk(CascadePlan(orders: orders, errorRate: 0.01), alice, other) }
    }

    @Test func questionsThatAreNone() throws {
        let plan = CascadePlan(orders: CascadeOrders(frameBits: 1000, seed: 1), errorRate: 0.02)
        let (alice, _) = NoisyFrame.pair(1000, rate: 0, seed: 1)
        // Middles take two bytes; blocks have 32 bits, so that the first search begins with step 5.
        let bad: [[UInt8]] = [
            [], [3], [0x20], [0, 0], [0x40], [0x41], [0x44], [0x46], [0x45], [0x45] + .init(repeating: 0, count: 5),
            [0xC0],
            [0x80], [0x80, 1, 0, 0], [0x80, 1, 0, 0, 0], [0x80, 1, 0, 0, 0, 1], [0x80, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0],
            [0x80, 1, 0, 0, 0, 0, 0], [0x80, 1, 0, 0, 0, 0x20, 0], [0x80, 1, 0, 0, 0, 1, 0x10],
            [0x80, 1, 0, 0, 0, 1, 0, 9],
            [0x8F, 1, 0, 0, 0, 1, 0], [0xBF, 1, 0, 0, 0, 1, 0],
        ]
        for bytes in bad {
            let reference = CascadeReference(plan: plan, bits: alice)
            #expect(throws: QKDError.self, "\(bytes)") { try reference.answer(bytes) }
            #expect(reference.revealed == 0)
        }
        // All that there is, and no more.
        let reference = CascadeReference(plan: plan, bits: alice)
        #expect(throws: QKDError.self) { while true { _ = try reference.answer([0]) } }
    }

    /// The first search goes step by step, and each tells of just the nodes that the one before it was about.
    @Test func stepsOutOfTurn() throws {
        let plan = CascadePlan(orders: CascadeOrders(frameBits: 1000, seed: 1), errorRate: 0.02)
        let (alice, _) = NoisyFrame.pair(1000, rate: 0, seed: 1)
        let reference = CascadeReference(plan: plan, bits: alice)
        // 32 blocks, of which ten are odd.
        #expect(try reference.answer([0x45, 0xFF, 0, 0x81, 0]).count == 2)
        #expect(reference.revealed == 10)
        for bytes in [[0x45, 0xFF, 0, 0x81, 0], [0x43, 0, 0], [0x44, 0], [0x44, 0, 0, 0]] as [[UInt8]] {
            #expect(throws: QKDError.self, "\(bytes)") { try reference.answer(bytes) }
        }
        for log in [4, 3, 2, 1] { #expect(try reference.answer([0x40 | UInt8(log), 0xAA, 1]).count == 2) }
        #expect(throws: QKDError.self) { try reference.answer([0x40, 0, 0]) }
        #expect(reference.revealed == 50)
    }

    /// A shuffled frame has each bit where its place says, and back.
    @Test(arguments: [1, 4096, 65_536, 65_537, 102_400, 150_000])
    func shufflesBothWays(count: Int) {
        let orders = CascadeOrders(frameBits: count, seed: 4)
        let (bits, _) = NoisyFrame.pair(orders.paddedBits, rate: 0, seed: 5)
        for pass in 0...2 {
            var (scratch, shuffled) = (bits.words, bits.words)
            orders.apply(pass: pass, bits.words, scratch: &scratch, into: &shuffled)
            let ways = orders.ways(pass: pass)
            let there = BitString(words: shuffled, count: orders.paddedBits)
            var seen = Set<Int>()
            for bit in 0..<orders.paddedBits {
                let place = ways.place(of: bit)
                guard there[place] == bits[bit], ways.bit(at: place) == bit, seen.insert(place).inserted else {
                    Issue.record("pass \(pass), bit \(bit), place \(place)")
                    return
                }
            }
            withExtendedLifetime(orders) {}
        }
    }

    /// Whatever comes from the other side: an error or an answer, never a trap, and always an end.
    @Test func hostileBytes() throws {
        let orders = CascadeOrders(frameBits: 700, seed: 1)
        let plan = CascadePlan(orders: orders, errorRate: 0.03)
        let (alice, bob) = NoisyFrame.pair(700, rate: 0.03, seed: 1)
        var random = PublicGenerator(seed: 42)
        for _ in 0..<300 {
            let reference = CascadeReference(plan: plan, bits: alice)
            let corrector = CascadeCorrector(plan: plan, bits: bob)
            var answer: [UInt8]?
            let lies = random.next() % 3
            let ends: Void? = try? {
                while var question = try corrector.next(answer) {
                    if lies == 0 {
                        question[Int(random.next() % UInt64(question.count))] ^= UInt8(random.next() & 0xFF)
                    }
                    var bytes = try reference.answer(question)
                    if lies == 1, !bytes.isEmpty { bytes[0] ^= UInt8(random.next() & 0xFF) }
                    if lies == 2, random.next() % 50 == 0 { bytes.append(0) }
                    answer = bytes
                }
            }()
            #expect(ends != nil || corrector.received <= 2 * 700)
        }
        for _ in 0..<3000 {
            let bytes = (0..<Int(random.next() % 12)).map { _ in UInt8(random.next() & 0xFF) }
            _ = try? CascadeReference(plan: plan, bits: alice).answer(bytes)
        }
    }
}
