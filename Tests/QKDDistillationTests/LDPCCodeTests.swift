import QKDCore
import QKDKernels
import Testing

@testable import QKDDistillation

struct LDPCCodeTests {
    @Test(arguments: LDPCProfile.all.map(\.rows))
    func motherCodes(rows: Int) throws {
        let profile = try #require(LDPCProfile.of(rows: rows))
        let code = LDPCCode(profile)
        #expect(code.bits == LDPCPlan.frameBits && code.checks == profile.checks)
        let columns = Self.columns(code)
        #expect(Dictionary(grouping: columns, by: \.count).mapValues(\.count) == profile.degrees)
        #expect(code.puncturable == profile.puncturable)
        let punctured = columns.prefix(code.puncturable).flatMap { $0.map(\.row) }
        #expect(Set(punctured).count == punctured.count)
        let weights = (0..<rows).map { code.kernel.row($0).count }
        let spread = (weights.max() ?? 0) - (weights.min() ?? 0)
        #expect(spread <= 1, "from \(weights.min() ?? 0) to \(weights.max() ?? 0)")
        #expect(Self.hasNoSquare(columns, lifting: code.kernel.lifting))
    }

    /// By the search, which takes a while for all of them.
    @Test(arguments: [64, 22])
    func girths(rows: Int) throws {
        #expect(try LDPCCode(#require(LDPCProfile.of(rows: rows))).girth(upTo: 8) == 6)
    }

    /// Cycles put there by hand: three columns around three checks, and a path that closes after 16 turns.
    @Test func girthOfKnownGraphs() {
        let none = LDPCCode(rows: 2, degrees: [2: 1], lifting: 64, seed: 3)
        #expect(none.girth() == nil)
        // Three columns that join three rows in a ring; its turn is 0, so it closes at once.
        let ring = LDPCKernel(
            lifting: 64, columns: 3,
            rows: [
                [.init(column: 0, shift: 5), .init(column: 2, shift: 9)],
                [.init(column: 0, shift: 7), .init(column: 1, shift: 1)],
                [.init(column: 1, shift: 2), .init(column: 2, shift: 12)],
            ])
        #expect(LDPCCode(kernel: ring).girth() == 6)
        // The turn is 32 of 64, so that it closes the second time.
        let twice = LDPCKernel(
            lifting: 64, columns: 2,
            rows: [
                [.init(column: 0, shift: 0), .init(column: 1, shift: 0)],
                [.init(column: 0, shift: 0), .init(column: 1, shift: 32)],
            ])
        #expect(LDPCCode(kernel: twice).girth() == 8)
    }

    @Test func sameForAllWhoMakeIt() {
        let first = LDPCCode(rows: 6, degrees: [2: 5, 3: 20, 6: 3], lifting: 256, seed: 9)
        #expect(first == LDPCCode(rows: 6, degrees: [2: 5, 3: 20, 6: 3], lifting: 256, seed: 9))
        #expect(first != LDPCCode(rows: 6, degrees: [2: 5, 3: 20, 6: 3], lifting: 256, seed: 10))
        // Both parties must make the same code, whatever their version: these are part of the protocol.
        let sums = LDPCProfile.all.map { Self.sum(LDPCCode($0)) }
        #expect(sums == Self.sums)
    }

    /// FNV-1a over rows, columns and shifts.
    private static func sum(_ code: LDPCCode) -> UInt64 {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        for row in 0..<code.kernel.rows {
            for circulant in code.kernel.row(row) {
                for number in [row, circulant.column, circulant.shift] {
                    sum = (sum ^ UInt64(number)) &* 0x100_0000_01B3
                }
            }
        }
        return sum
    }

    private static let sums: [UInt64] = [
        0xC544_FDF9_F917_E099, 0x5312_4F27_04E2_4E4D, 0x9E3E_691B_9C15_0484, 0xF309_CD92_B28C_18C3,
        0x7215_F227_37DC_6CDD, 0x695D_E519_1EF6_E3D6, 0x74ED_7969_E3E7_32A7, 0x0042_7727_A88A_07BC,
        0xCE5B_DFAE_DF73_8C55, 0xBBAD_A464_20E6_7A90, 0xC37F_1031_E172_FC57, 0x554F_3D53_0063_BE91,
        0x2A6C_66AC_B064_7372, 0x77DC_1DA8_2325_B654, 0x9F1E_1D60_9D34_25D7,
    ]

    private static func columns(_ code: LDPCCode) -> [[(row: Int, shift: Int)]] {
        var columns = Array(repeating: [(row: Int, shift: Int)](), count: code.kernel.columns)
        for row in 0..<code.kernel.rows {
            for circulant in code.kernel.row(row) { columns[circulant.column].append((row, circulant.shift)) }
        }
        return columns
    }

    /// No two columns join the same two rows by the same turn.
    private static func hasNoSquare(_ columns: [[(row: Int, shift: Int)]], lifting: Int) -> Bool {
        var seen: Set<[Int]> = []
        for column in columns {
            for (index, first) in column.enumerated() {
                for second in column[..<index] {
                    let turn = (first.shift - second.shift + lifting) % lifting
                    let key =
                        first.row < second.row
                        ? [first.row, second.row, turn] : [second.row, first.row, (lifting - turn) % lifting]
                    if !seen.insert(key).inserted { return false }
                }
            }
        }
        return true
    }
}
