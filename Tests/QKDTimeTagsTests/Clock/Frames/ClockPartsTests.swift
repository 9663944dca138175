import QKDCore
import Testing

@testable import QKDTimeTags

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The steps of the lock, each against a slow way of doing the same.
@Suite("Clock, step by step")
struct ClockPartsTests {
    private static let map: [UInt8: BB84State] = Dictionary(
        uniqueKeysWithValues: BB84State.all.map { (UInt8($0.index), $0) })

    private func clicks(_ times: [Int64], _ detectors: [UInt8]? = nil) -> ClickList {
        ClickList(
            times: times[...], channels: (detectors ?? [UInt8](repeating: 0, count: times.count))[...],
            detectors: Self.map, startPS: .min, endPS: .max)
    }

    @Test("The transform is the discrete Fourier transform of the padded input", arguments: [1, 2, 8, 60, 64])
    func fft(count: Int) throws {
        var random = SceneRandom(seed: UInt64(count))
        let input = (0..<(count + 1) / 2).map { _ in Phasor(Float(random.uniform()), Float(random.uniform())) }
        guard let fft = ForwardFFT.planned(count: count) else {
            Issue.record("no plan for \(count) points")
            return
        }
        let output = fft.transform(input)
        #expect(output.count == count)
        for bin in 0..<count {
            var (real, imaginary) = (0.0, 0.0)
            for (index, value) in input.enumerated() {
                let angle = -2 * Double.pi * Double(bin * index) / Double(count)
                real += Double(value.x) * cos(angle) - Double(value.y) * sin(angle)
                imaginary += Double(value.x) * sin(angle) + Double(value.y) * cos(angle)
            }
            #expect(abs(Double(output[bin].x) - real) < 1e-4 && abs(Double(output[bin].y) - imaginary) < 1e-4)
        }
        for impossible in [0, -1, 1 << 25] {
            if ForwardFFT.planned(count: impossible) != nil { Issue.record("a plan for \(impossible) points") }
        }
    }

    @Test("Clicks come sorted, mapped, cut to the stretch, each once")
    func clickList() {
        let list = ClickList(
            times: [9, 3, 3, 3, 7, 5, 3, 10][...], channels: [1, 0, 2, 0, 3, 77, 0, 1][...], detectors: Self.map,
            startPS: 3, endPS: 10)
        #expect(list.times == [3, 3, 7, 9])
        #expect(list.detectors == [0, 2, 3, 1])
        #expect(list.range(fromPS: 4, toPS: 9) == 2..<3)
        #expect(list.range(fromPS: 9, toPS: 4).isEmpty)
        #expect(clicks([]).count == 0)
    }

