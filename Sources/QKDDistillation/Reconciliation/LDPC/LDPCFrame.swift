import QKDCore
import QKDKernels

/// A plan's code as both sides use it, without the columns that are shortened as a whole: they are 0 and check nothing.
struct LDPCFrame: Sendable {
    let plan: LDPCPlan
    let kernel: LDPCKernel
    /// Shortened bits that are still there, at the end.
    let zeros: Int

    init(_ plan: LDPCPlan) {
        self.plan = plan
        let code = LDPCCode(plan.profile, plan.length)
        let columns = code.kernel.columns - plan.shortened / code.kernel.lifting
        kernel = LDPCKernel(
            lifting: code.kernel.lifting, columns: columns,
            rows: (0..<code.kernel.rows).map { code.kernel.row($0).filter { $0.column < columns } })
        zeros = plan.shortened % code.kernel.lifting
    }

    /// A frame's words: the punctured bits, the payload, and zeros.
    func words(_ punctured: [UInt64], _ payload: BitString) -> [UInt64] {
        punctured + payload.words + Array(repeating: 0, count: zeros / 64)
    }
}
