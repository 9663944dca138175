import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("TDC1 driver on its emulator")
struct SFifteenTDC1Tests {
    /// A driver on a fresh emulator. The line's quiet is short: nothing here is slow.
    struct Bench {
        let emulator: SFifteenTDC1Emulator
        let clock = ManualClock()
        let link: EmulatorLink
        let device: SFifteenTDC1

        init(
            options: SFifteenTDC1.Options = Bench.quick, idleRead: EmulatorLink.IdleRead = .waits,
            settings: SFifteenTDC1Emulator.Settings = .init()
        ) async {
            emulator = SFifteenTDC1Emulator(settings: settings)
            link = await EmulatorLink(emulator, clock: clock, idleRead: idleRead)
            device = SFifteenTDC1(transport: link, clock: clock, options: options)
        }

        static var quick: SFifteenTDC1.Options {
            var options = SFifteenTDC1.Options()
            options.quiet = .milliseconds(2)
            options.silence = .milliseconds(20)
            return options
        }

        /// Fires edges and lets the world's clock go as far as the tagger's.
        func fire(_ times: [Int64], _ channels: [UInt8], upToPS: Int64) async {
            await emulator.inject(timesPS: times, channels: channels, upToPS: upToPS)
            await clock.advance(byPS: upToPS - (await clock.nowPS))
        }
    }

    /// Collects a whole stream.
    private func collect(_ stream: TagStream) async throws -> TagBatch {
        var whole = TagBatch()
        for try await batch in stream { whole.append(batch) }
        return whole
    }

    @Test("it opens a device that an earlier user left streaming")
    func openStreaming() async throws {
        let bench = await Bench()
        _ = await bench.emulator.receive(Array("timestamp;time 0;counts?\n".utf8), nowPS: 0)
        await bench.fire([10_000, 20_000], [1, 2], upToPS: 1_000_000_000_000)
        let identity = try await bench.device.open()
        #expect(identity.model == "TDC1" && identity.isEmulated)
        #expect(identity.serialNumber == "EMULATED-1")
        #expect(try await bench.device.value(of: "mode") == .text("timestamp"))
    }

