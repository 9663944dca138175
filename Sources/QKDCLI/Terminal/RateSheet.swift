import Foundation
import QKDDistillation

/// A curve of key rates.
struct RateCurve: Sendable {
    var name: String
    var points: [RatePoint]
    var reachDB: Double?
}

/// Curves over the same losses, as table, comma-separated values and rows.
struct RateSheet: Sendable {
    var curves: [RateCurve]
    var pulseRateHz: Double
    /// With it losses are distances too.
    var attenuationDBPerKM: Double?

    /// One figure with all that belongs to it.
    struct Row: Encodable {
        var proof: String
        var distanceKm: Double?
        var lossDb: Double
        var bitsPerPulse: Double
        var bitsPerSecond: Double
        var errorRate: Double?
        var keyBasisProbability: Double?
        var means: [Double]
        var probabilities: [Double]
    }

    var rows: [Row] {
        curves.flatMap { curve in
            curve.points.map { point in
                Row(
                    proof: curve.name, distanceKm: attenuationDBPerKM.map { point.lossDB / $0 },
                    lossDb: point.lossDB, bitsPerPulse: point.bitsPerPulse,
                    bitsPerSecond: point.bitsPerPulse * pulseRateHz,
                    errorRate: point.means.isEmpty ? nil : point.errorRate,
                    keyBasisProbability: point.keyBasisProbability, means: point.means,
                    probabilities: point.probabilities)
            }
        }
    }

    var csv: String {
        let head =
            "proof,distance_km,loss_db,bits_per_pulse,bits_per_second,error_rate,key_basis_probability,"
            + "mean_1,mean_2,mean_3,probability_1,probability_2,probability_3\n"
        func text(_ value: Double?) -> String { value.map { String(format: "%.9g", $0) } ?? "" }
        return head
            + rows.map { row in
                let settings = [row.means, row.probabilities].flatMap { list in
                    (0..<3).map { text($0 < list.count ? list[$0] : nil) }
                }
                let figures = [
                    row.distanceKm, row.lossDb, row.bitsPerPulse, row.bitsPerSecond, row.errorRate,
                    row.keyBasisProbability,
                ].map(text)
                return ([row.proof] + figures + settings).joined(separator: ",") + "\n"
            }.joined()
    }

    /// Where a loss stands on the axis.
    func place(_ lossDB: Double) -> Double { attenuationDBPerKM.map { lossDB / $0 } ?? lossDB }

    var axis: String { attenuationDBPerKM == nil ? "loss, dB" : "distance, km" }

    var table: String {
        var table = TextTable([axis] + curves.map(\.name))
        for (index, point) in (curves.first?.points ?? []).enumerated() {
            table.row(
                [Figure.short(Double(String(format: "%.6g", place(point.lossDB))) ?? 0)]
                    + curves.map { curve in
                        let rate = curve.points[index].bitsPerPulse
                        return rate > 0 ? Figure.scientific(rate * pulseRateHz) : "-"
                    })
        }
        table.row(["reach"] + curves.map { $0.reachDB.map { Figure.fixed(place($0), 1) } ?? "" })
        let rate = Figure.short(pulseRateHz)
        return "secret bits a second at \(rate) pulses a second, best settings\n\n" + table.text
    }
}
