/// Finds a maximum of a function of a few real variables: Nelder and Mead's simplex (Comput. J. 7, 308 (1965)), begun anew
/// around its own result until that no longer moves.
struct SimplexSearch {
    /// How far the first simplex reaches from its start, in each variable.
    var reach = 0.4
    /// Rounds of one simplex at most.
    var rounds = 400
    /// Gain, as a share of the value, below which it is not begun anew.
    var tolerance = 1e-9

    /// The best point from any of the starts, and its value.
    func maximum(from starts: [[Double]], of value: ([Double]) -> Double) -> (point: [Double], value: Double) {
        var best: (point: [Double], value: Double) = (starts.first ?? [], -.infinity)
        for start in starts {
            var here = (point: start, value: value(start))
            while true {
                let next = climb(from: here.point, value)
                let gain = next.value - here.value
                if gain > 0 { here = next }
                guard gain > tolerance * abs(here.value) else { break }
            }
            if here.value > best.value { best = here }
        }
        return best
    }

    private func climb(from start: [Double], _ value: ([Double]) -> Double) -> (point: [Double], value: Double) {
        let size = start.count
        var simplex = [(point: start, value: value(start))]
        for variable in 0..<size {
            var point = start
            point[variable] += reach
            simplex.append((point, value(point)))
        }
        for _ in 0..<rounds {
            simplex.sort { $0.value > $1.value }
            let worst = simplex[size]
            guard simplex[0].value - worst.value > 1e-12 * abs(simplex[0].value) else { break }
            let middle = (0..<size).map { variable in
                simplex[..<size].reduce(0) { $0 + $1.point[variable] } / Double(size)
            }
            func along(_ factor: Double) -> (point: [Double], value: Double) {
                let point = zip(middle, worst.point).map { $0 + factor * ($1 - $0) }
                return (point, value(point))
            }
            let mirrored = along(-1)
            if mirrored.value > simplex[0].value {
                let further = along(-2)
                simplex[size] = further.value > mirrored.value ? further : mirrored
            } else if mirrored.value > simplex[size - 1].value {
                simplex[size] = mirrored
            } else {
                let nearer = mirrored.value > worst.value ? along(-0.5) : along(0.5)
                if nearer.value > max(mirrored.value, worst.value) {
                    simplex[size] = nearer
                } else {
                    for index in 1...size {
                        let point = zip(simplex[index].point, simplex[0].point).map { 0.5 * ($0 + $1) }
                        simplex[index] = (point, value(point))
                    }
                }
            }
        }
        simplex.sort { $0.value > $1.value }
        return simplex[0]
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A share between 0 and 1 as any real number, so that a search needs no walls.
enum Share {
    static func of(_ variable: Double) -> Double { 1 / (1 + exp(-max(-14, min(14, variable)))) }
    static func variable(_ share: Double) -> Double { log(share / (1 - share)) }
}
