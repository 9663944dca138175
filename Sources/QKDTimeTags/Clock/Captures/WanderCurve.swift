#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ClockRelation {
    /// Departure from the curve that knots may leave, ps, and most knots.
    private static let tolerancePS = 10.0
    private static let mostKnots = 65_536

    /// Sets the wander to a smooth curve through points in order of x, stated by knots so close that the polygon
    /// follows it to 10 ps; `from` and `to` widen it beyond the first and last point.
    ///
    /// The curve is a cubic spline. A polygon through the points themselves would cut corners: by 54 ns at points
    /// 1.1 s apart under a satellite's drift of 3.6e-7 a second.
    mutating func setWander(_ points: [(x: Double, y: Double)], from: Double? = nil, to: Double? = nil) {
        guard points.count > 1 else { return }
        let slopes = Self.slopes(points)
        let (first, last) = (points[0], points[points.count - 1])
        let start = min(first.x, from ?? first.x)
        let end = max(last.x, to ?? last.x)
        var greatest = 0.0
        for index in 1..<points.count {
            let width = points[index].x - points[index - 1].x
            greatest = max(greatest, abs(slopes[index] - slopes[index - 1]) / width)
        }
        let mean = (last.x - first.x) / Double(points.count - 1)
        let step = greatest > 0 ? min(mean, (8 * Self.tolerancePS / greatest).squareRoot()) : mean
        let intervals = max(1, min(Self.mostKnots - 1, Int(((end - start) / step).rounded(.up))))
        wanderStartSeconds = start
        wanderStepSeconds = (end - start) / Double(intervals)
        var next = 0
        wanderPS = (0...intervals).map { knot in
            let x = start + Double(knot) * wanderStepSeconds
            while next + 2 < points.count, points[next + 1].x < x { next += 1 }
            let (left, right) = (points[next], points[next + 1])
            let width = right.x - left.x
            // Beyond the ends the parabola goes on.
            if x < left.x || x > right.x {
                let isLeft = x < left.x
                let (point, slope) = isLeft ? (left, slopes[next]) : (right, slopes[next + 1])
                let bend = points.count > 2 ? (slopes[next + 1] - slopes[next]) / width : 0
                return point.y + (x - point.x) * (slope + 0.5 * bend * (x - point.x))
            }
            let u = (x - left.x) / width
            let v = 1 - u
            return left.y * v * v * (1 + 2 * u) + right.y * u * u * (1 + 2 * v)
                + width * u * v * (slopes[next] * v - slopes[next + 1] * u)
        }
    }

    /// Slopes at the points of the cubic spline whose first and last pieces are parabolas; two smooth curves through
    /// the same points then differ by the fourth derivative only.
    private static func slopes(_ points: [(x: Double, y: Double)]) -> [Double] {
        let widths = (1..<points.count).map { max(1e-9, points[$0].x - points[$0 - 1].x) }
        let secants = widths.indices.map { (points[$0 + 1].y - points[$0].y) / widths[$0] }
        guard secants.count > 1 else { return [secants[0], secants[0]] }
        // Tridiagonal: each row's upper element and right side once the row above is taken off.
        var upper = [1.0]
        var right = [2 * secants[0]]
        for index in 1..<secants.count {
            let (left, next) = (1 / widths[index - 1], 1 / widths[index])
            let diagonal = 2 * (left + next) - left * upper[index - 1]
            upper.append(next / diagonal)
            right.append((3 * (secants[index - 1] * left + secants[index] * next) - left * right[index - 1]) / diagonal)
        }
        let last = secants.count
        var slopes = [Double](repeating: 0, count: last + 1)
        slopes[last] = (2 * secants[last - 1] - right[last - 1]) / (1 - upper[last - 1])
        for index in (0..<last).reversed() { slopes[index] = right[index] - upper[index] * slopes[index + 1] }
        return slopes
    }
}
