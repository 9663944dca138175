import QKDKernels
import QKDPhysics
import Testing

@Suite struct LDPCKernelTests {
    /// A matrix whose circulants stand anywhere, with shifts at and between all ends of words and runs.
    private static func matrix(
        lifting: Int, columns: Int, weights: [Int], _ random: inout SeededGenerator
    ) -> LDPCKernel {
        let rows = weights.map { weight in
            (0..<columns).shuffled(using: &random).prefix(weight).map { column in
                let shift = [0, 1, 31, 32, 63, lifting - 1, lifting - 63, Int.random(in: 0..<lifting, using: &random)]
                return LDPCKernel.Circulant(column: column, shift: shift[Int.random(in: 0..<8, using: &random)])
            }
        }
        return LDPCKernel(lifting: lifting, columns: columns, rows: rows)
    }

    private static let shapes: [(lifting: Int, columns: Int, weights: [Int])] = [
        (64, 3, [1, 0, 2, 3]), (128, 8, [5, 8, 3]), (192, 20, [20, 2, 11, 7]), (64, 128, [128]),
    ]

    @Test(arguments: 0..<4)
    func syndromes(shape: Int) {
        var random = SeededGenerator(seed: 41, stream: "\(shape)")
        let (lifting, columns, weights) = Self.shapes[shape]
        let kernel = Self.matrix(lifting: lifting, columns: columns, weights: weights, &random)
        let words = (0..<kernel.bitWords).map { _ in random.next() as UInt64 }
        #expect(Self.bits(kernel.syndrome(of: words)) == kernel.syndromeTwin(of: Self.bits(words)))
        let row = kernel.row(0)
        #expect(row.count == weights[0] && Set(row.map(\.column)).count == row.count)
    }

    /// Totals and tables over their whole range, saturation included, through some sweeps; by each level as by the twin.
    @Test(arguments: 0..<4)
    func sweeps(shape: Int) {
        var random = SeededGenerator(seed: 42, stream: "\(shape)")
        let (lifting, columns, weights) = Self.shapes[shape]
        let kernel = Self.matrix(lifting: lifting, columns: columns, weights: weights, &random)
        for largest in [12, 127] as [Int8] {
            let bits = columns * lifting
            let start = (0..<bits).map { _ in Int8.random(in: -largest...largest, using: &random) }
            let wanted = (0..<kernel.checkWords).map { _ in random.next() as UInt64 }
            var memories = KernelLevel.available.map { _ in LDPCMemory() }
            for index in memories.indices { memories[index].start(kernel, parts: start.map { (1, $0) }) }
            var twin = kernel.startTwin(totals: start)
            for sweep in 0..<4 {
                let table = (0..<32).map { _ in UInt8.random(in: 0...UInt8(largest), using: &random) }
                let unmet = kernel.sweepTwin(wanted: Self.bits(wanted), table: table, memory: &twin)
                for (index, level) in KernelLevel.available.enumerated() {
                    let found = kernel.sweep(wanted: wanted, table: table, memory: &memories[index], level: level)
                    let isSame = (0..<bits).allSatisfy { memories[index].total($0) == twin.totals[$0] }
                    #expect(found == unmet && isSame, "\(level.name), sweep \(sweep)")
                    var signs = Array(repeating: UInt64(0), count: kernel.bitWords)
                    kernel.signs(memories[index], into: &signs, level: level)
                    #expect(Self.bits(signs) == twin.totals.map { $0 < 0 ? 1 : 0 }, "\(level.name)")
                }
            }
        }
    }

    /// Memory that a larger frame has used before is as good as new.
    @Test func memoryIsUsedAgain() {
        var random = SeededGenerator(seed: 43, stream: "")
        let large = Self.matrix(lifting: 256, columns: 9, weights: [9, 4], &random)
        let small = Self.matrix(lifting: 64, columns: 6, weights: [3, 4], &random)
        let table = (0..<32).map { UInt8($0) }
        var memory = LDPCMemory()
        for kernel in [large, small, small] {
            let bits = kernel.columns * kernel.lifting
            memory.start(kernel, parts: [(70, 0), (bits - 80, 5), (10, -3)])
            #expect(memory.total(69) == 0 && memory.total(70) == 5 && memory.total(bits - 10) == -3)
            let wanted = Array(repeating: UInt64.max, count: kernel.checkWords)
            var twin = kernel.startTwin(totals: (0..<bits).map { $0 < 70 ? 0 : $0 < bits - 10 ? 5 : -3 })
            for _ in 0..<2 {
                let unmet = kernel.sweepTwin(wanted: Self.bits(wanted), table: table, memory: &twin)
                #expect(kernel.sweep(wanted: wanted, table: table, memory: &memory) == unmet)
            }
            #expect((0..<bits).allSatisfy { memory.total($0) == twin.totals[$0] })
        }
    }

    /// A copy goes its own way.
    @Test func copiesOfMemory() {
        var random = SeededGenerator(seed: 44, stream: "")
        let kernel = Self.matrix(lifting: 64, columns: 6, weights: [3, 4], &random)
        let table = (0..<32).map { UInt8($0) }
        let wanted = (0..<kernel.checkWords).map { _ in random.next() as UInt64 }
        var first = LDPCMemory()
        first.start(kernel, parts: [(6 * 64, 5)])
        _ = kernel.sweep(wanted: wanted, table: table, memory: &first)
        var second = first
        let before = (0..<6 * 64).map { first.total($0) }
        _ = kernel.sweep(wanted: wanted, table: table, memory: &second)
        #expect((0..<6 * 64).map { first.total($0) } == before)
        _ = kernel.sweep(wanted: wanted, table: table, memory: &first)
        #expect((0..<6 * 64).allSatisfy { first.total($0) == second.total($0) })
    }

    private static func bits(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<64).map { UInt8(word >> UInt64($0) & 1) } }
    }
}
