import QKDCore
import QKDDistillation

/// What a peer may send during distillation: whatever it is, there is an answer or a `QKDError`, and an end.
enum PeerMessages {
    private static let plan = CascadePlan(orders: CascadeOrders(frameBits: 700, seed: 1), errorRate: 0.03)
    private static let alice = BitString(
        words: (0..<11).map { 0x9E37_79B9_7F4A_7C15 &* (UInt64($0) + 1) }, count: 700)
    private static let bob = BitString(
        words: alice.words.enumerated().map { $1 ^ (1 << UInt64($0 * 5)) }, count: 700)

    /// Optimised code is held to the truth here, too: a frame of several sections, and no lies.
    private static let isSound: Bool = {
        let count = 150_000
        let alice = BitString(
            words: (0..<(count + 63) / 64).map { 0x9E37_79B9_7F4A_7C15 &* (UInt64($0) + 1) }, count: count)
        var random = PublicGenerator(seed: 2)
        var words = alice.words
        for bit in 0..<count where random.next() % 40 == 0 { words[bit >> 6] ^= 1 << UInt64(bit & 63) }
        let bob = BitString(words: words, count: count)
        let plan = CascadePlan(orders: CascadeOrders(frameBits: count, seed: 1), errorRate: 0.025)
        let reference = CascadeReference(plan: plan, bits: alice)
        let corrector = CascadeCorrector(plan: plan, bits: bob)
        var answer: [UInt8]?
        while let question = try? corrector.next(answer) { answer = try? reference.answer(question) }
        return corrector.isFinished && corrector.corrected == alice
    }()

    static func take(_ bytes: [UInt8]) {
        precondition(isSound, "a frame is not corrected")
        guard let kind = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        do {
            switch kind % 3 {
            case 0: try questions(rest)
            case 1: try answers(rest)
            default: try message(rest)
            }
        } catch is QKDError {
            return
        } catch {
            preconditionFailure("an error of another kind: \(error)")
        }
    }

    /// Questions one after another, a byte with the length in front of each: some depend on those before.
    private static func questions(_ bytes: [UInt8]) throws {
        let reference = CascadeReference(plan: plan, bits: alice)
        var rest = bytes[...]
        while let length = rest.popFirst() {
            let before = reference.revealed
            let answer = try reference.answer(Array(rest.prefix(Int(length))))
            precondition(answer.count == (reference.revealed - before + 7) / 8)
            rest = rest.dropFirst(Int(length))
        }
    }

    /// What an honest peer asks, what one that answers right but for a few times would change, and a syndrome.
    static var seeds: [[UInt8]] {
        let reference = CascadeReference(plan: plan, bits: alice)
        let corrector = CascadeCorrector(plan: plan, bits: bob)
        var asked: [UInt8] = [0]
        var answer: [UInt8]?
        while let question = try? corrector.next(answer) {
            answer = try? reference.answer(question)
            if question.count < 256 { asked += [UInt8(question.count)] + question }
        }
        let lies = (0..<5).map { (place: Int) -> [UInt8] in [1] + .init(repeating: 0, count: place * place) + [1] }
        return [asked] + lies + [[2, 1, 0, 0, 0]]
    }

    /// The input's bytes as answers, each as long as it should be but now and then.
    private static func answers(_ bytes: [UInt8]) throws {
        let reference = CascadeReference(plan: plan, bits: alice)
        let corrector = CascadeCorrector(plan: plan, bits: bob)
        var lies = bytes[...]
        var answer: [UInt8]?
        while let question = try corrector.next(answer) {
            var right = try reference.answer(question)
            if let lie = lies.popFirst() {
                if lie == 0xFF { right.append(0) } else if !right.isEmpty { right[0] ^= lie }
            }
            answer = right
        }
    }

    private static func message(_ bytes: [UInt8]) throws {
        let message = try LDPCMessage(bytes: bytes)
        precondition(message.bytes == bytes)
    }
}
