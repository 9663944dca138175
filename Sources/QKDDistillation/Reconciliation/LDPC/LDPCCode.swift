import QKDKernels

/// A quasi-cyclic LDPC code, made from a profile and a seed: the same for everyone who makes it.
///
/// Degree-2 columns form a path over the rows, so that they close no cycle among themselves; each other column takes the
/// emptiest rows. Shifts are drawn until no two columns share two checks (Fossorier, IEEE Trans. Inf. Theory 50, 1788
/// (2004), eq. 4): the girth is 6 or more.
public struct LDPCCode: Sendable, Equatable {
    /// The matrix.
    public let kernel: LDPCKernel
    /// How many columns at the front may be punctured: no two of them meet in a check.
    ///
    /// That is untainted puncturing (Elkouss, Martinez-Mateo, Martin, IEEE Wireless Commun. Lett. 1, 585 (2012)): each
    /// check of a punctured bit has no other one.
    public let puncturable: Int

    /// Bits of a frame.
    public var bits: Int { kernel.columns * kernel.lifting }
    /// Bits of a syndrome.
    public var checks: Int { kernel.rows * kernel.lifting }

    /// Takes a matrix as it is; nothing is said to be fit for puncturing.
    init(kernel: LDPCKernel) { (self.kernel, puncturable) = (kernel, 0) }

    /// Makes the mother code of a profile, for frames of a length.
    public init(_ profile: LDPCProfile, _ length: LDPCLength) {
        self.init(rows: profile.rows, degrees: profile.degrees, lifting: length.lifting, seed: 1)
    }

    /// Makes a code with as many block columns of each degree as wanted; a degree is from 2 to the number of rows.
    ///
    /// The columns' order: those that may be punctured, then the others with their degrees in even mixture, so that any
    /// number of them at the end can be shortened.
    public init(rows: Int, degrees: [Int: Int], lifting: Int, seed: UInt64) {
        precondition(degrees.allSatisfy { (2...rows).contains($0.key) && $0.value >= 0 }, "no such degrees")
        var generator = LDPCGenerator(rows: rows, lifting: lifting, seed: seed)
        for degree in degrees.keys.sorted() {
            for _ in 0..<(degrees[degree] ?? 0) { generator.add(degree: degree) }
        }
        let columns = generator.columns
        let front = Self.apart(columns, degree: 3, atMost: 1 + rows / 8)
        let rest = Self.mixed(columns.indices.filter { !front.contains($0) }, columns)
        var circulants = Array(repeating: [LDPCKernel.Circulant](), count: rows)
        for (place, column) in (front + rest).enumerated() {
            for edge in columns[column] {
                circulants[edge.row].append(LDPCKernel.Circulant(column: place, shift: edge.shift))
            }
        }
        kernel = LDPCKernel(lifting: lifting, columns: columns.count, rows: circulants)
        puncturable = front.count
    }

    /// Columns of a degree that share no row, taken greedily.
    private static func apart(_ columns: [[LDPCEdge]], degree: Int, atMost: Int) -> [Int] {
        var taken: Set<Int> = []
        var found: [Int] = []
        for (index, column) in columns.enumerated() where column.count == degree && found.count < atMost {
            let rows = column.map(\.row)
            if taken.isDisjoint(with: rows) {
                taken.formUnion(rows)
                found.append(index)
            }
        }
        return found
    }

    /// Columns in such an order that each run of them has about the same degrees.
    private static func mixed(_ indices: [Int], _ columns: [[LDPCEdge]]) -> [Int] {
        let groups = Dictionary(grouping: indices) { columns[$0].count }
        let keyed = groups.flatMap { degree, group in
            group.enumerated().map { place, index in
                (key: Double(2 * place + 1) / Double(2 * group.count), degree: degree, index: index)
            }
        }
        return keyed.sorted { ($0.key, $0.degree) < ($1.key, $1.degree) }.map(\.index)
    }
}
