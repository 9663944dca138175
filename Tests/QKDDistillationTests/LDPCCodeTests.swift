import QKDCore
import QKDKernels
import Testing

@testable import QKDDistillation

struct LDPCCodeTests {
    /// Each profile, at one length after the other.
    @Test(arguments: LDPCProfile.all.indices)
    func motherCodes(index: Int) {
        let profile = LDPCProfile.all[index]
        let (rows, length) = (profile.rows, LDPCLength.allCases[index % 3])
        let code = LDPCCode(profile, length)
        #expect(code.bits == length.frameBits && code.checks == rows * length.lifting)
        #expect(LDPCProfile.of(rows: rows) == profile)
        // Both parties must make the same codes, whatever their version: they are part of the protocol.
        #expect(Self.sum(code) == Self.sums[index])
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
        #expect(try LDPCCode(#require(LDPCProfile.of(rows: rows)), .medium).girth(upTo: 8) == 6)
    }

    /// Cycles put there by hand.
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
        0x1512_A26F_D011_324B, 0xE6DA_4E76_3A16_1852, 0xA76B_5A11_FBB0_A6DF, 0xD68D_57D6_540C_9CDB,
        0x3FCE_D338_E842_EE9C, 0x4C68_B537_017E_3574, 0x2A27_D0D3_D413_4C74, 0x2C1A_D63E_FE6B_D0DD,
        0x3221_8999_9711_C0CB, 0x9FD4_D200_6867_43B6, 0xB01E_1A4A_E722_96C5, 0xC09A_F761_69C2_3BF9,
        0x3E90_3CEE_3A0E_56CC, 0xF28F_77EF_9317_ED27, 0x3008_32B4_428A_75D8, 0x7D06_A827_C5B3_8F2B,
        0x3840_F94F_6FB1_ADE2, 0xB59D_49B2_C32E_050F, 0x6982_CCE2_5066_063F, 0xEB18_AE67_008C_ACA0,
        0x125D_1978_8762_0698, 0xB25D_147A_83B3_3891, 0x3FD6_2F23_1E81_8882, 0x596C_F4C0_6FD0_990C,
        0x2320_76E6_3D84_DFD4, 0xF6B2_9D49_117F_52CA, 0x8EF7_5C6C_57C4_7E4B, 0xA61D_E83A_F98C_CDC7,
        0xCA4D_2C6F_48D9_3FF7, 0xD915_BDC8_D615_41D1, 0xAC23_7DBE_765F_F781, 0xF399_9C1F_C98C_3C4F,
        0x598F_1106_6EAB_5C1C,
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
