/// Finds shifts that would close a short cycle with hardly any edge leading out of it.
///
/// The bits of such a cycle, when some of them are wrong together, hear little from outside, and the decoder gets stuck
/// on them however few errors there are. A cycle's edges to other checks are those that its bits have beyond two (ACE:
/// Tian, Jones, Villasenor, Wesel, IEEE Trans. Commun. 52, 1242 (2004)).
struct LDPCTraps {
    /// Columns in a cycle.
    private static let length = 10
    /// Edges leading out of it.
    private static let edges = 2

    private let lifting: Int
    /// The columns of degree 2 and 3 so far.
    private var columns: [[LDPCEdge]] = []
    /// For each row, which columns have which shift there.
    private var places: [[(column: Int, shift: Int)]]

    init(rows: Int, lifting: Int) {
        self.lifting = lifting
        places = Array(repeating: [], count: rows)
    }

    /// Adds a column of degree 2 or 3.
    mutating func add(_ column: [LDPCEdge]) {
        for edge in column { places[edge.row].append((columns.count, edge.shift)) }
        columns.append(column)
    }

    /// The shifts in `row` that would close such a cycle from an edge of a new column of degree 3.
    func shifts(closing column: [LDPCEdge], row: Int) -> Set<Int> {
        var found: Set<Int> = []
        for edge in column {
            let check = (lifting - edge.shift) % lifting
            walk(to: row, at: (edge.row, check), from: -1, columns: Self.length - 1, edges: Self.edges - 1, &found)
        }
        return found
    }

    /// Goes on from a check through each column but the one it came by, as far as the cycle may be long.
    private func walk(
        to end: Int, at place: (row: Int, check: Int), from last: Int, columns left: Int, edges: Int,
        _ found: inout Set<Int>
    ) {
        guard left > 0 else { return }
        for (index, shift) in places[place.row] where index != last {
            let column = columns[index]
            let edgesLeft = edges - (column.count - 2)
            guard edgesLeft >= 0 else { continue }
            for edge in column where edge.row != place.row {
                let check = (place.check + shift - edge.shift + lifting) % lifting
                if edge.row == end { found.insert((lifting - check) % lifting) }
                walk(to: end, at: (edge.row, check), from: index, columns: left - 1, edges: edgesLeft, &found)
            }
        }
    }
}
