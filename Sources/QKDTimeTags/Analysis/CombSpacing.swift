/// The first guess of a comb's spacing.
enum CombSpacing {
    /// The lag, in bins, at which the histogram is most like itself; `nil` if at none beyond noise.
    static func lag(in counts: [Int]) -> Double? {
        let count = counts.count
        guard count >= 8 else { return nil }
        let mean = Double(counts.reduce(0, +)) / Double(count)
        let deviation = counts.map { Double($0) - mean }
        let likeness = (0...count / 2).map { lag -> Double in
            var sum = 0.0
            deviation.withUnsafeBufferPointer { x in
                for index in 0..<(count - lag) { sum += x[index] * x[index + lag] }
            }
            return sum / Double(count - lag)
        }
        guard likeness[0] > 0, let valley = likeness.firstIndex(where: { $0 <= 0 }) else { return nil }
        let peaks = (valley..<likeness.count).filter { lag in
            lag > 0 && lag + 1 < likeness.count && likeness[lag] >= likeness[lag - 1]
                && likeness[lag] > likeness[lag + 1]
        }
        guard let highest = peaks.map({ likeness[$0] }).max() else { return nil }
        // Multiples of the spacing are as good; the first that is nearly as good is the spacing.
        guard let lag = peaks.first(where: { likeness[$0] >= 0.7 * highest }) else { return nil }
        // The likeness of white noise scatters by 1/√n of its value at lag 0; 6 of these over 2,048 lags.
        guard likeness[lag] / likeness[0] * Double(count - lag).squareRoot() > 6 else { return nil }
        // The vertex of the parabola through the three values.
        let (left, centre, right) = (likeness[lag - 1], likeness[lag], likeness[lag + 1])
        let curvature = left - 2 * centre + right
        return Double(lag) + (curvature < 0 ? (left - right) / (2 * curvature) : 0)
    }
}
