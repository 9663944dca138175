import QKDCore
import QKDKernels

/// Alice's side: makes the syndromes of frames of one plan.
public struct LDPCEncoder: Sendable {
    /// How frames are made up.
    public let plan: LDPCPlan
    private let frame: LDPCFrame

    /// Makes the plan's code.
    public init(plan: LDPCPlan) {
        self.plan = plan
        frame = LDPCFrame(plan)
    }

    /// What Bob needs to correct his bits to these, `plan.payloadBits` of them.
    ///
    /// `random` is what the punctured bits come from. They must be as unpredictable as the key itself and are used for
    /// this frame alone. Throws `invalidInput` for another number of bits.
    public func message(
        for bits: BitString, using random: inout some RandomNumberGenerator
    ) throws(QKDError) -> LDPCMessage {
        guard bits.count == plan.payloadBits else {
            throw QKDError(.invalidInput, "\(bits.count) bits instead of the \(plan.payloadBits) of a frame")
        }
        let drawn = (0..<plan.punctured / 64).map { _ in random.next() as UInt64 }
        return LDPCMessage(plan: plan, syndrome: frame.kernel.syndrome(of: frame.words(drawn, bits)))
    }
}