    @Test("The fold finds skew and phase, and no rhythm in noise", arguments: [-49e-6, -20e-6, 0, 1e-6, 20e-6, 49e-6])
    func fold(skew: Double) throws {
        var random = SceneRandom(seed: 3)
        let phase = 12_345.0
        let pulses = (0..<3_000).map { _ in random.below(200_000) }.sorted()
        let list = clicks(pulses.map { Int64(phase + Double($0) * 100_000 * (1 + skew)) })
        let rhythm = try #require(
            PeriodFold().rhythm(
                of: list, in: 0..<list.count, referencePS: 0, resolutionPS: 0, slotPeriodPS: 100_000,
                skews: -50e-6...50e-6))
        // A twentieth of a cycle over the 20 ms.
        #expect(abs(rhythm.skew - skew) < 0.05 / 200_000)
        #expect(abs(rhythm.pulsePS - phase) < 5_000)
        #expect(rhythm.power > 1_000)
        let noise = clicks((0..<3_000).map { _ in Int64(random.below(20_000_000_000)) }.sorted())
        let none = try #require(
            PeriodFold().rhythm(
                of: noise, in: 0..<noise.count, referencePS: 0, resolutionPS: 0, slotPeriodPS: 100_000,
                skews: -50e-6...50e-6))
        #expect(none.power < 30)
    }

    @Test("The envelope proposes every frame's start, and one whose beginning is lost")
    func envelope() {
        var random = SceneRandom(seed: 8)
        var times: [Int64] = []
        let (length, gap) = (10_000_000_000.0, 1_000_000_000.0)
        let starts = [2e9, 13.2e9, 24.9e9]
        for (index, start) in starts.enumerated() {
            var time = start + (index == 2 ? 0.4 * length : 0)
            while time < start + length {
                times.append(Int64(time))
                time += random.exponential(mean: 1e7)
            }
        }
        times += (0..<100).map { _ in Int64(random.below(40_000_000_000)) }
        let list = clicks(times.sorted())
        let envelope = LightEnvelope(list, startPS: 0, endPS: 40_000_000_000, gapPS: Int64(gap))
        let found = envelope.candidates(lengthPS: length, fromPS: 0, toPS: 40_000_000_000)
        for start in starts {
            #expect(found.contains { abs(Double($0.startPS) - start) < 2.5 * Double(envelope.binPS) })
        }
        #expect(found.count <= 8)
        // Whole frames have two edges and come first.
        #expect(Set(found.prefix(2).map { ($0.startPS + 1_000_000_000) / 11_000_000_000 }).count == 2)
        #expect(found[1].contrast > 1.5 * (found.last?.contrast ?? 0))
        #expect(
            envelope.candidates(lengthPS: length, fromPS: 3_000_000_000, toPS: 12_000_000_000)
                .allSatisfy { $0.startPS > 2_800_000_000 && $0.startPS < 12_200_000_000 })
    }

    @Test("The evidence of every start is the sum over pairs")
    func evidence() {
        var random = SceneRandom(seed: 31)
        let disclosed = (0..<60).map {
            DisclosedSlot(slot: UInt32($0 * 9 + random.below(9)), code: PulseCode(rawValue: UInt8(random.below(12))))
        }
        var search = FrameSearch(
            nominalStartPS: 0, uncertaintyPS: 0, slots: 540, slotPeriodPS: 1_000, disclosed: disclosed,
            detectors: Self.map, resolutionPS: 1)
        search.relativeMeans = [0.5, 0.1, 0]
        let likelihood = CodeLikelihood(search, backgroundShare: 0.02)
        let times = (0..<200).map { _ in Int64(random.below(600_000) - 30_000) }.sorted()
        let list = clicks(times, times.map { _ in UInt8(random.below(4)) })
        let line = PulseLine(referencePS: -7, interceptPS: 3.5, periodPS: 1_000)
        let hits = PulseClicks(list, in: 0..<list.count, line: line, halfWidthPS: 300, resolutionPS: 1)
        let reach = 25
        let sums = hits.evidence(disclosed: disclosed, likelihood: likelihood, reach: reach)
        var once = Set<[Int]>()
        var slow = [Double](repeating: 0, count: 2 * reach + 1)
        for index in 0..<list.count {
            // The middle of [t, t+1) on a line through -3.5.
            let position = list.times[index] + 4
            let pulse = Int((Double(position) / 1_000).rounded())
            guard abs(position - 1_000 * Int64(pulse)) <= 300 else { continue }
            let detector = Int(list.detectors[index])
            guard once.insert([pulse, detector]).inserted else { continue }
            for entry in disclosed where abs(pulse - Int(entry.slot)) <= reach {
                slow[pulse - Int(entry.slot) + reach] += likelihood.logRatio[Int(entry.code.rawValue) * 4 + detector]
            }
        }
        #expect(zip(sums, slow).allSatisfy { abs($0 - $1) < 1e-9 })
        #expect(slow.contains { $0 != 0 })
    }

    @Test("A likelihood ratio has the mean 1 over the disclosed codes, and favours what fits")
    func likelihood() {
        let disclosed = (0..<300).map { DisclosedSlot(slot: $0, code: PulseCode(rawValue: UInt8(($0 * 7) % 11))) }
        let search = FrameSearch(
            nominalStartPS: 0, uncertaintyPS: 0, slots: 300, slotPeriodPS: 1_000, disclosed: disclosed,
            detectors: Self.map, resolutionPS: 1)
        let table = CodeLikelihood(search, backgroundShare: 0.01).logRatio
        for detector in 0..<4 {
            let mean = disclosed.reduce(0.0) { $0 + exp(table[Int($1.code.rawValue) * 4 + detector]) } / 300
            #expect(abs(mean - 1) < 1e-12)
            let state = BB84State(index: detector)
            func ratio(_ other: BB84State, _ intensity: Intensity) -> Double {
                table[Int(PulseCode(other, intensity).rawValue) * 4 + detector]
            }
            let flipped = BB84State(state.basis, state.bit ^ 1)
            let crossed = BB84State(state.basis == .z ? .x : .z, 0)
            #expect(
                ratio(state, .signal) > ratio(crossed, .signal) && ratio(crossed, .signal) > ratio(flipped, .signal))
            #expect(ratio(state, .signal) > ratio(state, .decoy) && ratio(state, .decoy) > ratio(state, .vacuum))
        }
    }

    @Test("The edges' probabilities sum to 1 and hold the true start in a narrow stretch")
    func edges() {
        var random = SceneRandom(seed: 6)
        let (slots, lit, truth) = (20_000, 0.01, 137)
        var pulses = (0..<slots).compactMap { random.uniform() < lit ? $0 + truth : nil }
        pulses += [truth - 3_000, truth + slots + 2_500]
        pulses.sort()
        let prior = EdgePrior(pulses: pulses, slots: slots, reach: 1_000, gapSlots: 4_000, lit: lit, dark: lit / 500)
            .logProbability
        #expect(abs(prior.reduce(0) { $0 + exp($1) } - 1) < 1e-9)
        // Nothing is lost against knowing only that the start lies within 2001 places, and most often five nats won.
        #expect(prior[truth + 1_000] > -log(800.0))
        #expect(prior[truth + 1_000] > prior[truth + 400] + 2 && prior[truth + 1_000] > prior[truth + 1_700] + 2)
        #expect(logSumExp([]) == -.infinity)
        #expect(abs(logSumExp([1_000, 1_000]) - 1_000 - log(2.0)) < 1e-12)
    }

    @Test("The line through exact clicks is exact, and renumbering moves nothing")
    func line() {
        let times = stride(from: 0, to: 5_000, by: 37).map { Int64(1_000_000 + 333 + $0 * 2_003) }
        let list = clicks(times)
        var line = PulseLine(referencePS: 1_000_000, interceptPS: 320, periodPS: 2_003.01)
        for _ in 0..<3 {
            line = line.residuals(of: list, in: 0..<list.count, halfWidthPS: 200, resolutionPS: 0).fitted
        }
        #expect(abs(line.periodPS - 2_003) < 1e-9 && abs(line.interceptPS - 333) < 1e-6)
        let sums = line.residuals(of: list, in: 0..<list.count, halfWidthPS: 200, resolutionPS: 0, pulses: 0..<371)
        #expect(sums.inside == 11 && sums.far == 0 && sums.squares < 1e-9)
        let moved = line.renumbered(from: -4)
        #expect(moved.interceptPS >= 0 && moved.interceptPS < 1)
        let back = Double(moved.referencePS - line.referencePS) + moved.interceptPS + 4 * line.periodPS
        #expect(abs(back - line.interceptPS) < 1e-6)
    }

    @Test("A flat background is taken off the second moment")
    func background() {
        var random = SceneRandom(seed: 15)
        let signal = (0..<4_000).map { _ in Int64(random.below(10_000)) * 10_000 + Int64(random.gaussian(sigma: 100)) }
        let flat = (0..<8_000).map { _ in Int64(random.below(100_000_000)) }
        let list = clicks((signal + flat).sorted())
        let line = PulseLine(referencePS: 0, interceptPS: 0, periodPS: 10_000)
        let sums = line.residuals(of: list, in: 0..<list.count, halfWidthPS: 500, resolutionPS: 0)
        let squares = sums.meanSquare(halfWidthPS: 500, line)
        // 800 background clicks in the window: their second moment is 500²/3 a click, its spread 0.3 of that each.
        let fromFlat = (800.0 * 1.8).squareRoot() * 500 * 500 / 3 / 4_000
        let fromSignal = 10_000 * (2.0 / 4_000).squareRoot()
        let tolerance = 5 * (fromFlat + fromSignal)
        #expect(abs(squares.signal - 10_000) < tolerance)
        #expect(squares.plain > squares.signal + tolerance)
        #expect(abs(sums.backgroundPerPS(line) - 0.8) < 5 * (6_000.0).squareRoot() / 7_500)
    }
}