    @Test("tags of a run: all of them, in order, the last packet too")
    func run() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        let stream = try await bench.device.startTagging()
        let all = Task { try await collect(stream) }
        var events = TDC1TestEvents(seed: 3)
        var (times, channels): ([Int64], [UInt8]) = ([], [])
        for _ in 0..<10 {
            let more = events.edges(333, meanGapPS: 2_000_000)
            times += more.times
            channels += more.channels
            await bench.fire(more.times, more.channels, upToPS: events.nowPS)
        }
        try await bench.device.stopTagging()
        let batch = try await all.value
        #expect(zip(batch.times, batch.channels).map { [$0, Int64($1)] } == taggedEdges(times, channels))
        #expect(batch.holes.isEmpty)
        let statistics = await bench.device.taggerStatistics()
        #expect(statistics.tags == batch.count && statistics.resyncs == 0)
        #expect(try await bench.device.health().verdict == .healthy)
    }

    @Test("a second run starts where the first has ended, with a stream of its own")
    func secondRun() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        for round in 1...2 {
            let stream = try await bench.device.startTagging()
            let start = Int64(round) * 10_000_000
            await bench.fire([start, start + 50_000], [1, 2], upToPS: start + 1_000_000)
            try await bench.device.stopTagging()
            #expect(try await collect(stream).times == [start, start + 50_000])
        }
    }

    @Test("while tagging, everything else is refused, and a second stream as well")
    func refusedWhileTagging() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        let stream = try await bench.device.startTagging()
        for attempt in 0..<4 {
            let error = await #expect(throws: QKDError.self) {
                switch attempt {
                case 0: _ = try await bench.device.startTagging()
                case 1: _ = try await bench.device.value(of: "threshold")
                case 2: _ = try await bench.device.singles(gateMS: 10)
                default: _ = try await bench.device.open()
                }
            }
            #expect(error?.kind == .refused)
        }
        try await bench.device.makeSafe()
        #expect(try await collect(stream).isEmpty)
        #expect(try await bench.device.value(of: "threshold") == .number(-0.5))
    }

    @Test("a silence has the device send the packet that it holds")
    func silence() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        var batches = try await bench.device.startTagging().makeAsyncIterator()
        await bench.fire([4_000, 8_000], [1, 2], upToPS: 1_000_000)
        #expect(try await batches.next()?.times == [4_000, 8_000])
        try await bench.device.stopTagging()
        #expect(try await batches.next() == nil)
    }

    @Test("a device that stays silent for too long on both clocks is lost")
    func lost() async throws {
        var options = Bench.quick
        options.silence = .milliseconds(2)
        options.silenceLimit = 4
        let bench = await Bench(options: options)
        _ = try await bench.device.open()
        let stream = try await bench.device.startTagging()
        await bench.emulator.inject(.stall)
        try await Task.sleep(for: .milliseconds(40))
        #expect(await bench.device.session != nil)  // the bench's clock stands still: nothing is lost yet
        await bench.clock.advance(byPS: Picoseconds.perSecond)
        let error = await #expect(throws: QKDError.self) { _ = try await collect(stream) }
        #expect(error?.kind == .timeout)
        #expect(await bench.device.session == nil)
    }

    @Test("a wire that breaks ends the stream with its error")
    func disconnected() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        let stream = try await bench.device.startTagging()
        bench.link.inject(.cut)
        await bench.fire((1...100).map { $0 * 10_000 }, [UInt8](repeating: 1, count: 100), upToPS: 2_000_000)
        let error = await #expect(throws: QKDError.self) { _ = try await collect(stream) }
        #expect(error?.kind == .disconnected)
        try await bench.device.stopTagging()  // it has stopped already
        await bench.device.close()
    }

    @Test("two lost bytes: a hole, a count, and a finding")
    func lostBytes() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        let stream = try await bench.device.startTagging()
        var events = TDC1TestEvents(seed: 4)
        let first = events.edges(500, meanGapPS: 1_000_000)
        await bench.fire(first.times, first.channels, upToPS: events.nowPS)
        await bench.emulator.inject(.loseBytes(2))
        let second = events.edges(500, meanGapPS: 1_000_000)
        await bench.fire(second.times, second.channels, upToPS: events.nowPS)
        try await bench.device.stopTagging()
        let batch = try await collect(stream)
        #expect(batch.holes.map(\.cause) == [.misalignment])
        #expect(batch.count > 980 && batch.count < 1_000)
        #expect(await bench.device.taggerStatistics().resyncs == 1)
        #expect(try await bench.device.health().verdict == .degraded)
    }

    @Test("a last packet that comes after the quiet is neither lost nor taken for the status")
    func lateLastPacket() async throws {
        let emulator = SFifteenTDC1Emulator()
        let clock = ManualClock()
        let wire = FaultInjectingTransport(await EmulatorLink(emulator, clock: clock, idleRead: .waits), faults: [])
        let device = SFifteenTDC1(transport: wire, clock: clock, options: Bench.quick)
        _ = try await device.open()
        let stream = try await device.startTagging()
        await emulator.inject(
            timesPS: (1...10).map { $0 * 10_000 }, channels: .init(repeating: 2, count: 10), upToPS: 200_000)
        wire.setFaults([.delay(Bench.quick.quiet * 10)])
        try await device.stopTagging()
        let batch = try await collect(stream)
        #expect(batch.times == (1...10).map { $0 * 10_000 } && batch.holes.isEmpty)
    }

    @Test("an overflow shows as a hole at the end and in the health")
    func overflow() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        let stream = try await bench.device.startTagging()
        await bench.emulator.inject(.overflow(records: 3))
        await bench.fire((1...10).map { $0 * 10_000 }, [UInt8](repeating: 2, count: 10), upToPS: 200_000)
        try await bench.device.stopTagging()
        let batch = try await collect(stream)
        #expect(batch.count == 7)
        #expect(batch.holes == [TagHole(beforeIndex: 7, cause: .deviceOverflow, afterPS: 100_000)])
        #expect(try await bench.device.health().verdict == .degraded)
        #expect(try await bench.device.value(of: "buffer-overflowed") == .flag(true))
    }

    @Test("a slow consumer: what finds no room is counted, and a hole stands where it was")
    func slowConsumer() async throws {
        var options = Bench.quick
        options.queuedBatches = 2
        let bench = await Bench(options: options)
        _ = try await bench.device.open()
        var batches = try await bench.device.startTagging().makeAsyncIterator()
        for round in Int64(1)...6 {
            await bench.fire([round * 1_000_000], [1], upToPS: round * 1_000_000 + 500_000)
            // One batch a silence: the device is made to send the packet that it holds.
            let deadline = ContinuousClock.now + .seconds(2)
            while await bench.device.taggerStatistics().tags < round, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        #expect(await bench.device.taggerStatistics().droppedBatches == 4)
        #expect(try await batches.next()?.times == [1_000_000])
        #expect(try await batches.next()?.times == [2_000_000])
        await bench.fire([9_000_000], [2], upToPS: 10_000_000)
        try await bench.device.stopTagging()
        let last = try await batches.next()
        #expect(last?.times == [9_000_000])
        #expect(last?.holes == [TagHole(beforeIndex: 0, cause: .consumerTooSlow, afterPS: 2_000_000)])
        #expect(try await batches.next() == nil)
        #expect(try await bench.device.health().findings == ["4 batches were dropped"])
    }

    @Test("a stream whose end is lost ends with an error")
    func lostEnd() async throws {
        let (stream, continuation) = TagStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        var session = TDC1Session(number: 1, continuation: continuation)
        session.deliver(TagBatch(times: [1], channels: [1]))
        session.deliver(TagBatch(times: [2], channels: [1]))
        session.finish(throwing: nil)
        var whole = TagBatch()
        let error = await #expect(throws: QKDError.self) {
            for try await batch in stream { whole.append(batch) }
        }
        #expect(error?.kind == .dataLoss)
        #expect(whole.times == [1] && session.statistics.droppedBatches == 1)
    }

    @Test("a consumer that gives the stream up stops the device")
    func abandoned() async throws {
        let bench = await Bench()
        _ = try await bench.device.open()
        do {
            let stream = try await bench.device.startTagging()
            await bench.fire((1...100).map { $0 * 10_000 }, [UInt8](repeating: 1, count: 100), upToPS: 2_000_000)
            for try await _ in stream { break }
        }
        let deadline = ContinuousClock.now + .seconds(2)
        while await bench.device.session != nil, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(await bench.device.session == nil)
        #expect(await bench.emulator.gate == nil)
    }

    @Test("singles and pairs count for a gate of the bench's time")
    func counts() async throws {
        let bench = await Bench(idleRead: .passesTime)
        _ = try await bench.device.open()
        // From 40 ms on three edges come with every step of the clock; a gate is one step.
        await bench.clock.follow { nowPS in
            guard nowPS >= 40 * Picoseconds.perMillisecond else { return }
            await bench.emulator.inject(timesPS: [1_000, 1_500, 9_000], channels: [1, 3, 2], upToPS: 10_000)
        }
        #expect(try await bench.device.singles(gateMS: 30) == [0, 0, 0, 0])
        try await bench.device.set("gate", to: .integer(25))
        #expect(try await bench.device.value(of: "gate") == .integer(25))
        let before = await bench.clock.nowPS
        #expect(try await bench.device.value(of: "pairs-2-4") == .integer(0))
        #expect(await bench.clock.nowPS - before >= 25 * Picoseconds.perMillisecond)
        for gateMS in [0, 65_536] {
            let error = await #expect(throws: QKDError.self) { try await bench.device.singles(gateMS: gateMS) }
            #expect(error?.kind == .outOfRange)
        }
    }

    @Test("two callers at once get their own answers")
    func concurrentCallers() async throws {
        let bench = await Bench(idleRead: .passesTime)
        _ = try await bench.device.open()
        async let threshold = bench.device.value(of: "threshold")
        async let clockInUse = bench.device.value(of: "clock-in-use")
        async let mode = bench.device.value(of: "mode")
        async let overflowed = bench.device.value(of: "buffer-overflowed")
        #expect(try await threshold == .number(-0.5))
        #expect(try await clockInUse == .text("0"))
        #expect(try await mode == .text("singles"))
        #expect(try await overflowed == .flag(false))
    }

    @Test("thresholds and the reference clock are set in the device's words")
    func settings() async throws {
        let bench = await Bench(idleRead: .passesTime)
        _ = try await bench.device.open()
        try await bench.device.set("threshold", to: .number(-0.0625))
        let sent = await bench.emulator.thresholdVolts
        #expect(abs(sent + 0.0625) < 0.0006)  // three decimals go over the wire
        try await bench.device.set("threshold", to: .integer(2))
        #expect(try await bench.device.value(of: "threshold") == .number(2))
        try await bench.device.set("threshold-preset", to: .text("NIM"))
        #expect(await bench.emulator.thresholdVolts == -0.5)
        try await bench.device.set("clock-source", to: .text("internal"))
        #expect(await bench.emulator.referenceChoice == 2)
    }
}
