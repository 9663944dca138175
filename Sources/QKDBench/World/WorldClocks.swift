import QKDCore

/// A clock on which to sleep is to let the emulated world go on: bench time, not wall time.
struct LockstepClock: BenchClock {
    let world: EmulatedWorld

    var nowPS: Int64 { get async { await world.nowPS } }

    func sleep(durationPS: Int64) async throws {
        // A sleep begins when what was sent before it has arrived, even if another sleeper moves the time.
        try await world.settle()
        let target = await world.nowPS + durationPS
        try await world.advance(toPS: target, settling: true)
    }
}

/// The wall's clock, counted from when it was made.
struct WallClock: BenchClock {
    private let start = ContinuousClock.now

    var nowPS: Int64 { get async { start.duration(to: .now).picoseconds } }

    func sleep(durationPS: Int64) async throws {
        try await Task.sleep(for: .picoseconds(durationPS))
    }
}

/// Bob's host clock in an emulated world.
struct BobClock: BenchClock {
    let world: EmulatedWorld
    let alice: any BenchClock

    var nowPS: Int64 { get async { world.bobReading(atPS: await alice.nowPS) } }

    func sleep(durationPS: Int64) async throws { try await alice.sleep(durationPS: durationPS) }
}
