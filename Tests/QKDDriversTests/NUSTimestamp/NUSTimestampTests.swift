import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct NUSTimestampTests {
    private static let id = "nus-fx2-timestamp"

    @Test func keepsTheRulesOfDrivers() async throws {
        let conformance = try DriverConformance(
            of: NUSTimestampCard.self, states: [.init("tagging") { _ = try await $0.startTagging() }]
        ) {
            await DriverRig(usb: NUSTimestampEmulator()) {
                NUSTimestampCard(connection: $0, clock: $1)
            } hazard: { _, _ in
                nil
            }
        }
        #expect(await conformance.run() == [])
    }

    @Test(arguments: try ProtocolPages().transcript(id).scenes)
    func emulatorIsHeldToTheTranscript(scene: Transcript.Scene) async {
        #expect(await TranscriptRunner.play(scene, of: Self.id, toUSB: NUSTimestampEmulator()) == [])
    }

    @Test(arguments: try ProtocolPages().transcript(id).scenes)
    func driverIsHeldToTheTranscript(scene: Transcript.Scene) async {
        let findings = await TranscriptRunner.playUSB(scene, of: Self.id) { connection, clock in
            let device = NUSTimestampCard(connection: connection, clock: clock)
            switch scene.name {
            case "open": #expect(try await device.open().firmware == "FX2 revision 4")
            case "a run":
                _ = try await device.startTagging()
                try await device.stopTagging()
            case "make safe": try await device.makeSafe()
            default: Issue.record("nobody plays '\(scene.name)'")
            }
        }
        #expect(findings == [])
    }

    /// Worked out by hand from process_quads in readevents3.c, with the phase table i >> 5.
    @Test func eventsDecodeAsTheSourceDoes() {
        var decoder = TimestampDecoder(.synthetic)
        // Fast counter 3, below 17: the slow counter 0x1FF becomes 0x200 with a carry into cv. Input bit 2.
        let early: [UInt8] = [0xF0, 0x47, 0x00, 0xFF, 0x01, 0x00, 0x00, 0x00]
        // Fast counter 17, slow counter 0x200, phase 0, input bits 0 and 1.
        let late: [UInt8] = [0x00, 0x22, 0x03, 0x00, 0x02, 0x00, 0x00, 0x00]
        let void = [UInt8](repeating: 0, count: 8)
        // The part of an event at the end of a transfer waits for the rest.
        var batch = decoder.decode(early + void + late.prefix(3))
        batch.append(decoder.decode(Array(late.dropFirst(3))))
        let times: [Int64] = [0x4003F, 0x40110, 0x40110].map { $0 * 125 }
        #expect(batch.times == times)
        #expect(batch.channels == [3, 1, 2])
        #expect(decoder.statistics.fillers == 1)
        #expect(decoder.statistics.tags == 3)
    }

    @Test func everyTimeGoesThereAndBack() {
        for ticks: Int64 in [0, 1, 15, 16, 271, 272, 511, 512, 0x1FFFF, 0x1_2345_6789_ABCD, 1 << 49 - 1] {
            let (dv, cv) = TimestampEvent.encode(ticks: ticks, inputs: 9, pattern: UInt16(ticks & 0xF) << 5)
            let event = TimestampPhase.synthetic.fine.withUnsafeBufferPointer {
                TimestampEvent.decode(dv: dv, cv: cv, $0.baseAddress!)
            }
            #expect(event?.ticks == ticks && event?.inputs == 9)
        }
    }

    @Test func theCounterMayStartAgain() {
        var decoder = TimestampDecoder(.synthetic)
        func bytes(_ ticks: Int64) -> [UInt8] {
            let (dv, cv) = TimestampEvent.encode(ticks: ticks, inputs: 1, pattern: UInt16(ticks & 0xF) << 5)
            return dv.littleBytes + cv.littleBytes
        }
        let end: Int64 = 1 << 49
        let batch = decoder.decode([end - 5, 3, 2].flatMap(bytes))
        let times: [Int64] = [end - 5, end + 3, end + 2].map { $0 * 125 }
        #expect(batch.times == times)
    }

    @Test func aPhaseTableIsLookedAt() {
        #expect(throws: QKDError.self) { try TimestampPhase([1, 2, 3]) }
        #expect(throws: QKDError.self) { try TimestampPhase([UInt8](repeating: 16, count: 512)) }
    }

    private static func open() async throws -> (
        card: NUSTimestampCard, emulator: NUSTimestampEmulator, port: USBPort, clock: ManualClock
    ) {
        let clock = ManualClock()
        let emulator = NUSTimestampEmulator()
        let port = USBPort(emulator, clock: clock)
        let connection = await USBLoopback.open(port, clock: clock)
        let card = NUSTimestampCard(connection: connection, clock: clock)
        _ = try await card.open()
        // As an emulated bench does: the time stands still until the reader has what there is.
        await clock.follow { _ in try? await connection.settle() }
        return (card, emulator, port, clock)
    }

    private static func collect(_ stream: TagStream) -> Task<TagBatch, any Error> {
        Task {
            var all = TagBatch()
            for try await batch in stream { all.append(batch) }
            return all
        }
    }

    @Test func pulsesBecomeTags() async throws {
        let (card, emulator, _, clock) = try await Self.open()
        let tags = Self.collect(try await card.startTagging())
        let times = (1...5000).map { Int64($0) * 1_000_000 }
        let channels = times.map { UInt8($0 / 1_000_000 % 4) + 1 }
        for start in stride(from: 0, to: times.count, by: 500) {
            await emulator.inject(
                timesPS: Array(times[start..<start + 500]), channels: Array(channels[start..<start + 500]),
                upToPS: times[start + 499])
            await clock.advance(byPS: 500_000_000)
        }
        try await card.stopTagging()
        let all = try await tags.value
        #expect(all.times == times && all.channels == channels && all.holes.isEmpty)
        #expect(await card.taggerStatistics().tags == 5000)
    }

    @Test func anOverflowLeavesAHole() async throws {
        let (card, emulator, _, clock) = try await Self.open()
        let tags = Self.collect(try await card.startTagging())
        // More than the FIFO takes, at a moment, with a host that has not asked since.
        let times = (1...10_000).map { Int64($0) * 1000 }
        await emulator.inject(timesPS: times, channels: times.map { _ in 1 }, upToPS: 10_000_000)
        await clock.advance(byPS: Picoseconds.perMillisecond)
        try await card.stopTagging()
        let all = try await tags.value
        #expect(all.count + (await emulator.lostEvents) == 10_000)
        #expect(await emulator.lostEvents > 5000)
        #expect(all.holes.map(\.cause) == [.deviceOverflow])
        #expect(try await card.health().verdict == .degraded)
    }

    @Test func unplugEndsTheStream() async throws {
        let (card, emulator, port, clock) = try await Self.open()
        let tags = Self.collect(try await card.startTagging())
        await emulator.inject(
            timesPS: (1...64).map { $0 * 1_000_000 }, channels: Array(repeating: 2, count: 64), upToPS: 65_000_000)
        await clock.advance(byPS: Picoseconds.perMillisecond)
        await port.unplug()
        do {
            _ = try await tags.value
            Issue.record("the stream ended as if nothing had happened")
        } catch let error as QKDError {
            #expect(error.kind == .disconnected)
        }
        #expect(await card.taggerStatistics().tags == 64)
        await card.close()
    }
}
