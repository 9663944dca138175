import Foundation
import QKDCore
import QKDPhysics

/// Times a bench's physics alone: the light of fresh frames, without devices, wires or sifting.
public struct PhysicsStopwatch: Sendable {
    /// Optical pulse slots whose light was worked out, dark ones included.
    public private(set) var slots = 0
    /// Detector clicks that came of them.
    public private(set) var clicks = 0
    /// CPU time of one core, seconds; making the frames is not in it.
    public private(set) var cpuSeconds = 0.0
    /// Slots a second of CPU time.
    public var slotsPerSecond: Double { cpuSeconds > 0 ? Double(slots) / cpuSeconds : 0 }

    /// The tick of the waveforms, picoseconds.
    private static let tickPS: Int64 = 1000
    private static let unitVolts = 1e-3

    /// Plays at least `slots` slots of whole frames, each drawn anew from `seed`; throws as the bench's optics do.
    public static func run(_ bench: BenchDescription, seed: UInt64, slots: Int) throws -> PhysicsStopwatch {
        var generator = SeededGenerator(seed: seed, stream: "physics stopwatch")
        let choices = try AliceChoices(
            bench: bench,
            seed: (0..<KeyedGenerator.seedBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        let alphabet = try bench.alphabet()
        var optics = try BB84OpticsSimulator(bench.opticsParameters(seed: seed))
        optics.variableAttenuationDB = bench.variableAttenuationDB
        var stopwatch = PhysicsStopwatch()
        var frame = 0
        while stopwatch.slots < slots {
            try Task.checkCancellation()
            let codes = try choices.frame(index: frame, slots: bench.frames.slots).codes
            stopwatch.play(waveform(codes, alphabet, bench), on: &optics)
            stopwatch.slots += codes.count
            frame += 1
        }
        return stopwatch
    }

    private mutating func play(_ waveform: DriveWaveform, on optics: inout BB84OpticsSimulator) {
        let began = Self.cpuNow
        let startPS = optics.nowPS
        optics.apply(.play(waveform, runs: 1, final: .zero, atPS: startPS))
        let endPS = startPS + waveform.durationPS
        while optics.nowPS < endPS {
            clicks += optics.advance(toPS: min(optics.nowPS + EmulatedWorld.stepPS, endPS)).count
        }
        cpuSeconds += Self.cpuNow - began
    }

    /// A lit step and a dark one for each slot, as the pulser has them.
    private static func waveform(
        _ codes: [UInt8], _ alphabet: [ModulationSymbol], _ bench: BenchDescription
    ) -> DriveWaveform {
        let lit = UInt32(Int64(bench.source.electricalPulseNS) * Picoseconds.perNanosecond / tickPS)
        let slot = UInt32(bench.slotPeriodPS / tickPS)
        var ticks = [UInt32](repeating: lit, count: 2 * codes.count)
        var lines = [UInt8](repeating: 0, count: 2 * codes.count)
        var analog = [Int16](repeating: 0, count: 2 * codes.count)
        for (index, code) in codes.enumerated() {
            let symbol = alphabet[Int(code)]
            ticks[2 * index + 1] = slot - lit
            lines[2 * index] = symbol.lines
            analog[2 * index] = Int16((symbol.analogVolts / unitVolts).rounded())
        }
        return DriveWaveform(ticks: ticks, lines: lines, analog: analog, tickPS: tickPS, analogUnitVolts: unitVolts)
    }

    private static var cpuNow: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
