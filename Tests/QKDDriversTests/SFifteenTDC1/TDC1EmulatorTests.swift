import QKDCore
import QKDTestKit
import Testing

@testable import QKDDrivers

@Suite("TDC1 emulator")
struct TDC1EmulatorTests {
    private let ms = Picoseconds.perMillisecond

    private func say(_ text: String, to emulator: SFifteenTDC1Emulator, nowPS: Int64 = 0) async -> String {
        String(decoding: await emulator.receive(Array(text.utf8), nowPS: nowPS), as: UTF8.self)
    }

    private func tags(_ bytes: [UInt8]) -> TagBatch {
        var decoder = TDC1Decoder()
        return decoder.decode(bytes, isPause: true)
    }

    @Test("commands in any case, chained, cut and with either line end")
    func separators() async {
        let emulator = SFifteenTDC1Emulator()
        #expect(await say("mode?\r\n", to: emulator) == "0\r\n")
        #expect(await say("PAIRS;Mode?;tiME 20;time?\n", to: emulator) == "1\r\n20\r\n")
        #expect(await say("timest", to: emulator) == "")
        #expect(await say("amp;mo", to: emulator) == "")
        #expect(await say("de?;", to: emulator) == "3\r\n")
        #expect(await say(" \r\n;;nonsense 3;level?\n", to: emulator) == "-0.5 V\r\n")
    }

    @Test("it owns up in its identity, with the unit's number")
    func identity() async {
        let emulator = SFifteenTDC1Emulator(settings: .init(unit: 7))
        let identity = await say("*idn?\n", to: emulator)
        #expect(identity.contains("TDC1") && identity.contains("EMULATED-7"))
    }

    @Test("the gate time prints as a signed 16-bit number, as on the device")
    func signedGate() async {
        let emulator = SFifteenTDC1Emulator()
        #expect(await say("time 40000;time?\n", to: emulator) == "-25536\r\n")
        #expect(await say("time 70000;time?\n", to: emulator) == "-25536\r\n")
    }

    @Test("singles and pairs come when the gate ends in the world's time")
    func gates() async {
        let emulator = SFifteenTDC1Emulator()
        #expect(await say("singles;time 100;counts?\n", to: emulator) == "")
        await emulator.inject(timesPS: [10, 2_500, 2_600, 9_000], channels: [1, 2, 4, 9], upToPS: 10_000)
        #expect(await emulator.advance(toPS: 100 * ms - 1).isEmpty)
        #expect(await emulator.advance(toPS: 100 * ms) == Array("1 1 0 1\r\n".utf8))
        #expect(await say("pairs;counts?\n", to: emulator, nowPS: 200 * ms) == "")
        await emulator.inject(
            timesPS: [20_000, 20_100, 22_000, 24_100, 25_000], channels: [1, 3, 1, 2, 4], upToPS: 30_000)
        await emulator.inject(timesPS: [40_000, 40_001, 40_002], channels: [2, 3, 4], upToPS: 50_000)
        #expect(await emulator.advance(toPS: 300 * ms) == Array("2 2 2 2 1 0 1 2\r\n".utf8))
        #expect(await emulator.advance(toPS: 500 * ms).isEmpty)
    }

    @Test("edges of one tick are one word, also from one call to the next")
    func mergedTicks() async {
        let emulator = SFifteenTDC1Emulator()
        _ = await say("timestamp;time 0;counts?\n", to: emulator)
        await emulator.inject(timesPS: [2_000, 3_999, 4_000], channels: [1, 3, 2], upToPS: 5_000)
        await emulator.inject(timesPS: [5_999, 6_000], channels: [4, 1], upToPS: 7_000)
        let bytes = await emulator.receive(Array("inpkt\n".utf8), nowPS: 0)
        #expect(bytes.count == 8)  // tick 3 is not over yet
        #expect(tags(bytes).times == [2_000, 2_000, 4_000, 4_000])
        #expect(tags(bytes).channels == [1, 3, 2, 4])
        #expect(await emulator.receive(Array("abort;inpkt\n".utf8), nowPS: 0).count == 4)
    }

    @Test("a packet of less than 64 bytes waits for its rest, for INPKT or for an answer")
    func packets() async {
        let emulator = SFifteenTDC1Emulator()
        _ = await say("timestamp;time 0;counts?\n", to: emulator)
        var events = TDC1TestEvents(seed: 1)
        let (times, channels) = events.edges(40, meanGapPS: 10_000_000)
        await emulator.inject(timesPS: times, channels: channels, upToPS: events.nowPS + 2_000)
        let full = await emulator.advance(toPS: 1)
        #expect(full.count == 128)
        #expect(await emulator.advance(toPS: 2).isEmpty)
        let rest = await emulator.receive(Array("INPKT\r\n".utf8), nowPS: 3)
        #expect(rest.count == 32)
        #expect(tags(full + rest).times == times.map { $0 / 2_000 * 2_000 })

        var settings = SFifteenTDC1Emulator.Settings()
        settings.holdsPartialPackets = false
        let eager = SFifteenTDC1Emulator(settings: settings)
        _ = await say("timestamp;time 0;counts?\n", to: eager)
        await eager.inject(timesPS: times, channels: channels, upToPS: events.nowPS + 2_000)
        #expect(await eager.advance(toPS: 1).count == 160)
    }

