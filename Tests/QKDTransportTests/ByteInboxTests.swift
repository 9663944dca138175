import QKDCore
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ByteInboxTests {
    @Test func takesAllThatArrivedAtOnce() async throws {
        let inbox = ByteInbox(endpoint: "e")
        inbox.deliver([1, 2])
        inbox.deliver([])
        inbox.deliver([3])
        #expect(try await inbox.take(timeout: .zero) == [1, 2, 3])
        #expect(inbox.receivedCount == 3)
        #expect(await failureKind { _ = try await inbox.take(timeout: .zero) } == .timeout)
    }

    @Test func aWaitingReaderGetsTheNextBytes() async throws {
        let inbox = ByteInbox(endpoint: "e")
        for round: UInt8 in 0..<50 {
            async let taken = inbox.take(timeout: .seconds(5))
            if round % 2 == 0 { try await Task.sleep(for: .microseconds(200)) }
            inbox.deliver([round])
            #expect(try await taken == [round])
        }
        #expect(inbox.receivedCount == 50)
    }

    @Test func aWaitTimesOutAndTheNextOneWorks() async throws {
        let inbox = ByteInbox(endpoint: "e")
        let start = ContinuousClock.now
        #expect(await failureKind { _ = try await inbox.take(timeout: .milliseconds(30)) } == .timeout)
        #expect(ContinuousClock.now - start >= .milliseconds(30))
        #expect(await failureKind { _ = try await inbox.take(timeout: .milliseconds(-1)) } == .timeout)
        inbox.deliver([9])
        #expect(try await inbox.take(timeout: .seconds(1)) == [9])
    }

    @Test func theTimerOfAnEarlierWaitDoesNotEndALaterOne() async throws {
        for round in 1...5 {
            let inbox = ByteInbox(endpoint: "e")
            async let first = inbox.take(timeout: .milliseconds(40))
            try await Task.sleep(for: .milliseconds(round))
            inbox.deliver([1])
            // On a busy machine the first wait may have run out: its bytes are the second's then.
            let early = try? await first
            async let second = inbox.take(timeout: .seconds(5))
            try await Task.sleep(for: .milliseconds(60))
            inbox.deliver([2])
            #expect(try await second == (early == nil ? [1] : [2]))
        }
    }

    @Test func cancellationBeforeAWaitEndsItAtOnce() async throws {
        let inbox = ByteInbox(endpoint: "e")
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await isCancelled { _ = try await inbox.take(timeout: .seconds(30)) }
        }
        task.cancel()
        #expect(await task.value)
        inbox.deliver([1])
        #expect(try await inbox.take(timeout: .seconds(1)) == [1])
    }

    @Test func cancellationDuringAWaitEndsIt() async throws {
        let inbox = ByteInbox(endpoint: "e")
        for round in 0..<20 {
            let task = Task { await isCancelled { _ = try await inbox.take(timeout: .seconds(30)) } }
            if round > 0 { try await Task.sleep(for: .microseconds(round * 50)) }
            task.cancel()
            #expect(await task.value)
        }
        inbox.deliver([4])
        #expect(try await inbox.take(timeout: .seconds(1)) == [4])
    }

    @Test func bytesBeforeACloseCanStillBeRead() async throws {
        let inbox = ByteInbox(endpoint: "e")
        inbox.deliver([1])
        #expect(!inbox.isClosed)
        inbox.close(QKDError(.protocolViolation, "odd"))
        #expect(inbox.isClosed)
        #expect(try await inbox.take(timeout: .zero) == [1])
        #expect(await failureKind { _ = try await inbox.take(timeout: .zero) } == .protocolViolation)
        #expect(await failureKind { _ = try await inbox.take(timeout: .seconds(5)) } == .protocolViolation)
    }

    @Test func aCloseEndsAWaitWithItsFailure() async throws {
        for failure in [nil, QKDError(.io, "broken", code: 5)] {
            let inbox = ByteInbox(endpoint: "e")
            async let kind = failureKind { _ = try await inbox.take(timeout: .seconds(30)) }
            try await Task.sleep(for: .milliseconds(5))
            inbox.close(failure)
            #expect(await kind == failure?.kind ?? .disconnected)
        }
    }

    @Test func theFirstCloseSaysWhy() async {
        let inbox = ByteInbox(endpoint: "here")
        inbox.close()
        inbox.close(QKDError(.io, "later"))
        #expect(inbox.disconnected == QKDError(.disconnected, "the connection is closed", at: .init("here")))
        let other = ByteInbox(endpoint: "here")
        other.close(QKDError(.io, "first"))
        other.close(QKDError(.busy, "second"))
        #expect(other.disconnected == QKDError(.io, "first"))
    }

    @Test func aFullInboxAsksItsSourceToStopAndToGoOn() async throws {
        let calls = Collected<Bool>()
        let inbox = ByteInbox(endpoint: "e") { calls.add($0) }
        inbox.deliver([UInt8](repeating: 1, count: ByteInbox.highWater))
        #expect(calls.values == [])
        inbox.deliver([2])
        inbox.deliver([3])
        #expect(calls.values == [true])
        #expect(try await inbox.take(timeout: .zero).count == ByteInbox.highWater + 2)
        #expect(try await eventually { calls.values == [true, false] })
        inbox.deliver([UInt8](repeating: 1, count: ByteInbox.highWater + 1))
        #expect(calls.values == [true, false, true])
    }

    @Test func bytesForAWaitingReaderAreNoPressure() async throws {
        let calls = Collected<Bool>()
        let inbox = ByteInbox(endpoint: "e") { calls.add($0) }
        async let taken = inbox.take(timeout: .seconds(5))
        try await Task.sleep(for: .milliseconds(20))
        inbox.deliver([UInt8](repeating: 1, count: ByteInbox.highWater + 1))
        #expect(try await taken.count == ByteInbox.highWater + 1)
        #expect(await failureKind { _ = try await inbox.take(timeout: .zero) } == .timeout)
        #expect(try await eventually { calls.values.last != true })
    }

    @Test func manyThreadsMayDeliver() async throws {
        let inbox = ByteInbox(endpoint: "e")
        async let all: Int = withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for byte: UInt8 in 0..<200 { inbox.deliver([byte]) } } }
            var total = 0
            while total < 1600 { total += try await inbox.take(timeout: .seconds(5)).count }
            try await group.waitForAll()
            return total
        }
        #expect(try await all == 1600)
        #expect(inbox.receivedCount == 1600)
    }
}
