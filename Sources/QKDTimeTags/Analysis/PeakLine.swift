/// Sums of a weighted line fit of position against peak number.
struct PeakLine {
    /// Number of the peak, its position in bins, and its weight.
    private(set) var points: [(number: Double, position: Double, weight: Double)] = []
    /// Bins from one peak to the next, and the position of peak 0, both as fitted so far.
    var slope: Double
    var origin: Double

    /// Takes one peak's centre and fits again.
    mutating func add(_ number: Int, _ position: Double, _ weight: Double) {
        points.append((Double(number), position, weight))
        let (total, meanNumber, meanPosition) = means
        let spread = points.reduce(0) { $0 + $1.weight * ($1.number - meanNumber) * ($1.number - meanNumber) }
        if points.count > 1, spread > 0, total > 0 {
            slope =
                points.reduce(0) { $0 + $1.weight * ($1.number - meanNumber) * ($1.position - meanPosition) } / spread
        }
        origin = meanPosition - slope * meanNumber
    }

    private var means: (total: Double, number: Double, position: Double) {
        let total = points.reduce(0) { $0 + $1.weight }
        return (
            total, points.reduce(0) { $0 + $1.weight * $1.number } / total,
            points.reduce(0) { $0 + $1.weight * $1.position } / total
        )
    }

    /// Standard error of the slope from the scatter about the line.
    var slopeError: Double {
        let (_, meanNumber, _) = means
        let spread = points.reduce(0) { $0 + $1.weight * ($1.number - meanNumber) * ($1.number - meanNumber) }
        let scatter = points.reduce(0) { sum, point in
            let residual = point.position - origin - slope * point.number
            return sum + point.weight * residual * residual
        }
        return (scatter / Double(max(points.count - 2, 1)) / spread).squareRoot()
    }
}
