import QKDCore
import QKDPhysics

/// Brings a bench from whatever state it is in to the one from which frames can be played.
enum BenchSetUp {
    /// After the last bias step, before light is counted.
    static let biasSettlingPS = 200 * Picoseconds.perMillisecond

    /// Dark first; then bias at null, attenuation, and the detectors at their working point.
    static func prepare(_ bench: Bench) async throws {
        try await bench.alice.modulator.makeSafe()
        try await bench.alice.bias?.lockToNull()
        try await bench.alice.attenuator.setAttenuation(decibels: bench.description.variableAttenuationDB)
        try await waitUntilSettled(bench)
        try await setDetectors(bench)
        try await bench.alice.clock.sleep(durationPS: Self.biasSettlingPS)
    }

    /// In lockstep one after the other, because the order of commands is part of what makes a run
    /// repeatable; on the wall's clock at once, because ramps take seconds.
    private static func setDetectors(_ bench: Bench) async throws {
        let row = bench.description.detector
        @Sendable func set(_ detector: any PhotonDetector) async throws {
            try await detector.setTemperature(celsius: row.temperatureCelsius)
            try await detector.setBias(volts: row.biasVolts)
        }
        guard !bench.isLockstep else {
            for detector in bench.bob.detectors { try await set(detector) }
            return
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for detector in bench.bob.detectors { group.addTask { try await set(detector) } }
            try await group.waitForAll()
        }
    }

    private static func waitUntilSettled(_ bench: Bench) async throws {
        for _ in 0..<100 {
            if try await bench.alice.attenuator.isSettled() { return }
            try await bench.alice.clock.sleep(durationPS: 50 * Picoseconds.perMillisecond)
        }
        throw QKDError(.timeout, "the attenuator does not settle")
    }

    /// Seed of Bob's choices among double clicks: of the emulation's seed, or from the system.
    static func bobSeed(_ bench: Bench) -> [UInt8] {
        func fill(_ generator: inout some RandomNumberGenerator) -> [UInt8] {
            (0..<KeyedGenerator.seedBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
        if bench.isLockstep {
            var generator = SeededGenerator(seed: bench.seed, stream: "bob double clicks")
            return fill(&generator)
        }
        var generator = SystemRandomNumberGenerator()
        return fill(&generator)
    }
}

extension BenchDescription {
    /// What the pulser puts out for each pulse code.
    ///
    /// The vacuum raises no line: no laser fires. The weaker intensity is the signal through the modulator.
    public func alphabet() throws -> [ModulationSymbol] {
        let optics = MachZehnderModulator(vPiVolts: modulator.vPiVolts, extinctionRatioDB: modulator.extinctionRatioDB)
        let signal = intensities[.signal]?.mean ?? 1
        return try (0..<PulseCode.count).map { index in
            let code = PulseCode(rawValue: UInt8(index))
            let mean = intensities[code.intensity]?.mean ?? 0
            guard mean > 0, let line = roles[.aliceModulator]?.map[code.state] else {
                return ModulationSymbol(lines: 0, analogVolts: 0)
            }
            return ModulationSymbol(
                lines: 1 << UInt8(line), analogVolts: try optics.driveVolts(forTransmittance: mean / signal))
        }
    }
}
