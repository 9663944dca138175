/// Weighted linear least squares of a few unknowns by the normal equations and Cholesky's factors.
struct NormalEquations {
    /// Number of unknowns.
    let count: Int
    /// Σ w φ φᵀ, row by row, and Σ w φ y.
    private(set) var matrix: [Double]
    private(set) var right: [Double]

    /// Starts empty.
    init(_ count: Int) {
        self.count = count
        matrix = Array(repeating: 0, count: count * count)
        right = Array(repeating: 0, count: count)
    }

    /// Adds an observation `y` of Σ φ x with a weight.
    mutating func add(_ row: [Double], _ y: Double, _ weight: Double) {
        for i in 0..<count {
            right[i] += weight * row[i] * y
            for j in 0..<count { matrix[i * count + j] += weight * row[i] * row[j] }
        }
    }

    /// Adds `value` to one element of the matrix and its mirror image.
    mutating func addElement(_ i: Int, _ j: Int, _ value: Double) {
        matrix[i * count + j] += value
        if i != j { matrix[j * count + i] += value }
    }

    /// Adds `value` to the right-hand side of unknown `i`.
    mutating func addRight(_ i: Int, _ value: Double) { right[i] += value }

    /// The unknowns and the diagonal of the inverse; `nil` when the matrix is singular.
    ///
    /// Rows are first scaled to a unit diagonal, so that unknowns of very different size do not matter.
    func solve() -> (values: [Double], covariance: [Double])? {
        let scale = (0..<count).map { matrix[$0 * count + $0] > 0 ? 1 / matrix[$0 * count + $0].squareRoot() : 0 }
        guard scale.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        var factor = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            for j in 0...i {
                var sum = matrix[i * count + j] * scale[i] * scale[j]
                for k in 0..<j { sum -= factor[i * count + k] * factor[j * count + k] }
                if i == j {
                    guard sum > 1e-13 else { return nil }
                    factor[i * count + i] = sum.squareRoot()
                } else {
                    factor[i * count + j] = sum / factor[j * count + j]
                }
            }
        }
        func solved(_ vector: [Double]) -> [Double] {
            var x = vector
            for i in 0..<count {
                for k in 0..<i { x[i] -= factor[i * count + k] * x[k] }
                x[i] /= factor[i * count + i]
            }
            for i in (0..<count).reversed() {
                for k in (i + 1)..<count { x[i] -= factor[k * count + i] * x[k] }
                x[i] /= factor[i * count + i]
            }
            return x
        }
        let values = zip(solved(zip(right, scale).map { $0 * $1 }), scale).map { $0 * $1 }
        let covariance = (0..<count).map { index in
            var unit = [Double](repeating: 0, count: count)
            unit[index] = 1
            return solved(unit)[index] * scale[index] * scale[index]
        }
        return (values, covariance)
    }
}
