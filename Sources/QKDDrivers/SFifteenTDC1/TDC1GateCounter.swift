/// What the TDC1's counters have seen in a gate.
///
/// The device's window for pairs is not public; here a pair is two inputs that fire in one tick of 2 ns.
struct TDC1GateCounter {
    private var singles = [0, 0, 0, 0]
    private var pairs = [0, 0, 0, 0]
    private var tick = Int64.min
    private var inputs: UInt8 = 0

    mutating func count(_ timesPS: [Int64], _ channels: [UInt8]) {
        for (timePS, channel) in zip(timesPS, channels) where (1...4).contains(channel) {
            singles[Int(channel) - 1] += 1
            let edgeTick = timePS / 2_000
            if edgeTick != tick { closeTick() }
            tick = edgeTick
            inputs |= 1 << (channel - 1)
        }
    }

    private mutating func closeTick() {
        for (index, pair) in [UInt8(0b0101), 0b1001, 0b0110, 0b1010].enumerated() where inputs & pair == pair {
            pairs[index] += 1
        }
        inputs = 0
    }

    /// Inputs 1 to 4, as the answer prints them.
    var singlesText: String { singles.map(String.init).joined(separator: " ") }

    /// Inputs 1 to 4, then the pairs 1-3, 1-4, 2-3 and 2-4.
    var pairsText: String {
        var closed = self
        closed.closeTick()
        return (closed.singles + closed.pairs).map(String.init).joined(separator: " ")
    }
}
