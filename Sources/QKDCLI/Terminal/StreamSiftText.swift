import Foundation
import QKDBench
import QKDCore

extension SiftText {
    /// The report of a sift whose clocks were followed.
    static func table(_ report: StreamSiftReport, folder: String) -> String {
        var lines = [("alice", report.alice), ("bob", report.bob)].compactMap { name, facts in
            facts.map { file(name, $0) }
        }
        lines.append("map           \(report.map)")
        lines += report.found.map { clock("found", $0) }
        if let end = report.end { lines.append(clock("at the end", end)) }
        let residual = report.residualRMSPS.map { Figure.fixed($0, 1) } ?? "-"
        let pull = report.pullRMS.map { Figure.fixed($0, 2) } ?? "-"
        lines += [
            "followed      \(report.lockedStretches) of \(report.lockedStretches + report.lostStretches) stretches of "
                + "\(Figure.fixed(report.stretchSeconds, 3)) s locked; the peak was \(residual) ps rms off the "
                + "prediction, \(pull) standard deviations; \(report.searches) searches",
            "window        \(report.windowPS) ps full width",
            "coincidences  \(report.coincidences), and \(report.lostCoincidences) left out in stretches without a lock",
            "", bases(report.bases, report.confidence),
        ]
        lines += gaps(report.gaps)
        lines += [
            "", "sifted key    \(report.keyBits) bits a side, \(report.errors) errors (\(report.keyContent))",
            "written to    \(folder)",
        ]
        return lines.joined(separator: "\n")
    }

    private static func clock(_ name: String, _ clock: StreamSiftReport.Clock) -> String {
        name.padding(toLength: 14, withPad: " ", startingAt: 0)
            + "offset \(Figure.fixed(clock.offsetSeconds, 12)) s, skew \(Figure.fixed(clock.skewPPM, 6)) ppm, drift "
            + "\(Figure.scientific(clock.driftPerSecond)) /s at \(Figure.fixed(Picoseconds.seconds(clock.atPS), 3)) s of "
            + "Alice's clock; peak \(Figure.fixed(clock.peakWidthPS, 1)) ps full width at half maximum"
    }
}
