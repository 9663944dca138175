import Foundation
import QKDDistillation

/// Curves as a picture: one file, nothing from elsewhere.
struct RatePlot {
    private let sheet: RateSheet
    private let left = 90.0
    private let top = 30.0
    private let width = 620.0
    private let height = 420.0
    private let legendWidth = 250.0
    /// Told apart by hue and by lightness (Okabe and Ito's colours for all kinds of sight).
    private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
    private static let dashes = ["", "8 4", "2 3", "10 3 2 3"]

    init(_ sheet: RateSheet) { self.sheet = sheet }

    private var places: ClosedRange<Double> {
        let all = sheet.curves.flatMap(\.points).map { sheet.place($0.lossDB) }
        let (low, high) = (all.min() ?? 0, all.max() ?? 1)
        return low...max(high, low + 1e-9)
    }

    /// Powers of ten around all rates.
    private var powers: ClosedRange<Int> {
        let rates = sheet.curves.flatMap(\.points).map { $0.bitsPerPulse * sheet.pulseRateHz }.filter { $0 > 0 }
        guard let least = rates.min(), let most = rates.max() else { return 0...1 }
        let high = Int(log10(most).rounded(.up))
        // Where a curve falls off to nothing, the last points would squeeze all others.
        let low = max(Int(log10(least).rounded(.down)), high - 12)
        return low...max(high, low + 1)
    }

    private func x(_ place: Double) -> Double {
        left + width * (place - places.lowerBound) / (places.upperBound - places.lowerBound)
    }

    private func y(_ rate: Double) -> Double {
        let share = (log10(rate) - Double(powers.lowerBound)) / Double(powers.count - 1)
        return top + height * (1 - min(1, max(0, share)))
    }

    /// The picture.
    var svg: String {
        let (w, h) = (left + width + legendWidth, top + height + 70)
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(w)) \(Int(h))\" width=\"\(Int(w))\" "
                + "height=\"\(Int(h))\" font-family=\"sans-serif\" font-size=\"13\">",
            "<title>Secret bits a second against \(Self.escaped(sheet.axis))</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        ]
        parts += grid()
        for (index, curve) in sheet.curves.enumerated() { parts += self.curve(curve, index) }
        parts.append("</svg>\n")
        return parts.joined(separator: "\n")
    }

    private func grid() -> [String] {
        var parts: [String] = []
        for power in powers {
            let at = y(pow(10, Double(power)))
            parts.append(line(left, at, left + width, at, "#ddd"))
            parts.append(text(left - 8, at + 4, Self.power(power), "end"))
        }
        let step = Self.step(places.upperBound - places.lowerBound)
        var place = (places.lowerBound / step).rounded(.up) * step
        while place <= places.upperBound + 1e-9 {
            parts.append(line(x(place), top, x(place), top + height, "#eee"))
            parts.append(text(x(place), top + height + 20, Figure.short(place), "middle"))
            place += step
        }
        parts.append(
            "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(width)\" height=\"\(height)\" fill=\"none\" stroke=\"#333\"/>")
        parts.append(text(left + width / 2, top + height + 48, Self.escaped(sheet.axis), "middle"))
        let middle = top + height / 2
        parts.append(
            "<text transform=\"translate(24 \(middle)) rotate(-90)\" text-anchor=\"middle\">secret key, bit/s</text>")
        return parts
    }

    private func curve(_ curve: RateCurve, _ index: Int) -> [String] {
        let colour = Self.colours[index % Self.colours.count]
        let dash = Self.dashes[index / Self.colours.count % Self.dashes.count]
        let stroke = "fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" stroke-dasharray=\"\(dash)\""
        var points = curve.points.filter { $0.bitsPerPulse > 0 }
            .map { "\(Self.figure(x(sheet.place($0.lossDB)))),\(Self.figure(y($0.bitsPerPulse * sheet.pulseRateHz)))" }
        // Down to the axis where the key ends.
        if let reach = curve.reachDB, !points.isEmpty {
            points.append("\(Self.figure(x(sheet.place(reach)))),\(Self.figure(top + height))")
        }
        let row = top + 14 + 22 * Double(index)
        let key = left + width + 14
        return [
            "<polyline \(stroke) points=\"\(points.joined(separator: " "))\"/>",
            "<polyline \(stroke) points=\"\(key),\(row - 4) \(key + 26),\(row - 4)\"/>",
            text(key + 34, row, Self.escaped(curve.name), "start"),
        ]
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String) -> String {
        "<path d=\"M\(Self.figure(x1)) \(Self.figure(y1))L\(Self.figure(x2)) \(Self.figure(y2))\" stroke=\"\(colour)\"/>"
    }

    private func text(_ x: Double, _ y: Double, _ words: String, _ anchor: String) -> String {
        "<text x=\"\(Self.figure(x))\" y=\"\(Self.figure(y))\" text-anchor=\"\(anchor)\">\(words)</text>"
    }

    /// Ten to a power, with raised digits.
    private static func power(_ power: Int) -> String {
        let raised = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        return "10" + String("\(power)".map { $0.wholeNumberValue.map { raised[$0] } ?? "⁻" })
    }

    private static func figure(_ value: Double) -> String { String(format: "%.1f", value) }

    /// One, two or five of a power of ten, for some eight lines.
    private static func step(_ span: Double) -> Double {
        let raw = span / 8
        let power = pow(10, log10(raw).rounded(.down))
        return power * (raw / power < 2 ? 2 : raw / power < 5 ? 5 : 10)
    }

    private static func escaped(_ words: String) -> String {
        words.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
