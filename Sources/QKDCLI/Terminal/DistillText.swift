import QKDDistillation

/// A distillation as people read it.
enum DistillText {
    static func table(_ report: DistillationReport, folder: String?) -> String {
        let frames = report.frames
        var lines = ["raw key     \(report.rawBits) bits a side"]
        if let rate = report.testErrorRate { lines.append("other basis \(Figure.percent(rate, 3)) errors") }
        if frames.total > 0 {
            lines.append(
                "frames      \(frames.verified) of \(frames.total) verified, up to \(frames.longestBits) bits, \(frames.byLDPC) by LDPC; "
                    + "\(frames.unequal) unequal, \(frames.unreconciled) broken off, \(frames.discardedBits) bits discarded"
            )
            lines.append(
                "errors      \(frames.errors) corrected"
                    + (frames.errorRate.map { ", QBER \(Figure.percent($0, 3))" } ?? "")
                    + "; at most \(frames.roundTrips) round trips a frame")
            lines.append(
                "revealed    \(report.revealed.reconciliation) bits in reconciliation"
                    + (report.revealed.factor.map { ", f \(Figure.fixed($0, 4))" } ?? "")
                    + "; \(report.revealed.verification) in verification")
        }
        if let length = report.length {
            lines.append("proof       \(length.proof): \(length.statement)")
            lines.append(
                "bounds      vacuum \(Int(length.vacuum)), single photons \(Int(length.single)), phase errors "
                    + "\(Figure.percent(length.phaseErrorRate, 3))")
            lines.append(
                "security    ε_sec \(Figure.short(length.secrecy)), ε_cor \(Figure.short(length.correctness)): "
                    + "\(Figure.fixed(length.fixed, 1)) bits")
        }
        if let reason = report.abort {
            lines.append("secret key  none: \(reason)")
        } else {
            lines.append("secret key  \(report.secretBits) bits a side")
        }
        if let folder { lines.append("folder      \(folder)") }
        return lines.joined(separator: "\n")
    }
}
