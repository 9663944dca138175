import QKDCore
import QKDDrivers
import QKDPhysics
import Testing

@testable import QKDBench

@Suite("The emulated world")
struct EmulatedWorldTests {
    private func open(_ changes: [(String, String)] = [], seed: UInt64 = 1) async throws -> Bench {
        try await Bench.open(EmulatedRunTests.bench(changes), seed: seed, time: .lockstep)
    }

    /// Tags in a stretch of the dark, by tagger input.
    private func darkTags(_ bench: Bench, seconds: Double) async throws -> [UInt8: Int] {
        let stream = try await bench.bob.tagger.startTagging()
        let collector = TagCollector()
        await collector.follow(stream)
        try await bench.alice.clock.sleep(durationPS: Picoseconds.from(seconds: seconds))
        try await bench.bob.tagger.stopTagging()
        #expect(await collector.waitForEnd(timeout: .seconds(5)))
        let batch = await collector.drain()
        return batch.channels.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    @Test("Time passes for those who sleep, and for nobody else")
    func time() async throws {
        let bench = try await open()
        let clock = bench.alice.clock
        let start = await clock.nowPS
        try await Task.sleep(for: .milliseconds(20))
        #expect(await clock.nowPS == start)
        try await clock.sleep(durationPS: 7_000_000_123)
        #expect(await clock.nowPS == start + 7_000_000_123)
        // Sleepers at once sleep at once: the longer one decides.
        async let short: Void = clock.sleep(durationPS: 1_000_000_000)
        async let long: Void = clock.sleep(durationPS: 9_000_000_000)
        _ = try await (short, long)
        #expect(await clock.nowPS <= start + 7_000_000_123 + 10_000_000_000)
        await bench.close()
    }

    @Test("Bob's clock has the offset and skew that the seed drew, the same each time")
    func bobClock() async throws {
        let description = try EmulatedRunTests.bench()
        let models = (1...200).map { description.bobClock(seed: $0) }
        #expect(models.allSatisfy { abs($0.offsetPS) <= Picoseconds.perSecond && abs($0.skew) <= 20e-6 })
        #expect(description.bobClock(seed: 7) == models[6])
        #expect(Set(models.map(\.offsetPS)).count == 200)
        // Uniform over the range: mean 0 and variance 1/3 of the square, at 4 sigma.
        let skews = models.map { $0.skew / 20e-6 }
        let mean: Double = skews.reduce(0, +) / 200
        let sigma: Double = (1.0 / 600).squareRoot()
        #expect(abs(mean) < 4 * sigma)
        let bench = try await open(seed: 7)
        try await bench.alice.clock.sleep(durationPS: Picoseconds.perSecond)
        let alice = await bench.alice.clock.nowPS
        #expect(await bench.bob.clock.nowPS == models[6].reading(atPS: alice))
        await bench.close()
    }

    @Test("Stated clock errors are taken as stated")
    func statedClock() throws {
        let description = try EmulatedRunTests.bench([
            ("offset_s = \"random\"", "offset_s = -0.25"), ("skew_ppm = \"random\"", "skew_ppm = 3"),
            ("drift_per_s = 0.0", "drift_per_s = 2e-9"),
        ])
        let clock = description.bobClock(seed: 99)
        #expect(clock.offsetPS == -250 * Picoseconds.perMillisecond)
        #expect(abs(clock.skew - 3e-6) < 1e-18 && clock.driftPerSecond == 2e-9)
    }

    @Test("A detector without bias is blind; one at its working point counts its darks, at 4 sigma")
    func bias() async throws {
        let bench = try await open([("afterpulse_probability = 0.02", "afterpulse_probability = 0.0")])
        #expect(try await darkTags(bench, seconds: 0.2).isEmpty)
        let row = bench.description.detector
        try await bench.bob.detectors[2].setTemperature(celsius: row.temperatureCelsius)
        try await bench.bob.detectors[2].setBias(volts: row.biasVolts)
        try await bench.alice.clock.sleep(durationPS: BenchSetUp.biasSettlingPS)
        let tags = try await darkTags(bench, seconds: 2)
        #expect(Set(tags.keys) == [3], "input 3 is X0's")
        let expected = 2 * row.darkCountRateHz / (1 + row.darkCountRateHz * row.deadTimeUS * 1e-6)
        #expect(abs(Double(tags[3] ?? 0) - expected) < 4 * expected.squareRoot())
        await bench.close()
    }

    @Test("makeSafe is confirmed every time, however the tasks fall")
    func safeAgainAndAgain() async throws {
        let bench = try await open()
        for round in 1...5 {
            for detector in bench.bob.detectors { try await detector.setBias(volts: 20) }
            try await bench.alice.attenuator.setAttenuation(decibels: 2)
            #expect(await bench.makeSafeUncancelled() == [], "round \(round)")
            #expect(try await bench.alice.attenuator.attenuation() == 20)
        }
        await bench.close()
    }

    @Test("Where there is nothing to wait for, settling returns at once; a closed wire does not hang it")
    func settling() async throws {
        let bench = try await open()
        let world = try #require(bench.world)
        try await world.settle()
        try await world.settle()
        await bench.close()
    }

    @Test("The log has a line an event, with both times and the word emulated")
    func log() throws {
        let lines = LineKeeper()
        let log = EmulatorLog { lines.add($0) }
        log.write(.init(atPS: 1_234_567_890_123, text: "dark"), from: "alice-modulator")
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix(" bench 1.234567890 s alice-modulator emulated: dark"))
        #expect(line.split(separator: " ")[0].split(separator: ".")[1].count == 3)
        log.followWall(benchPS: 0)
        log.write(.init(atPS: 0, text: "a"), from: "r")
        log.write(.init(atPS: 2 * Picoseconds.perSecond, text: "b"), from: "r")
        let walls = lines.all.dropFirst().compactMap { $0.split(separator: " ").first.flatMap { Double($0) } }
        #expect(walls.count == 2 && abs(walls[1] - walls[0] - 2) < 0.0011, "in real time the event's own time counts")
    }

    @Test("Every symbol of the alphabet has its own line, and the weaker intensity its share")
    func alphabet() throws {
        let description = try EmulatedRunTests.bench()
        let alphabet = try description.alphabet()
        #expect(alphabet.count == PulseCode.count)
        let optics = MachZehnderModulator(
            vPiVolts: description.modulator.vPiVolts, extinctionRatioDB: description.modulator.extinctionRatioDB)
        for (index, symbol) in alphabet.enumerated() {
            let code = PulseCode(rawValue: UInt8(index))
            switch code.intensity {
            case .vacuum: #expect(symbol == ModulationSymbol(lines: 0, analogVolts: 0))
            case .signal, .decoy:
                #expect(symbol.lines == 1 << UInt8(code.state.index))
                let share = optics.transmittance(driveVolts: symbol.analogVolts, biasErrorVolts: 0)
                #expect(abs(share - (code.intensity == .signal ? 1 : 0.4)) < 1e-9)
            }
        }
    }
}
