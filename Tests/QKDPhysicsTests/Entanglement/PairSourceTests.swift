import QKDCore
import QKDPhysics
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Pair source")
struct PairSourceTests {
    static func parameters(seed: UInt64 = 7) -> PairSourceParameters {
        var alice = PairParty(transmittance: 0.25, zProbability: 0.5)
        var bob = PairParty(transmittance: 0.1, zProbability: 0.8)
        for index in 0..<4 {
            alice.detectors[index].delayPS = Double(index) * 100
            bob.detectors[index].backgroundRateHz = 1_000 * Double(index)
        }
        return PairSourceParameters(pairRateHz: 200_000, visibilities: [0.94, 0.9], alice: alice, bob: bob, seed: seed)
    }

    /// Pairs of tags nearer than `windowPS`/2 to `shiftPS`, all of them.
    static func coincidences(_ tags: PairTags, windowPS: Int64, shiftPS: Int64 = 0) -> [(a: UInt8, b: UInt8)] {
        var found: [(a: UInt8, b: UInt8)] = []
        var head = 0
        for (index, time) in tags.alice.times.enumerated() {
            while head < tags.bob.count, 2 * (tags.bob.times[head] - time - shiftPS) < -windowPS { head += 1 }
            var next = head
            while next < tags.bob.count, 2 * (tags.bob.times[next] - time - shiftPS) < windowPS {
                found.append((tags.alice.channels[index], tags.bob.channels[next]))
                next += 1
            }
        }
        return found
    }

    @Test("Singles are B η + darks + background, on each detector")
    func singles() throws {
        let seconds = 1.0 * Double(Statistics.scale)
        var simulator = try PairSourceSimulator(Self.parameters())
        let tags = simulator.run(seconds: seconds)
        for channel in 1...4 {
            let a = tags.alice.channels.count { $0 == UInt8(channel) }
            #expect(Statistics.isPlausible(a, mean: (200_000 * 0.25 / 4 + 500) * seconds))
            let share = channel <= 2 ? 0.4 : 0.1
            let b = tags.bob.channels.count { $0 == UInt8(channel) }
            #expect(Statistics.isPlausible(b, mean: (20_000 * share + 500 + 1_000 * Double(channel - 1)) * seconds))
        }
        #expect(simulator.truth.tags == [tags.alice.count, tags.bob.count])
    }

    @Test("Coincidences, accidentals and errors follow the formulas")
    func coincidenceFormulas() throws {
        let seconds = 2.0 * Double(Statistics.scale)
        var simulator = try PairSourceSimulator(Self.parameters())
        let tags = simulator.run(seconds: seconds)
        let truth = simulator.truth
        #expect(Statistics.isPlausible(truth.detectedPairs, mean: 200_000 * 0.025 * seconds))
        #expect(Statistics.isPlausible(truth.sameBasis[0], mean: 5_000 * 0.4 * seconds))
        #expect(Statistics.isPlausible(truth.sameBasis[1], mean: 5_000 * 0.1 * seconds))
        for basis in 0..<2 {
            let probability = [0.03, 0.05][basis]
            let count = Double(truth.sameBasis[basis])
            let sigma = Statistics.binomialSigma(trials: count, probability: probability)
            #expect(abs(Double(truth.errors[basis]) - count * probability) < 4 * sigma)
        }
        // 4 ns hold all of a peak of 150 ps jitter and 300 ps of delays.
        let found = Self.coincidences(tags, windowPS: 4_000)
        let rateA = 52_000.0
        let rateB = 28_000.0
        let accidentals = rateA * rateB * 4e-9 * seconds
        #expect(Statistics.isPlausible(found.count, mean: Double(truth.detectedPairs) + accidentals))
        let shifted = Self.coincidences(tags, windowPS: 40_000, shiftPS: 1_000_000)
        #expect(Statistics.isPlausible(shifted.count, mean: 10 * accidentals))
        let wrong = found.count { ($0.a, $0.b) == (1, 2) || ($0.a, $0.b) == (2, 1) }
        let accidental12 = accidentals * (2 * 8_500 + 1_000) / rateB / 4
        #expect(Statistics.isPlausible(wrong, mean: 5_000 * 0.4 * 0.03 * seconds + accidental12))
    }

    @Test("Other bases give uniform outcomes, other angles E = ± V cos 2(a − b)", arguments: [0, 1])
    func correlations(state: Int) throws {
        var parameters = Self.parameters()
        parameters.state = PairSourceParameters.PairState.allCases[state]
        parameters.bob.anglesDegrees = [22.5, 90]
        parameters.visibilities = [0.9, 0.9]
        var simulator = try PairSourceSimulator(parameters)
        let found = Self.coincidences(simulator.run(seconds: 2 * Double(Statistics.scale)), windowPS: 4_000)
        let sign = state == 0 ? 1.0 : -1.0
        let ideal = [[(0.5).squareRoot(), -1], [(0.5).squareRoot(), 0]]
        for a in 0..<2 {
            for b in 0..<2 {
                let pairs = found.filter { Int($0.a - 1) / 2 == a && Int($0.b - 1) / 2 == b }
                let equal = pairs.count { ($0.a - 1) % 2 == ($0.b - 1) % 2 }
                let value = 2 * Double(equal) / Double(pairs.count) - 1
                // Accidentals, at most 6 counts of the thousand, have E = 0.
                let expected = sign * 0.9 * ideal[a][b]
                let sigma = ((1 - expected * expected) / Double(pairs.count)).squareRoot()
                #expect(abs(value - expected) < 4 * sigma + 0.006)
            }
        }
    }

