import Foundation
import QKDCore
import Testing

@testable import QKDBench

@Suite("A bench reached from outside")
struct OutsideBenchTests {
    @Test("The live bench leads to the standing emulators, and safe is safe")
    func liveBench() async throws {
        let description = try BenchDescription.load("bb84-loopback")
        let emulation = try await StandingEmulation.bench(
            description, seed: 1, address: "127.0.0.1", vendorPorts: false, log: EmulatorLog { _ in })
        let live = try BenchDescription.parse(emulation.liveBench(description.text), name: "live")
        #expect(!live.isEmulated)
        let bench = try await Bench.open(live, seed: 1, time: .lockstep)
        #expect(bench.world == nil && !bench.isLockstep)
        #expect(bench.isEmulated, "the devices say themselves that they are emulators")
        #expect(bench.identities.values.allSatisfy { $0.isEmulated })
        try await bench.alice.attenuator.setAttenuation(decibels: 3)
        #expect(await bench.makeSafe() == [])
        #expect(try await bench.alice.attenuator.attenuation() == 20)
        #expect(try await !bench.alice.modulator.isPlaying())
        await bench.close()
        await emulation.stop()
    }

    @Test("A lost bench ends a run with its error, and says what could not be confirmed safe")
    func lostBench() async throws {
        let folder = try TemporaryFolder()
        let description = try EmulatedRunTests.bench()
        let lines = LineKeeper()
        let emulation = try await StandingEmulation.bench(
            description, seed: 1, address: "127.0.0.1", vendorPorts: false, log: EmulatorLog { lines.add($0) })
        let live = try BenchDescription.parse(emulation.liveBench(description.text), name: "live")
        let bench = try await Bench.open(live, seed: 1, time: .lockstep)
        let options = RunOptions(durationPS: 30 * Picoseconds.perSecond, folder: folder.path + "/s")
        let run = Task { try await SessionRunner(bench: bench, options: options).run() }
        let deadline = ContinuousClock.now + .seconds(30)
        while !lines.all.contains(where: { $0.contains("frame started") }), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        await emulation.stop()
        let end = try await run.value
        #expect(end.failure != nil)
        let report = try #require(end.report)
        #expect(report.run.status == "failed")
        #expect(report.run.safetyFindings.contains { $0.contains("alice-modulator is not confirmed safe") })
        await bench.close()
    }

    @Test("A bench that is not there says which address, and leaves nothing open")
    func absent() async throws {
        var text = BenchParserTests.text
        text = text.replacingOccurrences(of: "address = \"emulated\"", with: "address = \"/dev/no-such-tty\"")
        let bench = try BenchDescription.parse(text, name: "absent")
        do {
            _ = try await Bench.open(bench, seed: 1, time: .real)
            Issue.record("a bench without devices was opened")
        } catch {
            let failure = try #require(error as? QKDError)
            #expect([.absent, .unsupported].contains(failure.kind))
        }
    }

    @Test("Two emulations cannot stand on the same vendor ports")
    func portsTaken() async throws {
        let one = try await StandingEmulation.device(
            "swabian-pulsestreamer-8-2", seed: 1, address: "127.0.0.93", vendorPorts: true, log: EmulatorLog { _ in })
        #expect(one.places.map(\.address) == ["127.0.0.93:8050:21328"])
        do {
            let two = try await StandingEmulation.device(
                "swabian-pulsestreamer-8-2", seed: 1, address: "127.0.0.93", vendorPorts: true,
                log: EmulatorLog { _ in })
            await two.stop()
            Issue.record("the same port was given twice")
        } catch {
            #expect((error as? QKDError)?.kind == .busy)
        }
        await one.stop()
    }
}
