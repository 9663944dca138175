import QKDBench
import QKDCore

/// A sift's report as people read it.
enum SiftText {
    static func table(_ report: CaptureSiftReport, folder: String) -> String {
        let result = report.result
        var lines = [file("alice", report.alice), file("bob", report.bob)]
        lines.append("map           \(result.map)")
        lines += clocks(result)
        lines += counts(result)
        lines += ["", delays(result), "", bases(result.bases, result.confidence)]
        if let chsh = result.chsh { lines += ["", self.chsh(chsh)] }
        lines += gaps(result.gaps)
        let errors = result.bases.reduce(0) { $0 + $1.errors }
        lines += [
            "", "sifted key    \(result.keyBits) bits a side, \(errors) errors (\(report.keyContent))",
            "written to    \(folder)",
        ]
        return lines.joined(separator: "\n")
    }

    static func gaps(_ gaps: [TwoPartyReport.Gap]) -> [String] {
        var lines = gaps.isEmpty ? [] : [""]
        lines += gaps.prefix(5).map { gap in
            "gap           \(Figure.fixed(Picoseconds.seconds(gap.startPS), 3)) to "
                + "\(Figure.fixed(Picoseconds.seconds(gap.endPS), 3)) s of Alice's clock: no correlation"
        }
        if gaps.count > 5 { lines.append("              and \(gaps.count - 5) more gaps") }
        return lines
    }

    static func file(_ name: String, _ facts: CaptureFacts) -> String {
        let inputs = facts.channels.map { "\($0.channel): \($0.tags)" }.joined(separator: "  ")
        var line =
            "\(name.padding(toLength: 14, withPad: " ", startingAt: 0))\(facts.file), \(facts.format), "
            + "\(facts.mappedTags) of \(facts.tags) tags in \(Figure.fixed(facts.spanSeconds, 3)) s (\(inputs))"
        if facts.formatGuessed { line += "; format told by the values" }
        if facts.reordered > 0 { line += "; \(facts.reordered) put in order" }
        if facts.holeCount > 0 { line += "; \(facts.holeCount) holes" }
        return line
    }

    private static func clocks(_ result: TwoPartyReport) -> [String] {
        let (offset, skew, drift) = (result.offsetSeconds, result.skewPPM, result.driftPerSecond)
        var lines = [
            "offset        \(Figure.fixed(offset.value, 12)) s ± \(Figure.fixed(offset.standardError * 1e12, 1)) ps, "
                + "Bob less Alice, at \(Figure.fixed(Picoseconds.seconds(result.referencePS), 3)) s of Alice's clock",
            "skew          \(Figure.fixed(skew.value, 7)) ppm ± \(Figure.scientific(skew.standardError, 1)) ppm",
            "drift         \(Figure.scientific(drift.value)) /s ± \(Figure.scientific(drift.standardError, 1)) /s; "
                + "χ² a degree of freedom \(Figure.fixed(result.reducedChiSquare, 2))"
                + (result.hasWander ? "; the clocks wander, which was followed" : ""),
        ]
        if result.aliceGhosts + result.bobGhosts > 0 {
            lines.append("second tags   \(result.aliceGhosts) of Alice and \(result.bobGhosts) of Bob removed")
        }
        return lines
    }

    private static func counts(_ result: TwoPartyReport) -> [String] {
        let ratio = result.coincidenceToAccidentalRatio.map { Figure.fixed($0, 1) } ?? "-"
        var lines = [
            "peak          \(Figure.fixed(result.peakWidthPS, 1)) ps full width at half maximum",
            "window        \(result.windowPS) ps full width",
            "coincidences  \(result.coincidences) of \(result.correlatedTags[0]) and \(result.correlatedTags[1]) tags "
                + "in \(Figure.fixed(result.correlatedSeconds, 3)) s",
            "accidentals   \(Figure.fixed(result.accidentalsByShifts.value, 2)) ± "
                + "\(Figure.fixed(result.accidentalsByShifts.standardError, 2)) by shifted windows, "
                + "\(Figure.fixed(result.accidentalsByRates, 2)) by S_A S_B τ T; ratio (CAR) \(ratio)",
        ]
        if result.holeSeconds > 0 {
            lines.append("holes         took away \(Figure.fixed(result.holeSeconds, 6)) s of the correlated time")
        }
        return lines
    }

    private static func delays(_ result: TwoPartyReport) -> String {
        var table = TextTable(["detector", "delay, ps", "error, ps"])
        for (name, side) in [("alice", result.aliceDelays), ("bob", result.bobDelays)] {
            for row in side {
                table.row([
                    "\(name) \(row.channel)", (row.delayPS < 0 ? "" : "+") + Figure.fixed(row.delayPS, 1),
                    Figure.fixed(row.standardErrorPS, 1),
                ])
            }
        }
        return table.text
    }

    static func bases(_ bases: [TwoPartyReport.BasisFigures], _ confidence: Double) -> String {
        let interval = "\(Figure.percentName(confidence)) interval"
        var table = TextTable(["basis", "sifted", "errors", "QBER", interval, "visibility", interval, "outcomes"])
        for row in bases {
            table.row([
                row.basis, "\(row.sifted)", "\(row.errors)", row.qber.map { Figure.percent($0, 3) } ?? "-",
                row.qber == nil
                    ? "-"
                    : "\(Figure.percent(row.qberInterval[0], 3)) to \(Figure.percent(row.qberInterval[1], 3))",
                row.visibility.map { Figure.fixed($0, 4) } ?? "-",
                row.visibility == nil
                    ? "-"
                    : "\(Figure.fixed(row.visibilityInterval[0], 4)) to \(Figure.fixed(row.visibilityInterval[1], 4))",
                (row.correlation == .correlated ? "same" : "opposite") + (row.correlationIsDetected ? "" : " (stated)"),
            ])
        }
        return table.text
    }

    private static func chsh(_ chsh: TwoPartyReport.CHSHFigures) -> String {
        var table = TextTable(["alice, deg", "bob, deg", "E", "error", "coincidences"])
        for row in chsh.correlations {
            table.row([
                "\(row[0])", "\(row[1])", Figure.fixed(row[2], 4), Figure.fixed(row[3], 4), Figure.fixed(row[4], 0),
            ])
        }
        let sigmas = (chsh.s.value - 2) / chsh.s.standardError
        return table.text
            + "\nCHSH          S = \(Figure.fixed(chsh.s.value, 4)) ± \(Figure.fixed(chsh.s.standardError, 4)), "
            + "\(Figure.fixed(sigmas, 1)) σ above 2"
    }
}
