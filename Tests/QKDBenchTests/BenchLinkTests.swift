import QKDCore
import QKDDistillation
import QKDPhysics
import Testing

@testable import QKDBench

/// A bench as a link for plans.
struct BenchLinkTests {
    @Test func whatTheFileStates() throws {
        let bench = try BenchDescription.load("bb84-loopback")
        let link = bench.rateLink(factor: 1.04)
        // 10 % behind 2 dB; 600 dark counts a second and a fiftieth of afterpulses, of which windows of 4 in 100 ns see as much.
        #expect(abs(link.decoys.receiverEfficiency - 0.0630957) < 1e-6)
        #expect(abs(link.decoys.darkProbability - 2.4e-6) < 1e-12)
        #expect(abs(link.decoys.afterpulseProbability - 8e-4) < 1e-12)
        #expect(link.decoys.misalignment == 0.015 && abs(link.decoys.deadTimeS - 5.05e-6) < 1e-12)
        // Frames of 100 ms with 10 ms between, and one slot in a hundred disclosed.
        #expect(abs(link.decoys.pulseRateHz - 9e6) < 1)
        #expect(bench.usualProof == .limLiteral && abs(link.weakest - 0.5e-4) < 1e-9)
    }

    /// The plan counts what the emulation's closed forms count, detectors live.
    @Test func gainsAreTheExpectedOnes() throws {
        let bench = try BenchDescription.load("bb84-ideal")
        let link = bench.rateLink(factor: 1.04).decoys
        let lossDB = link.lossDB(km: bench.channel.lengthKM)
        let session = try BB84Expectation(bench.linkModel(resolutionPS: 2000))
        for (intensity, sent) in bench.intensities where sent.mean > 0 {
            let planned = link.gains(mean: sent.mean, lossDB: lossDB).gain
            #expect(abs(planned / session.gainLive(intensity) - 1) < 0.01, "\(intensity)")
        }
    }
}
