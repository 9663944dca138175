import CQKDKernels

/// A quasi-cyclic parity check matrix, with what syndrome decoding does to it all the time.
///
/// It has blocks of `lifting` rows and columns; each block is zero or a circulant: the identity, its columns rotated. A
/// circulant's check `i` sums up bit `(i + shift) mod lifting` of its column.
public struct LDPCKernel: Sendable, Equatable {
    /// A block that is not zero.
    public struct Circulant: Sendable, Equatable {
        /// Which block column it stands in.
        public var column: Int
        /// How far it is rotated, below the lifting.
        public var shift: Int

        /// Puts a circulant into a column.
        public init(column: Int, shift: Int) { (self.column, self.shift) = (column, shift) }
    }

    /// The most circulants that a row may have.
    public static let maximumWeight = Int(QKD_LDPC_WEIGHT)
    /// Entries of the table that a sweep takes.
    public static let tableSize = 32

    /// Rows and columns of a block.
    public let lifting: Int
    /// Block rows.
    public let rows: Int
    /// Block columns.
    public let columns: Int
    /// Circulants in all.
    public var circulants: Int { edgeColumns.count }
    /// Words of packed bits: one column in as many words as the lifting has times 64 bits, the columns in order.
    public var bitWords: Int { columns * lifting / 64 }
    /// Words of packed checks.
    public var checkWords: Int { rows * lifting / 64 }

    let rowStarts: [UInt32]
    let edgeColumns: [UInt16]
    let edgeShifts: [UInt16]

    /// Takes the circulants of each row, no two of a row in one column.
    ///
    /// The lifting is a multiple of 64 up to 65536, a row has up to 128 circulants, and there are up to 4096 columns.
    public init(lifting: Int, columns: Int, rows: [[Circulant]]) {
        precondition((64...65536).contains(lifting) && lifting.isMultiple(of: 64), "not a lifting")
        precondition((1...4096).contains(columns), "not a number of columns")
        for row in rows {
            precondition(row.count <= Self.maximumWeight, "too many circulants in a row")
            precondition(Set(row.map(\.column)).count == row.count, "two circulants in one place")
            precondition(row.allSatisfy { (0..<columns).contains($0.column) }, "no such column")
            precondition(row.allSatisfy { (0..<lifting).contains($0.shift) }, "no such shift")
        }
        (self.lifting, self.columns, self.rows) = (lifting, columns, rows.count)
        rowStarts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + UInt32($1.count)) }
        edgeColumns = rows.joined().map { UInt16($0.column) }
        edgeShifts = rows.joined().map { UInt16($0.shift) }
    }

    /// The circulants of a row.
    public func row(_ row: Int) -> [Circulant] {
        (Int(rowStarts[row])..<Int(rowStarts[row + 1])).map {
            Circulant(column: Int(edgeColumns[$0]), shift: Int(edgeShifts[$0]))
        }
    }

    /// The checks' sums of bits, both packed 64 to a word: `bitWords` in, `checkWords` out.
    public func syndrome(of bits: [UInt64]) -> [UInt64] {
        precondition(bits.count == bitWords, "not a bit for each column")
        return [UInt64](unsafeUninitializedCapacity: checkWords) { sums, count in
            withCode { qkd_ldpc_syndrome($0, bits, sums.baseAddress) }
            count = checkWords
        }
    }

    /// One sweep of layered min-sum over all rows, in which each check takes back what it last said of its bits, and
    /// says what the others let it expect.
    ///
    /// A check's message for a bit has the sign that the others' signs and `wanted` ask for, and the magnitude
    /// `table[min(31, m)]` with the others' smallest magnitude m. Sums saturate at -128 and 127. The table has 32
    /// entries below 128, `wanted` is `checkWords` long. Returns how many checks were not met by the signs that they
    /// read. Sources: Hocevar, SiPS 2004 (layers); Chen, Dholakia, Eleftheriou, Fossorier, Hu, IEEE Trans. Commun. 53,
    /// 1288 (2005) (min-sum, reduced).
    public func sweep(
        wanted: [UInt64], table: [UInt8], memory: inout LDPCMemory, level: KernelLevel = .current
    ) -> Int {
        precondition(wanted.count == checkWords, "not a sum for each check")
        precondition(table.count == Self.tableSize && table.allSatisfy { $0 < 128 }, "not a table")
        precondition(memory.fits(self), "memory of another matrix")
        return withCode { code in
            memory.totals.withUnsafeMutableBufferPointer { totals in
                memory.messages.withBytes {
                    qkd_ldpc_sweep(level.rawValue, code, wanted, table, totals.baseAddress, $0.baseAddress)
                }
            }
        }
    }

    /// Packs the totals' signs into `bitWords` words, 1 for a negative one.
    public func signs(_ memory: LDPCMemory, into bits: inout [UInt64], level: KernelLevel = .current) {
        precondition(memory.fits(self) && bits.count == bitWords, "memory of another matrix")
        withCode { qkd_ldpc_signs(level.rawValue, $0, memory.totals, &bits) }
    }

    private func withCode<Result>(_ body: (UnsafePointer<qkd_ldpc_code>) -> Result) -> Result {
        rowStarts.withUnsafeBufferPointer { starts in
            edgeColumns.withUnsafeBufferPointer { columns in
                edgeShifts.withUnsafeBufferPointer { shifts in
                    var code = qkd_ldpc_code(
                        lifting: UInt32(lifting), rows: UInt32(rows), columns: UInt32(self.columns),
                        row_starts: starts.baseAddress, edge_columns: columns.baseAddress,
                        edge_shifts: shifts.baseAddress)
                    return withUnsafePointer(to: &code, body)
                }
            }
        }
    }
}
