/// Puts circulants into columns, one column after the other, without a cycle of length 4.
struct LDPCGenerator {
    private let rows: Int
    private let lifting: Int
    private var random: PublicGenerator
    private var weights: [Int]
    /// For each ordered pair of rows, by how much the shifts in its shared columns differ.
    private var differences: [Set<Int>]
    private var traps: LDPCTraps
    private var pathEnd = 0
    private(set) var columns: [[LDPCEdge]] = []

    init(rows: Int, lifting: Int, seed: UInt64) {
        (self.rows, self.lifting, random) = (rows, lifting, PublicGenerator(seed: seed))
        weights = Array(repeating: 0, count: rows)
        differences = Array(repeating: [], count: rows * rows)
        traps = LDPCTraps(rows: rows, lifting: lifting)
    }

    /// Adds a column of a degree; those of lower degree come first.
    ///
    /// There is a shift that makes no cycle of length 4 as long as the lifting is larger than the number of columns
    /// times the degree; where there is none for the rows drawn, others are drawn.
    mutating func add(degree: Int) {
        while true {
            let chosen = chooseRows(degree)
            if let column = chooseShifts(chosen) {
                commit(column)
                return
            }
        }
    }

    private mutating func chooseRows(_ degree: Int) -> [Int] {
        if degree == 2, pathEnd + 1 < rows {
            pathEnd += 1
            return [pathEnd - 1, pathEnd]
        }
        var chosen: [Int] = []
        while chosen.count < degree {
            let free = (0..<rows).filter { !chosen.contains($0) }
            let least = free.map { weights[$0] }.min() ?? 0
            let candidates = free.filter { weights[$0] == least }
            chosen.append(candidates[below(candidates.count)])
        }
        return chosen
    }

    private mutating func chooseShifts(_ chosen: [Int]) -> [LDPCEdge]? {
        var column: [LDPCEdge] = []
        for row in chosen {
            // Of degree 3 only: what has more edges is held by them, and degree 2 forms a path.
            let trapping = chosen.count == 3 ? traps.shifts(closing: column, row: row) : []
            guard let shift = chooseShift(row, column, trapping) else { return nil }
            column.append(LDPCEdge(row: row, shift: shift))
        }
        return column
    }

    /// Draws until a shift fits; where traps leave hardly any, only cycles of length 4 are kept out.
    private mutating func chooseShift(_ row: Int, _ column: [LDPCEdge], _ trapping: Set<Int>) -> Int? {
        for attempt in 0..<100 * lifting {
            let shift = below(lifting)
            let isNew = column.allSatisfy { !differences[row * rows + $0.row].contains(difference(shift, $0.shift)) }
            if isNew, attempt >= 200 || !trapping.contains(shift) { return shift }
        }
        return nil
    }

    private mutating func commit(_ column: [LDPCEdge]) {
        for edge in column {
            weights[edge.row] += 1
            for other in column where other.row != edge.row {
                differences[edge.row * rows + other.row].insert(difference(edge.shift, other.shift))
            }
        }
        columns.append(column)
        if column.count <= 3 { traps.add(column) }
    }

    private func difference(_ first: Int, _ second: Int) -> Int { (first - second + lifting) % lifting }

    /// A number below a limit, by the upper half of a product: the library's own way may change with its version.
    private mutating func below(_ limit: Int) -> Int {
        Int(random.next().multipliedFullWidth(by: UInt64(limit)).high)
    }
}

/// A circulant of a column.
struct LDPCEdge: Equatable {
    var row: Int
    var shift: Int
}
