/// Makes time stamp words of edges, as the TDC1's gate array does: 27 bits of 2 ns ticks, one word a
/// tick, and a dummy after 140 ms without any.
struct TDC1Stamper {
    private static let tickPS: Int64 = 2_000
    private static let dummyTicks: Int64 = 70_000_000

    /// The tagger's time, ticks: all edges before it are known.
    private var nowTick: Int64 = 0
    /// The last word's time, or the gate's start.
    private var lastTick: Int64 = 0
    /// A tick whose word may still get another input.
    private var openTick: Int64 = 0
    private var openInputs: UInt32 = 0
    private var wordsToLose = 0
    /// How far the counter stands from the time that it is told, ticks: its steps.
    private var shiftTicks: Int64 = 0

    mutating func restart() {
        lastTick = nowTick
        openInputs = 0
    }

    mutating func skip(toPS: Int64) { nowTick = max(nowTick, Self.tick(toPS)) }

    /// Steps the counter; words that are still open step too.
    mutating func step(byPS stepPS: Int64) { shiftTicks += stepPS / Self.tickPS }

    mutating func lose(words: Int) { wordsToLose += max(0, words) }

    /// The words of edges in order of time, and of the time up to `upToPS`.
    mutating func words(_ timesPS: [Int64], _ channels: [UInt8], upToPS: Int64) -> [UInt32] {
        skip(toPS: upToPS)
        let end = max(nowTick, timesPS.last.map(Self.tick) ?? 0, openTick)
        let dummies = max(0, end - lastTick) / Self.dummyTicks
        let words = [UInt32](unsafeUninitializedCapacity: timesPS.count + Int(dummies) + 2) { buffer, count in
            timesPS.withUnsafeBufferPointer { times in
                channels.withUnsafeBufferPointer { channels in
                    count = fill(buffer, times, channels)
                }
            }
        }
        guard wordsToLose > 0 else { return words }
        let lost = min(wordsToLose, words.count)
        wordsToLose -= lost
        return Array(words.dropFirst(lost))
    }

    /// The word that was still open.
    mutating func rest() -> [UInt32] {
        guard openInputs != 0 else { return [] }
        defer { openInputs = 0 }
        lastTick = openTick
        return [word(openTick, openInputs)]
    }

    private mutating func fill(
        _ words: UnsafeMutableBufferPointer<UInt32>, _ times: UnsafeBufferPointer<Int64>,
        _ channels: UnsafeBufferPointer<UInt8>
    ) -> Int {
        var count = 0
        var (tick, inputs, last) = (openTick, openInputs, lastTick)
        for index in 0..<times.count {
            let input = UInt32(channels[index]) &- 1
            guard input < 4 else { continue }
            let edgeTick = Self.tick(times[index])
            if inputs != 0, edgeTick <= tick {
                inputs |= 1 << input
                continue
            }
            if inputs != 0 {
                words[count] = word(tick, inputs)
                count += 1
                last = tick
            }
            while edgeTick - last > Self.dummyTicks {
                last += Self.dummyTicks
                words[count] = word(last, 1 << 4)
                count += 1
            }
            tick = max(edgeTick, last)
            inputs = 1 << input
        }
        if inputs != 0, tick < nowTick {
            words[count] = word(tick, inputs)
            count += 1
            last = tick
            inputs = 0
        }
        while inputs == 0, nowTick - last >= Self.dummyTicks {
            last += Self.dummyTicks
            words[count] = word(last, 1 << 4)
            count += 1
        }
        (openTick, openInputs, lastTick) = (tick, inputs, last)
        return count
    }

    @inline(__always)
    private func word(_ tick: Int64, _ flags: UInt32) -> UInt32 {
        (UInt32(truncatingIfNeeded: tick &+ shiftTicks) << 5 | flags).littleEndian
    }

    /// The tick of a time, towards the past.
    @inline(__always)
    private static func tick(_ timePS: Int64) -> Int64 {
        let tick = timePS / tickPS
        return timePS % tickPS < 0 ? tick - 1 : tick
    }
}
