import Foundation
import QKDBench
import QKDCore

extension SiftText {
    /// The report of a sift whose clocks were followed.
    static func table(_ report: StreamSiftReport, folder: String) -> String {
        let result = report.result
        var lines = [file("alice", report.alice), file("bob", report.bob)]
        lines.append("map           \(result.map)")
        lines += result.found.map { clock("found", $0) }
        if let end = result.end { lines.append(clock("at the end", end)) }
        let residual = result.residualRmsPS.map { Figure.fixed($0, 1) } ?? "-"
        let pull = result.pullRms.map { Figure.fixed($0, 2) } ?? "-"
        lines += [
            "followed      \(result.lockedStretches) of \(result.lockedStretches + result.lostStretches) stretches of "
                + "\(Figure.fixed(result.stretchSeconds, 3)) s locked; the peak was \(residual) ps rms off the "
                + "prediction, \(pull) standard deviations; \(result.searches) searches",
            "window        \(result.windowPS) ps full width",
            "coincidences  \(result.coincidences), and \(result.lostCoincidences) left out in stretches without a lock",
            "", bases(result.bases, result.confidence),
        ]
        lines += gaps(result.gaps)
        lines += [
            "", "sifted key    \(result.keyBits) bits a side, \(result.errors) errors (\(report.keyContent))",
            "written to    \(folder)",
        ]
        return lines.joined(separator: "\n")
    }

    private static func clock(_ name: String, _ clock: FollowedReport.Clock) -> String {
        name.padding(toLength: 14, withPad: " ", startingAt: 0)
            + "offset \(Figure.fixed(clock.offsetSeconds, 12)) s, skew \(Figure.fixed(clock.skewPPM, 6)) ppm, drift "
            + "\(Figure.scientific(clock.driftPerSecond)) /s at \(Figure.fixed(Picoseconds.seconds(clock.atPS), 3)) s of "
            + "Alice's clock; peak \(Figure.fixed(clock.peakWidthPS, 1)) ps full width at half maximum"
    }
}
