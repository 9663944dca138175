import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite struct ExchangeQueueTests {
    /// One question and its line of answer, with the patience of a loaded machine.
    private static func ask(_ queue: ExchangeQueue, _ question: String) async throws -> String {
        try await queue.run { reader, transport in
            try await transport.write(Array((question + "\n").utf8))
            let line = try await reader.line(endingWith: [0x0A], timeout: .seconds(10))
            return String(decoding: line, as: UTF8.self)
        }
    }

    @Test func whatLiesOnTheWireIsNobodysAnswer() async throws {
        let (host, device) = LoopbackTransport.pair()
        let queue = ExchangeQueue(host)
        try await device.write(Array("stale\n".utf8))
        async let answer = Self.ask(queue, "who")
        #expect(try await device.read(timeout: .seconds(10)) == Array("who\n".utf8))
        try await device.write(Array("me\nand more".utf8))
        #expect(try await answer == "me")
        async let next = Self.ask(queue, "again")
        #expect(try await device.read(timeout: .seconds(10)) == Array("again\n".utf8))
        try await device.write(Array("still me\n".utf8))
        #expect(try await next == "still me")
    }

    @Test func afterAFailureTheWireHasToBeQuiet() async throws {
        let transport = Listener()
        let queue = ExchangeQueue(transport)
        #expect(try await Self.ask(queue, "one") == "x")
        transport.fails = true
        await expectError(.timeout) { _ = try await Self.ask(queue, "two") }
        transport.fails = false
        #expect(try await Self.ask(queue, "three") == "x")
        #expect(try await Self.ask(queue, "four") == "x")
        // The first read of each exchange looks for what was left: briefly, but after a failure for a while.
        let looks = transport.timeouts.filter { $0 <= ExchangeQueue.quietAfterFailure }
        #expect(looks.map { $0 > .zero } == [false, false, true, false])
    }

    /// Answers every question with `x`, unless it fails, and notes how long it was listened to.
    private final class Listener: ByteTransport, @unchecked Sendable {
        let endpoint = "listener"
        let counters = TransportCounters()
        var fails = false
        var timeouts: [Duration] = []
        private var isAsked = false
        func write(_ bytes: [UInt8]) async throws { isAsked = true }
        func read(timeout: Duration) async throws -> [UInt8] {
            timeouts.append(timeout)
            let answers = isAsked && !fails
            isAsked = false
            guard answers else { throw QKDError(.timeout, "nothing") }
            return [0x78, 0x0A]
        }
        func close() async {}
    }

    @Test func exchangesTakeTurnsInTheOrderOfAsking() async throws {
        let (host, device) = LoopbackTransport.pair()
        let queue = ExchangeQueue(host)
        let answering = Task {
            var reader = ByteReader(device)
            var order: [String] = []
            while order.count < 20 {
                let line = try await reader.line(endingWith: [0x0A], timeout: .seconds(10))
                order.append(String(decoding: line, as: UTF8.self))
                // Were a second question on the wire already, it would have been asked out of turn.
                #expect(device.counters.received == order.reduce(0) { $0 + $1.utf8.count + 1 })
                try await device.write(line + [0x0A])
            }
            return order
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask { try await Self.ask(queue, "q\(index)") == "q\(index)" }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
        #expect(Set(try await answering.value).count == 20)
    }

    @Test func aCancelledCallerDoesNotStart() async throws {
        let (host, device) = LoopbackTransport.pair()
        let queue = ExchangeQueue(host)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await Self.ask(queue, "never")
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(device.counters.received == 0)
        // And the queue is free afterwards.
        async let answer = Self.ask(queue, "now")
        #expect(try await device.read(timeout: .seconds(10)) == Array("now\n".utf8))
        try await device.write([0x79, 0x0A])
        #expect(try await answer == "y")
    }

    @Test func aCallerCancelledOnTheWayStillHearsItsAnswer() async throws {
        let (host, device) = LoopbackTransport.pair()
        let queue = ExchangeQueue(host)
        let task = Task { try await Self.ask(queue, "begun") }
        #expect(try await device.read(timeout: .seconds(10)) == Array("begun\n".utf8))
        task.cancel()
        try await device.write(Array("done\n".utf8))
        #expect(try await task.value == "done")
    }

    @Test func aDeviceThatNeverStopsTalkingIsGivenUp() async throws {
        var reader = ByteReader(Babbler())
        do {
            try await reader.drain(quiet: .milliseconds(1), limit: 10_000)
            Issue.record("a babbler was waited out")
        } catch let error as QKDError {
            #expect(error.kind == .protocolViolation)
        }
    }

    /// Always has something to say.
    private final class Babbler: ByteTransport {
        let endpoint = "babbler"
        let counters = TransportCounters()
        func write(_ bytes: [UInt8]) async throws {}
        func read(timeout: Duration) async throws -> [UInt8] { Array(repeating: 0x42, count: 999) }
        func close() async {}
    }

    @Test func discardingCountsWhatItThrowsAway() async throws {
        let (host, device) = LoopbackTransport.pair()
        try await device.write(Array(repeating: 1, count: 70))
        var reader = ByteReader(host)
        #expect(try await reader.drain(quiet: .zero) == 70)
        #expect(try await reader.drain(quiet: .zero) == 0)
        await device.close()
        do {
            try await reader.drain(quiet: .zero)
            Issue.record("a closed wire is not quiet")
        } catch let error as QKDError {
            #expect(error.kind == .disconnected)
        }
    }
}

@Suite struct WireFaultTests {
    @Test func silenceSwallowsAnswersAndEndsWhenTold() async throws {
        let clock = ManualClock()
        let link = await EmulatorLink(ToyEmulator(), clock: clock)
        link.inject(.silent)
        try await link.write(Array("L?\n".utf8))
        await expectError(.timeout) { _ = try await link.read(timeout: .milliseconds(30)) }
        #expect(await clock.nowPS == 30 * Picoseconds.perMillisecond)
        link.inject(nil)
        try await link.write(Array("L?\n".utf8))
        #expect(try await link.read(timeout: .zero) == Array("0\n".utf8))
    }

    @Test func garbageIsTheSameInEveryRunAndNeverASCIIText() async throws {
        var runs: [[UInt8]] = []
        for _ in 0..<2 {
            let link = await EmulatorLink(ToyEmulator(), clock: ManualClock())
            link.inject(.garbage)
            try await link.write([0x41])
            try await link.write([0x42])
            runs.append(try await link.read(timeout: .zero))
        }
        #expect(runs[0] == runs[1])
        #expect(runs[0].count == 52)
        #expect(Array(runs[0][..<26]) != Array(runs[0][26...]))
        #expect(runs[0].allSatisfy { $0 >= 0x80 || $0 == 0x0D || $0 == 0x0A })
    }

    @Test func aCutGivesHalfAnAnswerAndThenNothingEver() async throws {
        let link = await EmulatorLink(ToyEmulator(), clock: ManualClock())
        link.inject(.cut)
        try await link.write(Array("I?\n".utf8))
        #expect(try await link.read(timeout: .seconds(1)) == Array("TOY EM".utf8))
        await expectError(.disconnected) { _ = try await link.read(timeout: .seconds(1)) }
        await expectError(.disconnected) { try await link.write([0x0A]) }
        #expect(link.counters.written == 3)
    }
}
