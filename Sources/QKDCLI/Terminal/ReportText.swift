import Foundation
import QKDBench
import QKDCore

/// A report as people read it.
enum ReportText {
    static func table(_ report: SessionReport, folder: String) -> String {
        var lines = [table(report.result)]
        lines.append("")
        if let distillation = report.distillation {
            lines += [DistillText.table(distillation.result, folder: nil), ""]
        }
        lines.append("session   \(folder)")
        lines.append("status    \(report.run.status)\(report.run.reason.map { ": \($0)" } ?? "")")
        let speed = report.run.wallSeconds > 0 ? Double(report.result.frames.slotsSent) / report.run.wallSeconds : 0
        lines.append(
            "time      \(Figure.fixed(report.run.wallSeconds, 2)) s wall, \(Figure.fixed(speed / 1e6, 2)) M pulses/s")
        return lines.joined(separator: "\n")
    }

    static func table(_ result: SessionResult) -> String {
        var lines = head(result)
        lines += clock(result)
        lines.append("")
        lines.append(gains(result))
        lines.append("")
        lines.append(bases(result))
        lines.append("")
        lines.append("sifted key  \(result.siftedBits) bits a side (\(result.keyContent)), \(result.errors) errors")
        if let reason = result.unfitReason { lines.append("not for keys: \(reason)") }
        for hole in result.holes.prefix(5) {
            lines.append("hole        \(hole.cause)\(hole.afterS.map { " after \(Figure.fixed($0, 6)) s" } ?? "")")
        }
        if result.holes.count > 5 { lines.append("            and \(result.holes.count - 5) more holes") }
        return lines.joined(separator: "\n")
    }

    private static func head(_ result: SessionResult) -> [String] {
        let frames = result.frames
        let tags = result.tags
        let singles = tags.singles.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "  ")
        var lines = [
            "bench       \(result.bench)\(result.emulated ? " (EMULATED)" : "")\(result.seed.map { ", seed \($0)" } ?? "")",
            "frames      \(frames.played) played, \(frames.synchronised) found, \(frames.lost) lost, \(frames.withHoles) with holes; "
                + "\(frames.slotsSent) slots, \(frames.slotsDisclosed) disclosed",
            "singles     \(singles)",
            "detections  \(tags.detections) of \(tags.received) tags; \(tags.outsideWindow) in frames but outside the window; double clicks "
                + "\(tags.sameBasisDoubles) in one basis, \(tags.crossBasisDoubles) across",
            "random      \(result.randomness.generator); \(result.randomness.seedBytes) seed bytes from \(result.randomness.seedSource)",
        ]
        for reason in frames.lossReasons { lines.append("lost        \(reason)") }
        return lines
    }

    private static func clock(_ result: SessionResult) -> [String] {
        guard let clock = result.clock else { return ["clock       not found"] }
        var lines = [
            "clock       offset \(Figure.fixed(clock.offsetS, 9)) s, skew \(Figure.fixed(clock.skew * 1e6, 6)) ppm "
                + "± \(Figure.scientific(clock.skewError, 1)), residual \(Figure.fixed(clock.residualRmsNs, 3)) ns rms"
        ]
        if let truth = clock.truth {
            lines.append(
                "  of truth  skew off by \(Figure.scientific(truth.skewDeviation, 1)), starts by at most "
                    + "\(Figure.fixed(truth.worstStartDeviationNs, 3)) ns, \(truth.framesOffSlot) frames off slot")
        }
        return lines
    }

    private static func gains(_ result: SessionResult) -> String {
        var table = TextTable(["intensity", "sent", "detected", "gain", "expected", "live gain", "expected"])
        for intensity in Intensity.allCases {
            guard let gain = result.gains[intensity.description] else { continue }
            let name = intensity.description
            table.row([
                name, "\(gain.sent)", "\(gain.detected)",
                "\(Figure.scientific(gain.gain)) ± \(Figure.scientific(gain.standardError, 1))",
                result.expected?.gains[name].map { Figure.scientific($0) } ?? "",
                "\(Figure.scientific(gain.liveGain)) ± \(Figure.scientific(gain.liveStandardError, 1))",
                result.expected?.liveGains[name].map { Figure.scientific($0) } ?? "",
            ])
        }
        return table.text
    }

    private static func bases(_ result: SessionResult) -> String {
        var table = TextTable(["basis", "sifted", "errors", "QBER", "95 % interval", "expected"])
        for basis in Basis.allCases {
            guard let facts = result.bases[basis.description] else { continue }
            table.row([
                basis.description, "\(facts.sifted)", "\(facts.errors)",
                facts.sifted > 0 ? Figure.percent(facts.qber, 3) : "-",
                "\(Figure.percent(facts.qberLow, 3)) to \(Figure.percent(facts.qberHigh, 3))",
                result.expected?.qber[basis.description].map { Figure.percent($0, 3) } ?? "",
            ])
        }
        return table.text
    }
}
