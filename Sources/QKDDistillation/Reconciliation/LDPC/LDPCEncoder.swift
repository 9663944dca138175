import QKDCore
import QKDKernels

/// Alice's side: makes frames' syndromes. It keeps the code for the next frame.
public struct LDPCEncoder: Sendable {
    private var frame: LDPCFrame?

    /// Makes an encoder without a code yet.
    public init() {}

    /// What Bob needs to correct his bits to these, `plan.payloadBits` of them.
    ///
    /// `random` is what the punctured bits come from. They must be as unpredictable as the key itself and are used for
    /// this frame alone. Throws `invalidInput` for another number of bits.
    public mutating func message(
        for bits: BitString, plan: LDPCPlan, using random: inout some RandomNumberGenerator
    ) throws(QKDError) -> LDPCMessage {
        guard bits.count == plan.payloadBits else {
            throw QKDError(.invalidInput, "\(bits.count) bits instead of the \(plan.payloadBits) of a frame")
        }
        let frame = LDPCFrame.of(plan, after: frame)
        self.frame = frame
        let drawn = (0..<plan.punctured / 64).map { _ in random.next() as UInt64 }
        var words = frame.words(drawn, bits)
        defer { SecretMemory.wipe(&words) }
        return LDPCMessage(plan: plan, syndrome: frame.kernel.syndrome(of: words))
    }
}
