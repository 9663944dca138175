import Foundation
import QKDCore
import QKDDistillation
import QKDPhysics

/// W6: raw keys made equal; W7: keys amplified; W8: the whole chain.
public enum DistillBenchmark {
    /// Frames of a binary symmetric channel.
    private static func frames(_ count: Int, bits: Int, errorRate: Double, seed: UInt64) -> [(
        alice: BitString, bob: BitString
    )] {
        var random = SeededGenerator(seed: seed, stream: "bsc \(bits) \(errorRate)")
        return (0..<count).map { _ in
            let words = (0..<(bits + 63) / 64).map { _ in random.next() }
            var noisy = words
            // Gaps between errors are geometric.
            var place = -1
            while true {
                place += 1 + Int(random.exponential() / -log1p(-errorRate))
                guard place < bits else { break }
                noisy[place >> 6] ^= 1 << UInt64(place & 63)
            }
            return (BitString(words: words, count: bits), BitString(words: noisy, count: bits))
        }
    }

    private static func entropy(_ frames: [(alice: BitString, bob: BitString)]) -> Double {
        frames.reduce(0) { sum, frame in
            let errors = Double(frame.alice.distance(to: frame.bob)) / Double(frame.alice.count)
            return sum + Double(frame.alice.count) * binaryEntropy(errors)
        }
    }

    /// W6: Cascade on frames of each size, and LDPC, both sides' work; with a flight, Cascade also over a round trip, `width` frames
    /// under way.
    public static func reconcile(
        _ stopwatch: Stopwatch, seed: UInt64, bits: Int, frames sizes: [Int],
        flight: (roundTrip: Duration, width: Int)?,
        withLDPC: Bool, progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("W6", seed: seed)
        for size in sizes {
            let orders = CascadeOrders(frameBits: size, seed: seed)
            for errorRate in [0.01, 0.03, 0.05] {
                progress("Cascade, frames of \(size) bits, \(errorRate * 100) %")
                let plan = CascadePlan(orders: orders, errorRate: errorRate)
                let count = max(1, bits / size)
                let made = frames(count, bits: size, errorRate: errorRate, seed: seed)
                let entropy = entropy(made)
                func time(_ name: String, _ roundTrip: Duration, _ width: Int) throws -> BenchmarkCase {
                    try stopwatch.time("\(name) \(size) \(errorRate * 100) %", items: count * size, "bits") {
                        let flight = CascadeFlight(plan: plan, roundTrip: roundTrip, width: width)
                        let outcome = try flight.run(made)
                        return [
                            "f": Double(outcome.revealed) / entropy, "unequal": Double(outcome.unequal),
                            "round_trips": Double(outcome.questions) / Double(count),
                        ]
                    }
                }
                report.cases.append(try time("cascade", .zero, 1))
                if let flight { report.cases.append(try time("delayed", flight.roundTrip, flight.width)) }
            }
        }
        for errorRate in withLDPC ? [0.02, 0.03, 0.04, 0.05] : [] {
            progress("LDPC, \(errorRate * 100) %")
            report.cases.append(try ldpc(stopwatch, seed, bits, errorRate))
        }
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }

    private static func ldpc(_ stopwatch: Stopwatch, _ seed: UInt64, _ bits: Int, _ errorRate: Double) throws
        -> BenchmarkCase
    {
        guard let plan = LDPCPlan(qber: errorRate) else {
            throw QKDError(.unsupported, "there is no code for \(errorRate)")
        }
        let count = max(1, bits / plan.payloadBits)
        let made = frames(count, bits: plan.payloadBits, errorRate: errorRate, seed: seed)
        let entropy = entropy(made)
        var encoder = LDPCEncoder()
        var decoder = LDPCDecoder()
        return try stopwatch.time(
            "ldpc \(plan.payloadBits) \(errorRate * 100) %", items: count * plan.payloadBits, "bits"
        ) {
            var random = PublicGenerator(seed: seed)
            var (failed, unequal) = (0, 0)
            for frame in made {
                let message = try encoder.message(for: frame.alice, plan: plan, using: &random)
                let found = try decoder.decode(frame.bob, message, qber: errorRate)
                failed += found == nil ? 1 : 0
                unequal += found.map { $0 == frame.alice ? 0 : 1 } ?? 0
            }
            return [
                "f": Double(plan.syndromeBits * count) / entropy, "failed": Double(failed),
                "unequal": Double(unequal), "frames": Double(count),
            ]
        }
    }

    /// W7: Toeplitz products n → n/2.
    public static func amplify(
        _ stopwatch: Stopwatch, seed: UInt64, sizes: [Int], progress: (String) -> Void = { _ in }
    ) throws -> BenchmarkReport {
        var report = stopwatch.report("W7", seed: seed)
        for size in sizes {
            progress("hashing \(size) bits")
            var random = SeededGenerator(seed: seed, stream: "toeplitz")
            let needed = ToeplitzHash.seedBits(inputBits: size, outputBits: size / 2)
            let input = BitString(words: (0..<(size + 63) / 64).map { _ in random.next() }, count: size)
            let hash = try ToeplitzHash(
                inputBits: size, outputBits: size / 2,
                seed: BitString(words: (0..<(needed + 63) / 64).map { _ in random.next() }, count: needed))
            report.cases.append(
                try stopwatch.time("toeplitz \(size)", items: size, "bits") {
                    let key = try hash.hash(input)
                    return ["ones": Double(key.words.reduce(0) { $0 + $1.nonzeroBitCount })]
                })
        }
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }

    /// W8: sifted keys of both sides to secret ones, at 2 % of errors.
    public static func chain(
        _ stopwatch: Stopwatch, seed: UInt64, bits: Int, workers: Int, method: ReconciliationMethod,
        progress: (String) -> Void = { _ in }
    ) async throws -> BenchmarkReport {
        var report = stopwatch.report("W8", seed: seed)
        progress("making \(bits) bits")
        let made = frames(1, bits: bits, errorRate: 0.02, seed: seed)[0]
        let input = DistillationInput(
            alice: made.alice, bob: made.bob, evidence: .comparison(bits: bits, errors: Int(0.02 * Double(bits))))
        var options = DistillationOptions()
        options.workers = workers
        options.method = method
        progress("distilling")
        report.cases.append(
            try await stopwatch.time("chain \(bits) \(method.rawValue)", items: bits, "bits") { [options] in
                var random = SeededGenerator(seed: seed, stream: "public")
                let result = try await Distiller(options).run(input, random: &random)
                return [
                    "secret_bits": Double(result.report.secretBits), "f": result.report.revealed.factor ?? 0,
                    "equal": result.alice == result.bob ? 1 : 0,
                ]
            })
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }
}
