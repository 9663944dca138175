import QKDCore
import QKDKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Bob's side: finds where his bits differ from Alice's, from her syndrome.
///
/// Layered min-sum on the error's bits (Hocevar, SiPS 2004), in whole numbers. What a check's message is worth follows
/// the share of checks that are not met yet (`LDPCProfile.confidence`). It keeps the code and the memory for the next
/// frame.
public struct LDPCDecoder: Sendable {
    /// Sweeps after which a frame is given up.
    public let maximumSweeps: Int
    /// Sweeps that the last frame took.
    public private(set) var sweeps = 0
    private let level: KernelLevel
    private var frame: LDPCFrame?
    private var memory = LDPCMemory()

    /// Messages are no larger than this, so that a few of them do not saturate a sum.
    static let largestMessage = 40
    /// A syndrome is worth checking when so small a share of the checks is not met: the sweep itself corrects more.
    static let nearlyMet = 0.004

    /// Makes a decoder without a code yet.
    public init(maximumSweeps: Int = 60, level: KernelLevel = .current) {
        (self.maximumSweeps, self.level) = (maximumSweeps, level)
    }

    /// Alice's bits, from Bob's, which differ from them at a rate of about `qber`.
    ///
    /// `nil` if no likely errors were found that explain the syndrome. What is returned has Alice's syndrome; that it is
    /// what she has must be verified by a hash, as another string may have it too. Throws `invalidInput` for a number of
    /// bits that is not the plan's, `outOfRange` for an error rate not between 0 and a half.
    public mutating func decode(
        _ bits: BitString, _ message: LDPCMessage, qber: Double
    ) throws(QKDError) -> BitString? {
        let plan = message.plan
        guard bits.count == plan.payloadBits else {
            throw QKDError(.invalidInput, "\(bits.count) bits instead of the \(plan.payloadBits) of a frame")
        }
        guard qber > 0, qber < 0.5 else {
            throw QKDError(.outOfRange, "an error rate of \(qber), not between 0 and 0.5")
        }
        let frame = LDPCFrame.of(plan, after: frame)
        self.frame = frame
        var own = frame.words(Array(repeating: 0, count: plan.punctured / 64), bits)
        defer { SecretMemory.wipe(&own) }
        let wanted = zip(frame.kernel.syndrome(of: own), message.syndrome).map { $0 ^ $1 }
        // Beyond these rates the starting values make no difference, and at 0 and a half they are not finite.
        guard let errors = errors(frame, wanted, min(0.25, max(0.001, qber))) else { return nil }
        let words = zip(own, errors).dropFirst(plan.punctured / 64).prefix(plan.payloadBits / 64).map { $0 ^ $1 }
        return BitString(words: words, count: plan.payloadBits)
    }

    /// The error's bits, of the whole frame; those of shortened bits are 0.
    private mutating func errors(_ frame: LDPCFrame, _ wanted: [UInt64], _ qber: Double) -> [UInt64]? {
        let plan = frame.plan
        memory.start(
            frame.kernel,
            parts: [(plan.punctured, 0), (plan.payloadBits, Self.channel(qber)), (frame.zeros, .max)])
        var errors = Array(repeating: UInt64(0), count: frame.kernel.bitWords)
        let checks = Double(plan.syndromeBits)
        let rows = Double(plan.profile.rows * LDPCProfile.columns) / Double(frame.kernel.columns)
        var confidence = plan.profile.firstConfidence(qber: qber)
        for sweep in 1...max(1, maximumSweeps) {
            let table = Self.table(confidence)
            let unmet = Double(frame.kernel.sweep(wanted: wanted, table: table, memory: &memory, level: level)) / checks
            sweeps = sweep
            if unmet < Self.nearlyMet {
                frame.kernel.signs(memory, into: &errors, level: level)
                if frame.kernel.syndrome(of: errors) == wanted {
                    return Self.isPlausible(errors, plan) ? errors : nil
                }
            }
            confidence = LDPCProfile.confidence(unmet: unmet, rows: rows)
        }
        return nil
    }

    /// Whether shortened bits are right, and no more errors were found than the syndrome can tell.
    ///
    /// A decoder that goes astray may end at another string of the same syndrome, far away: so many errors that the
    /// leaked bits could not even name them.
    static func isPlausible(_ errors: [UInt64], _ plan: LDPCPlan) -> Bool {
        let first = plan.punctured / 64
        let payload = errors[first..<first + plan.payloadBits / 64]
        guard errors[payload.endIndex...].allSatisfy({ $0 == 0 }) else { return false }
        let rate = Double(payload.reduce(0) { $0 + $1.nonzeroBitCount }) / Double(plan.payloadBits)
        return rate < 0.5 && binaryEntropy(rate) * Double(plan.payloadBits) <= Double(plan.leakedBits)
    }

    /// What the channel says of a bit, ln((1 - q) / q) in the messages' units.
    ///
    /// Below 7 it would be too coarse. The largest message must outweigh several wrong bits in a row, or chains of bits
    /// with two checks stay wrong: hence units that do not grow without limit, and few of them where errors are many.
    static func channel(_ qber: Double) -> Int8 {
        Int8(min(14, max(7, (3.2 * log((1 - qber) / qber)).rounded())))
    }

    /// What is sent for each magnitude.
    private static func table(_ confidence: Double) -> [UInt8] {
        (0..<LDPCKernel.tableSize).map {
            UInt8(min(largestMessage, Int((confidence * Double($0)).rounded())))
        }
    }
}
