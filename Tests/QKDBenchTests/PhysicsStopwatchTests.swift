import QKDBench
import Testing

@Suite("The stopwatch of the physics")
struct PhysicsStopwatchTests {
    @Test("It plays whole frames of light, the same for the same seed")
    func wholeFrames() throws {
        let bench = try BenchDescription.load("bb84-loopback")
        let first = try PhysicsStopwatch.run(bench, seed: 3, slots: bench.frames.slots + 1)
        #expect(first.slots == 2 * bench.frames.slots)
        #expect(first.cpuSeconds > 0)
        // README's run at the same settings has 61,212 tags of nine such frames; 5 σ of Poisson, and the clicks after.
        let expected = 61_212.0 / 9 * 2
        #expect(abs(Double(first.clicks) - expected) < 5 * (expected + expected * 2 / 9).squareRoot() + 60)
        #expect(try PhysicsStopwatch.run(bench, seed: 3, slots: first.slots).clicks == first.clicks)
        #expect(try PhysicsStopwatch.run(bench, seed: 4, slots: first.slots).clicks != first.clicks)
    }
}