    @Test("a dummy after each 140 ms of the tagger's time without an edge")
    func dummies() async {
        let emulator = SFifteenTDC1Emulator()
        await emulator.advanceTagger(toPS: 1_000 * ms)
        _ = await say("timestamp;time 0;counts?\n", to: emulator)
        await emulator.advanceTagger(toPS: 1_139 * ms)
        #expect(await say("INPKT\n", to: emulator) == "")
        await emulator.advanceTagger(toPS: 1_420 * ms)
        let bytes = await emulator.receive(Array("INPKT\n".utf8), nowPS: 0)
        // 1.14, 1.28 and 1.42 s, modulo the wrap: words 0x10 in the flags.
        #expect(bytes.count == 12 && bytes[0] & 31 == 16 && bytes[4] & 31 == 16)
        var decoder = TDC1Decoder()
        _ = decoder.decode(bytes, isPause: true)
        #expect(decoder.statistics.fillers == 3)
        #expect(decoder.lastTimePS.map { ($0 - 1_420 * ms) % 268_435_456_000 } == 0)
    }

    @Test("with its clock on the world's time it sends dummies by itself")
    func followsWorld() async {
        var settings = SFifteenTDC1Emulator.Settings()
        settings.followsWorld = true
        settings.holdsPartialPackets = false
        let emulator = SFifteenTDC1Emulator(settings: settings)
        _ = await say("timestamp;time 0;counts?\n", to: emulator)
        #expect(await emulator.advance(toPS: 10_000 * ms).count == 71 * 4)
    }

    @Test("faults: lost bytes, overflow, a full buffer, a stall")
    func faults() async {
        var settings = SFifteenTDC1Emulator.Settings()
        settings.bufferByteCount = 1_000
        let emulator = SFifteenTDC1Emulator(settings: settings)
        _ = await say("timestamp;time 0;counts?\n", to: emulator)
        await emulator.inject(.loseBytes(2))
        await emulator.inject(timesPS: [10_000, 20_000], channels: [1, 2], upToPS: 30_000)
        #expect(await say("INPKT\n", to: emulator).utf8.count >= 6)
        #expect(await say("status?\n", to: emulator) == "0000 \r\n")
        await emulator.inject(.overflow(records: 1))
        await emulator.inject(timesPS: [40_000, 50_000], channels: [1, 2], upToPS: 60_000)
        #expect(tags(await emulator.receive(Array("INPKT\n".utf8), nowPS: 0)).times == [50_000])
        #expect(await say("status?\n", to: emulator) == "0010 \r\n")
        _ = await say("abort;counts?\n", to: emulator)
        #expect(await say("status?\n", to: emulator) == "0000 \r\n")
        let many = (0..<300).map { Int64($0) * 10_000 + 100_000 }
        await emulator.inject(timesPS: many, channels: many.map { _ in 1 }, upToPS: 4_000_000)
        #expect(await say("status?\n", to: emulator) == "0010 \r\n")
        await emulator.inject(.stall)
        #expect(await say("*IDN?\n", to: emulator) == "")
        await emulator.inject(.recover)
        #expect(await say("*IDN?\n", to: emulator).contains("TDC1"))
    }

    @Test("faults: what a stall misses is gone, the counter steps, a power cycle forgets")
    func stallStepAndPowerCycle() async {
        let emulator = SFifteenTDC1Emulator()
        _ = await say("TTL;timestamp;time 0;counts?\n", to: emulator)
        await emulator.inject(timesPS: [10_000], channels: [1], upToPS: 20_000)
        await emulator.inject(.sendRest)
        #expect(tags(await emulator.advance(toPS: 0)).times == [10_000])
        await emulator.inject(.stall)
        await emulator.inject(timesPS: [30_000], channels: [1], upToPS: 600 * Picoseconds.perMillisecond)
        await emulator.inject(.recover)
        let later = 600 * Picoseconds.perMillisecond + 4_000
        await emulator.inject(timesPS: [later], channels: [2], upToPS: later + 2_000)
        await emulator.inject(.clockStep(7_999))
        await emulator.inject(timesPS: [later + 10_000], channels: [3], upToPS: later + 20_000)
        let found = tags(await emulator.receive(Array("INPKT\n".utf8), nowPS: 0))
        // No dummy tells of the stall, and the step is cut to 2 ns.
        #expect(found.channels == [2, 3] && found.times[1] - found.times[0] == 16_000)
        await emulator.inject(.powerCycle)
        #expect(await say("level?\n", to: emulator) == "-0.5 V\r\n")
        #expect(await say("mode?\n", to: emulator) == "0\r\n")
        await emulator.inject(timesPS: [later + 30_000], channels: [1], upToPS: later + 40_000)
        #expect(await say("INPKT\n", to: emulator) == "")
    }

    @Test("its journal tells of starts and stops, once")
    func journal() async {
        let emulator = SFifteenTDC1Emulator()
        _ = await say("timestamp;time 0;counts?\n", to: emulator, nowPS: 5)
        _ = await say("abort\n", to: emulator, nowPS: 9)
        #expect(await emulator.takeEvents().map(\.atPS) == [5, 9])
        #expect(await emulator.takeEvents().isEmpty)
        _ = await say("singles;time 10;counts?\n", to: emulator, nowPS: 10)
        _ = await emulator.advance(toPS: 900 * ms)
        #expect(await emulator.takeEvents().map(\.atPS) == [10, 10 * ms + 10])
    }

    @Test("help is several lines, settings are kept and reset")
    func settings() async {
        let emulator = SFifteenTDC1Emulator()
        #expect(await say("help\n", to: emulator).split(separator: "\r\n").count > 1)
        #expect(await say("NEG -1.25;level?;TTL;level?\n", to: emulator) == "-1.25 V\r\n1.2 V\r\n")
        #expect(await say("REFCLK 2;REFCLK?;POS 9;level?\n", to: emulator) == "2\r\n1.2 V\r\n")
        #expect(await say("*RST;REFCLK?;level?;time?\n", to: emulator) == "0\r\n-0.5 V\r\n1000\r\n")
        #expect(await say("ECLOCK?\n", to: emulator) == "0\r\n")
    }
}