    @Test("Any cut into calls gives the same tags, in order")
    func cuts() throws {
        var parameters = Self.parameters()
        parameters.alice.ghost = GhostModel(probability: 0.1, delayPS: 35_000)
        parameters.bobClock = ClockModel(offsetPS: -5_000_000, skew: 20e-6, driftPerSecond: 1e-8)
        var whole = try PairSourceSimulator(parameters)
        let reference = whole.run(seconds: 0.05)
        var cut = try PairSourceSimulator(parameters)
        var alice = TagBatch()
        var bob = TagBatch()
        var generator = SeededGenerator(seed: 3)
        var timePS: Int64 = 0
        while timePS < 50 * Picoseconds.perMillisecond {
            timePS = min(50 * Picoseconds.perMillisecond, timePS + Int64(generator.uniform() * 3e6))
            let tags = cut.advance(toPS: timePS)
            alice.append(tags.alice)
            bob.append(tags.bob)
        }
        let rest = cut.finish()
        alice.append(rest.alice)
        bob.append(rest.bob)
        #expect(zip(alice.times, alice.times.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(zip(bob.times, bob.times.dropFirst()).allSatisfy { $0 <= $1 })
        // Which candidate gets which jitter depends on the order of drawing, which is that of the pairs.
        #expect(alice == reference.alice)
        #expect(bob == reference.bob)
    }

    @Test("Dead time, ghosts and ticks")
    func electronics() throws {
        var parameters = Self.parameters()
        for index in 0..<4 { parameters.alice.detectors[index].deadTimePS = 5_000_000 }
        parameters.bob.ghost = GhostModel(probability: 0.2, delayPS: 35_000)
        parameters.bob.tickPS = 3.90625
        var simulator = try PairSourceSimulator(parameters)
        let seconds = 1.0 * Double(Statistics.scale)
        let tags = simulator.run(seconds: seconds)
        var last = [Int64](repeating: .min / 2, count: 5)
        var shortest = Int64.max
        for (time, channel) in zip(tags.alice.times, tags.alice.channels) {
            shortest = min(shortest, time - last[Int(channel)])
            last[Int(channel)] = time
        }
        #expect(shortest >= 5_000_000)
        // Non-paralysable: r = R/(1 + R τ); renewal variance is smaller than Poisson's.
        let rate = 4 * 13_000 / (1 + 13_000 * 5e-6)
        #expect(Statistics.isPlausible(tags.alice.count, mean: rate * seconds))
        let clicks = Double(tags.bob.count - simulator.truth.ghosts[1])
        let sigma = Statistics.binomialSigma(trials: clicks, probability: 0.2)
        #expect(abs(Double(simulator.truth.ghosts[1]) - 0.2 * clicks) < 4 * sigma)
        #expect(
            tags.bob.times.allSatisfy { Int64((Double((Double($0) / 3.90625).rounded()) * 3.90625).rounded()) == $0 })
    }

    @Test("Bob's tags are on his clock, detectors' delays and jitter as stated")
    func clockAndJitter() throws {
        var parameters = Self.parameters()
        parameters.bobClock = ClockModel(offsetPS: 730_000_000_000, skew: 7.3e-6, driftPerSecond: 2e-9)
        var simulator = try PairSourceSimulator(parameters)
        var tags = simulator.run(seconds: 2)
        for index in tags.bob.times.indices {
            tags.bob.times[index] = parameters.bobClock.benchTime(ofReadingPS: tags.bob.times[index])
        }
        var head = 0
        var differences: [[Double]] = Array(repeating: [], count: 4)
        for (index, time) in tags.alice.times.enumerated() {
            while head < tags.bob.count, tags.bob.times[head] < time - 1_500 { head += 1 }
            if head < tags.bob.count, tags.bob.times[head] < time + 1_000 {
                differences[Int(tags.alice.channels[index]) - 1].append(Double(tags.bob.times[head] - time))
            }
        }
        let sigma = 150 * 2.0.squareRoot() / 2.354_82
        for index in 0..<4 {
            let near = differences[index].filter { abs($0 + Double(index) * 100) < 500 }
            let (mean, variance) = Statistics.moments(near)
            let count = Double(near.count)
            // Some accidental pairs in ± 500 ps are flat: at most 3 of 2500 here.
            #expect(abs(mean + Double(index) * 100) < 4 * sigma / count.squareRoot() + 1)
            #expect(abs(variance / (sigma * sigma) - 1) < 4 * (2 / count).squareRoot() + 0.03)
        }
    }

    @Test("Impossible figures are refused, with the field")
    func refusals() {
        let changes: [(String, (inout PairSourceParameters) -> Void)] = [
            ("transmittance", { $0.alice.transmittance = 1.1 }),
            ("zProbability", { $0.bob.zProbability = -0.1 }),
            ("detectors", { $0.bob.detectors.removeLast() }),
            ("darkCountRateHz", { $0.bob.detectors[2].darkCountRateHz = -1 }),
            ("visibilities", { $0.visibilities = [1] }),
            ("pairRateHz", { $0.pairRateHz = .nan }),
            ("bobClock", { $0.bobClock.skew = 0.1 }),
            ("ghost.delayPS", { $0.alice.ghost = GhostModel(probability: 0.1, delayPS: 0) }),
            ("tickPS", { $0.alice.tickPS = 0 }),
        ]
        for (field, change) in changes {
            var parameters = Self.parameters()
            change(&parameters)
            #expect {
                _ = try PairSourceSimulator(parameters)
            } throws: { error in
                (error as? QKDError)?.kind == .outOfRange && (error as? QKDError)?.place?.field == field
            }
        }
    }
}
