import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

/// The USB drivers on whichever bus `QKD_USB_STAGE` names; see `TestBus`.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct USBDriverStageTests {
    private let clock = HostClock()

    @Test func quantisGivesTestedBytes() async throws {
        let plug = try await TestBus.current.plug(IDQuantisUSBEmulator(.init(seed: 11, unit: 31)), clock: clock)
        let device = IDQuantisUSB(connection: try await plug.open(), clock: clock)
        #expect(try await device.open().serialNumber == "EMULATED-31")
        #expect(try await device.selfTest().passed)
        let bytes = try await device.randomBytes(100_000)
        #expect(bytes.count == 100_000)
        #expect(Set(bytes).count == 256)
        try await device.makeSafe()
        await device.close()
        try await plug.unplug()
    }

    @Test func quantisPulledInMidReadIsDisconnected() async throws {
        let plug = try await TestBus.current.plug(IDQuantisUSBEmulator(.init(seed: 12, unit: 32)), clock: clock)
        let device = IDQuantisUSB(connection: try await plug.open(), clock: clock)
        _ = try await device.open()
        // Sixteen seconds' worth.
        let reading = Task { try await device.randomBytes(8 << 20) }
        try await Task.sleep(for: .milliseconds(300))
        try await plug.unplug()
        await expectError(.disconnected) { _ = try await reading.value }
        await expectError(.disconnected) { try await device.makeSafe() }
        await device.close()
    }

    /// A guest that shares its processors with a build pauses for longer than a device does.
    private static var patient: NUSTimestampCard.Options {
        var options = NUSTimestampCard.Options()
        options.quiet = .milliseconds(500)
        return options
    }

    /// Fires so many pulses, a thousand at a time, on the card's own clock.
    private static func fire(_ count: Int, at emulator: NUSTimestampEmulator) async throws -> [Int64] {
        let times = (1...count).map { Int64($0) * 1_000_000 }
        for start in stride(from: 0, to: count, by: 1000) {
            let part = Array(times[start..<min(start + 1000, count)])
            await emulator.inject(
                timesPS: part, channels: part.map { UInt8($0 / 1_000_000 & 3) + 1 }, upToPS: part.last ?? 0)
            try await Task.sleep(for: .milliseconds(5))
        }
        return times
    }

    @Test func theCardTagsEveryPulse() async throws {
        var settings = NUSTimestampEmulator.Settings(unit: 33)
        settings.watermark = 1 << 20
        settings.resetsCounter = false
        let emulator = NUSTimestampEmulator(settings: settings)
        let plug = try await TestBus.current.plug(emulator, clock: clock)
        let card = NUSTimestampCard(
            connection: try await plug.open(), clock: clock, options: Self.patient)
        _ = try await card.open()
        let tags = collectTags(try await card.startTagging())
        let times = try await Self.fire(20_000, at: emulator)
        try await card.stopTagging()
        let (all, error) = await tags.value
        #expect(error == nil && all.holes.isEmpty)
        #expect(all.times == times)
        #expect(try await card.health().verdict == .healthy)
        await card.close()
        try await plug.unplug()
    }

    @Test func aPulledCardIsFoundAgainByItsSerialNumber() async throws {
        var settings = NUSTimestampEmulator.Settings(unit: 34)
        settings.watermark = 1 << 20
        settings.resetsCounter = false
        let emulator = NUSTimestampEmulator(settings: settings)
        for round in 1...3 {
            let plug = try await TestBus.current.plug(emulator, clock: clock)
            let card = NUSTimestampCard(
                connection: try await plug.open(), clock: clock, options: Self.patient)
            #expect(try await card.open().serialNumber == "EMULATED-34")
            let tags = collectTags(try await card.startTagging())
            _ = try await Self.fire(4096, at: emulator)
            let limit = ContinuousClock.now + .seconds(60)
            while await card.taggerStatistics().tags < 2000, ContinuousClock.now < limit {
                try await Task.sleep(for: .milliseconds(20))
            }
            try await plug.unplug()
            let (all, error) = await tags.value
            #expect((error as? QKDError)?.kind == .disconnected, "round \(round): \(String(describing: error))")
            let statistics = await card.taggerStatistics()
            let lost = await emulator.lostEvents
            #expect(all.count > 1000, "round \(round): \(statistics), the card lost \(lost)")
            await card.close()
        }
    }
}
