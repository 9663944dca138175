import QKDCore
import Testing

@testable import QKDBench

/// A bench whose tagger and random source are on USB.
@Suite struct USBBenchTests {
    private static func bench() throws -> BenchDescription {
        let text = try BenchDescription.load("bb84-loopback").text
            .replacing("crypta-labs-qcicada", with: "idq-quantis-usb")
            .replacing("sfifteen-tdc1", with: "nus-fx2-timestamp")
        return try BenchDescription.parse(text, name: "usb")
    }

    @Test(arguments: [
        ("usb", RoleDescription.Address.usb(serialNumber: nil, socket: nil)),
        ("usb:A:1", .usb(serialNumber: "A:1", socket: nil)), ("usb:@1-2.3", .usb(serialNumber: nil, socket: "1-2.3")),
    ])
    func addressesGoThereAndBack(text: String, address: RoleDescription.Address) {
        #expect(RoleDescription.Address(text) == address)
        #expect(address.text == text)
    }

    @Test(arguments: ["usb:", "usb:@", "gpio:", "gpio:chip0"])
    func badAddressesAreRefused(text: String) { #expect(RoleDescription.Address(text) == nil) }

    @Test func opensReadsAndIsMadeSafe() async throws {
        let bench = try await Bench.open(try Self.bench(), seed: 3, time: .lockstep)
        #expect(bench.identities[.aliceRandom]?.serialNumber == "EMULATED-3")
        #expect(bench.identities[.bobTagger]?.isEmulated == true)
        #expect(try await bench.alice.random.randomBytes(48).count == 48)
        #expect(await bench.makeSafe() == [])
        await bench.close()
    }

    @Test func runsAreRepeatable() async throws {
        var times: [[Int64]] = []
        for _ in 0..<2 {
            let bench = try await Bench.open(try Self.bench(), seed: 5, time: .lockstep)
            for detector in bench.bob.detectors {
                try await detector.setTemperature(celsius: bench.description.detector.temperatureCelsius)
                try await detector.setBias(volts: bench.description.detector.biasVolts)
            }
            let stream = try await bench.bob.tagger.startTagging()
            let collecting = Task {
                var all = TagBatch()
                for try await batch in stream { all.append(batch) }
                return all
            }
            try await bench.alice.clock.sleep(durationPS: 200 * Picoseconds.perMillisecond)
            try await bench.bob.tagger.stopTagging()
            times.append(try await collecting.value.times)
            await bench.close()
        }
        // Dark counts of four detectors for 0.2 s: 480 expected.
        #expect(times[0].count > 300 && times[0] == times[1])
    }
}
