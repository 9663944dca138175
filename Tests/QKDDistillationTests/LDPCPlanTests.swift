import QKDCore
import Testing

@testable import QKDDistillation

struct LDPCPlanTests {
    /// Over the whole range the leak follows the error rate in small steps, and is what the efficiency asks for.
    @Test(arguments: LDPCLength.allCases)
    func leakFollowsTheErrorRate(length: LDPCLength) throws {
        var last = 0.0
        for step in 0...1050 {
            let qber = min(0.005 + Double(step) * 0.0001, 0.11)
            let plan = try #require(LDPCPlan(qber: qber, length: length))
            #expect(plan.payloadBits + plan.punctured + plan.shortened == length.frameBits)
            #expect(plan.leakedBits == plan.syndromeBits - plan.punctured)
            let leak = Double(plan.leakedBits) / Double(plan.payloadBits)
            let wanted = try #require(LDPCEfficiency.leak(qber: qber, length: length))
            #expect(leak >= wanted && leak < wanted * 1.025, "\(qber): \(leak), not \(wanted)")
            // The next mother code, whole, may do with a little less than what is left of the one before.
            #expect(leak >= last * 0.99)
            last = leak
            let numbers = (plan.profile.rows, plan.punctured, plan.shortened)
            #expect(LDPCPlan(rows: numbers.0, punctured: numbers.1, shortened: numbers.2, length: length) == plan)
        }
    }

    @Test func slackGivesMoreAway() throws {
        let tight = try #require(LDPCPlan(qber: 0.03))
        let loose = try #require(LDPCPlan(qber: 0.03, slack: 0.1))
        func leak(_ plan: LDPCPlan) -> Double { Double(plan.leakedBits) / Double(plan.payloadBits) }
        #expect(abs(leak(loose) / leak(tight) - 1.1) < 0.02)
        for slack in [-0.01, 1.01, .nan] { #expect(LDPCPlan(qber: 0.03, slack: slack) == nil) }
    }

    /// What a longer frame is for.
    @Test func longerFramesAreToldLess() throws {
        for qber in [0.005, 0.02, 0.05, 0.11] {
            let leaks = try LDPCLength.allCases.map { try #require(LDPCEfficiency.leak(qber: qber, length: $0)) }
            #expect(leaks[0] > leaks[1] && leaks[1] > leaks[2])
        }
    }

    @Test func outsideTheRange() {
        for qber in [0, 0.0049, 0.111, 0.5, 1, -1, .nan, .infinity] { #expect(LDPCPlan(qber: qber) == nil) }
        #expect(LDPCPlan(rows: 7, punctured: 0, shortened: 0) == nil)
        #expect(LDPCPlan(rows: 8, punctured: 63, shortened: 0) == nil)
        #expect(LDPCPlan(rows: 8, punctured: 0, shortened: 1) == nil)
        #expect(LDPCPlan(rows: 8, punctured: -64, shortened: 0) == nil)
        #expect(LDPCPlan(rows: 8, punctured: 2 * 1024, shortened: 0) != nil)
        #expect(LDPCPlan(rows: 8, punctured: 2 * 1024 + 64, shortened: 0) == nil)
        #expect(LDPCPlan(rows: 8, punctured: 0, shortened: LDPCLength.medium.frameBits / 4 + 64) == nil)
    }

    /// What is sent is a syndrome of `syndromeBits`; the punctured bits hide as many of its bits as they are.
    ///
    /// Each punctured bit, alone, changes checks that no other punctured bit changes: so for any payload they reach
    /// 2^punctured syndromes, all as likely, and `leakedBits` bits are left to tell of the payload.
    @Test func leakIsWhatIsRevealed() throws {
        var random = PublicGenerator(seed: 12)
        let plan = try #require(LDPCPlan(rows: 12, punctured: 128, shortened: 64))
        let frame = LDPCFrame(plan)
        let bits = BitString(words: Array(repeating: 0, count: plan.payloadBits / 64), count: plan.payloadBits)
        var encoder = LDPCEncoder()
        let message = try encoder.message(for: bits, plan: plan, using: &random)
        #expect(message.syndrome.count * 64 == plan.syndromeBits)
        #expect(message.bytes.count == 14 + plan.syndromeBits / 8)
        var touched = Array(repeating: UInt64(0), count: plan.syndromeBits / 64)
        for bit in stride(from: 0, to: plan.punctured, by: 5) {
            var words: [UInt64] = [0, 0]
            words[bit / 64] = 1 << UInt64(bit % 64)
            let checks = frame.kernel.syndrome(of: frame.words(words, bits))
            #expect(zip(checks, touched).allSatisfy { $0 & $1 == 0 } && checks.contains { $0 != 0 })
            touched = zip(touched, checks).map { $0 | $1 }
        }
    }

    /// The encoder's sums against a dense product, for a code small enough to write out.
    @Test func denseProduct() {
        var random = PublicGenerator(seed: 13)
        let code = LDPCCode(rows: 4, degrees: [2: 3, 3: 6, 4: 1], lifting: 64, seed: 2)
        var dense = Array(repeating: Array(repeating: UInt8(0), count: code.bits), count: code.checks)
        for row in 0..<4 {
            for circulant in code.kernel.row(row) {
                for check in 0..<64 {
                    dense[row * 64 + check][circulant.column * 64 + (check + circulant.shift) % 64] = 1
                }
            }
        }
        let words = (0..<code.bits / 64).map { _ in random.next() }
        let bits = BitString(words: words, count: code.bits)
        let sums = dense.map { line in line.indices.reduce(UInt8(0)) { $0 ^ line[$1] & bits[$1] } }
        #expect(BitString(bits: sums).words == code.kernel.syndrome(of: words))
    }
}
