import QKDCore
import QKDKernels

/// A plan's code as both sides use it, without the columns that are shortened as a whole: they are 0 and check nothing.
struct LDPCFrame: Sendable {
    let plan: LDPCPlan
    let kernel: LDPCKernel
    private let code: LDPCCode
    /// Shortened bits that are still there, at the end.
    let zeros: Int

    /// Takes the code of the frame before if it is the same: to make one takes as long as to decode some frames.
    init(_ plan: LDPCPlan, after last: LDPCFrame? = nil) {
        self.plan = plan
        if let last, last.plan.profile == plan.profile, last.plan.length == plan.length {
            code = last.code
        } else {
            code = LDPCCode(plan.profile, plan.length)
        }
        let code = self.code
        let columns = code.kernel.columns - plan.shortened / code.kernel.lifting
        kernel = LDPCKernel(
            lifting: code.kernel.lifting, columns: columns,
            rows: (0..<code.kernel.rows).map { code.kernel.row($0).filter { $0.column < columns } })
        zeros = plan.shortened % code.kernel.lifting
    }

    /// The frame before if it is of the same plan, else another.
    static func of(_ plan: LDPCPlan, after last: LDPCFrame?) -> LDPCFrame {
        if let last, last.plan == plan { return last }
        return LDPCFrame(plan, after: last)
    }

    /// A frame's words: the punctured bits, the payload, and zeros.
    func words(_ punctured: [UInt64], _ payload: BitString) -> [UInt64] {
        punctured + payload.words + Array(repeating: 0, count: zeros / 64)
    }
}
