/// The same, bit by bit: what the kernel is held against.
extension LDPCKernel {
    /// What the twin knows of one frame between two sweeps.
    public struct TwinMemory: Sendable, Equatable {
        /// What is known of each bit.
        public var totals: [Int8]
        /// What each circulant's checks last said, circulant by circulant.
        public var messages: [[Int8]]
    }

    /// The twin of `LDPCMemory.start`.
    public func startTwin(totals: [Int8]) -> TwinMemory {
        TwinMemory(
            totals: totals, messages: Array(repeating: Array(repeating: 0, count: lifting), count: circulants))
    }

    /// The twin of `syndrome(of:)`, with a bit an element.
    public func syndromeTwin(of bits: [UInt8]) -> [UInt8] {
        (0..<rows).flatMap { row in
            (0..<lifting).map { check in
                self.row(row).reduce(0) { $0 ^ bits[place($1, check)] }
            }
        }
    }

    /// The twin of `sweep`.
    public func sweepTwin(wanted: [UInt8], table: [UInt8], memory: inout TwinMemory) -> Int {
        var unmet = 0
        for row in 0..<rows {
            let first = Int(rowStarts[row])
            let circulants = self.row(row)
            for check in 0..<lifting {
                let places = circulants.map { place($0, check) }
                let want = wanted[row * lifting + check] == 1
                if places.reduce(want, { $0 != (memory.totals[$1] < 0) }) { unmet += 1 }
                let rests = places.enumerated().map { edge, bit in
                    Self.saturated(Int(memory.totals[bit]) - Int(memory.messages[first + edge][check]))
                }
                let sign = rests.reduce(want) { $0 != ($1 < 0) }
                for (edge, rest) in rests.enumerated() {
                    let others = rests.enumerated().filter { $0.offset != edge }
                    let least = others.map { Int($0.element.magnitude) }.min() ?? 31
                    let size = Int8(table[min(31, least)])
                    let message = sign != (rest < 0) ? -size : size
                    memory.messages[first + edge][check] = message
                    memory.totals[places[edge]] = Self.saturated(Int(rest) + Int(message))
                }
            }
        }
        return unmet
    }

    private func place(_ circulant: Circulant, _ check: Int) -> Int {
        circulant.column * lifting + (check + circulant.shift) % lifting
    }

    private static func saturated(_ sum: Int) -> Int8 { Int8(clamping: sum) }
}
