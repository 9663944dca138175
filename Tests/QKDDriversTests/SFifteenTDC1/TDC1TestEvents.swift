@testable import QKDDrivers

/// Random edges for the TDC1's tests, the same in every run.
struct TDC1TestEvents {
    private var state: UInt64
    private(set) var nowPS: Int64

    init(seed: UInt64, startPS: Int64 = 1_000_000) {
        state = seed
        nowPS = startPS
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// `count` edges in order of time, with gaps even in 0 to twice the mean, on inputs 1 to 4.
    mutating func edges(_ count: Int, meanGapPS: Int64) -> (times: [Int64], channels: [UInt8]) {
        var times: [Int64] = []
        var channels: [UInt8] = []
        for _ in 0..<count {
            nowPS += Int64(next() % UInt64(2 * meanGapPS))
            times.append(nowPS)
            channels.append(UInt8(next() % 4) + 1)
        }
        return (times, channels)
    }
}

/// Tags of edges as a tagger of 2 ns sees them: floored, the inputs of one tick in order, each once.
func taggedEdges(_ times: [Int64], _ channels: [UInt8]) -> [[Int64]] {
    var ticks: [(tick: Int64, inputs: Set<UInt8>)] = []
    for (timePS, channel) in zip(times, channels) {
        let tick = timePS / 2_000
        if ticks.last?.tick == tick {
            ticks[ticks.count - 1].inputs.insert(channel)
        } else {
            ticks.append((tick, [channel]))
        }
    }
    return ticks.flatMap { tick in tick.inputs.sorted().map { [tick.tick * 2_000, Int64($0)] } }
}

/// The wire's bytes of edges, made by the emulator's own stamper.
func stampedBytes(_ times: [Int64], _ channels: [UInt8]) -> [UInt8] {
    var stamper = TDC1Stamper()
    stamper.restart()
    let words = stamper.words(times, channels, upToPS: 0) + stamper.rest()
    return words.withUnsafeBytes { Array($0) }
}
