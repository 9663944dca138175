import QKDCore
import QKDTransport

/// One run of tagging: the stream from the card, the decoder, and the bounded stream to the consumer.
struct TimestampSession {
    let number: Int
    let source: any USBInStream
    var decoder: TimestampDecoder
    var outlet: TagOutlet
    var reader: Task<Void, Never>?
    var transferLength: Int
    var lastWatchPS: Int64
    var wasFull = false

    var statistics: TaggerStatistics {
        var statistics = decoder.statistics
        statistics.droppedBatches = outlet.droppedBatches
        return statistics
    }

    mutating func take(_ bytes: [UInt8]) { outlet.deliver(decoder.decode(bytes)) }

    /// Makes transfers longer while one is ready as soon as it is asked for, and shorter when one takes more than 40 ms: few
    /// events wait at low rates, and few calls are made at high ones. The kernel driver usbtimetag.c does the like.
    mutating func aim(waitedPS: Int64) {
        if waitedPS < Picoseconds.perMillisecond {
            transferLength = min(transferLength * 2, NUSTimestampCard.shape.length)
        } else if waitedPS > 40 * Picoseconds.perMillisecond {
            transferLength = max(transferLength / 2, NUSTimestampCard.shape.firstLength)
        }
        source.aim(length: transferLength)
    }
}

extension NUSTimestampCard {
    static let shape = USBStreamShape(transfers: 8, length: 64 << 10, firstLength: 512)

    /// Sets the card up as the qcrypto programs do (readevents3.c), and lets it take events.
    public func startTagging() async throws -> TagStream {
        try requireIdle()
        return try await turn.run {
            try requireIdle()
            try await tell(.freshRestart)
            try await tell(.initDAC)
            for (converter, value) in converters.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                try await tell(.setDAC(channel: converter.rawValue, value: value))
            }
            try await tell(.initClock)
            try await tell(.clockReference(isInternal: hasInternalReference))
            try await tell(.partialFIFOReset)
            try await tell(.initFIFO)
            try await tell(.resetCard)
            // Without it the end of a packet at a low rate would never come.
            try await tell(.autoflush(1))
            let source = try await connection.stream(from: Self.eventEndpoint, Self.shape)
            do {
                try await tell(.start)
                try await tell(.release)
            } catch {
                await source.close()
                throw error
            }
            let (stream, continuation) = TagStream.makeStream(bufferingPolicy: .bufferingOldest(options.queuedBatches))
            sessionCount += 1
            let number = sessionCount
            let nowPS = await clock.nowPS
            session = TimestampSession(
                number: number, source: source, decoder: TimestampDecoder(options.phase),
                outlet: TagOutlet(continuation), transferLength: Self.shape.firstLength,
                lastWatchPS: nowPS)
            continuation.onTermination = { [weak self] reason in
                guard case .cancelled = reason else { return }
                Task { await self?.consumerLeft(number) }
            }
            session?.reader = Task { await self.readEvents(number, source) }
            return stream
        }
    }

    public func stopTagging() async throws {
        guard let number = session?.number, let reader = session?.reader else { return }
        reader.cancel()
        await reader.value
        try await turn.run {
            // The reader may have met the stream's end.
            guard session?.number == number, let source = session?.source else { return }
            do {
                try await tell(.inhibit)
                try await tell(.stop)
                try await drain(source)
                if try await unlockedStatus(.overflow) != 0 { tellOverflow() }
                await end(throwing: nil)
            } catch {
                await end(throwing: error)
                throw error
            }
        }
    }

    public func taggerStatistics() async -> TaggerStatistics { session?.statistics ?? lastStatistics }

    /// Takes what the card still had, until nothing, or only the empty packets of its flushes, has come for a while.
    private func drain(_ source: any USBInStream) async throws {
        var last = ContinuousClock.now
        while ContinuousClock.now - last < options.quiet {
            do {
                let bytes = try await source.next(timeout: options.quiet)
                guard !bytes.isEmpty else { continue }
                session?.take(bytes)
                last = .now
            } catch let error as QKDError where error.kind == .timeout {
                return
            }
        }
    }

    private func readEvents(_ number: Int, _ source: any USBInStream) async {
        do {
            while !Task.isCancelled {
                do {
                    let askedPS = await clock.nowPS
                    let bytes = try await source.next(timeout: options.watch)
                    session?.take(bytes)
                    let waitedPS = await clock.nowPS - askedPS
                    if !bytes.isEmpty { session?.aim(waitedPS: waitedPS) }
                } catch let error as QKDError where error.kind == .timeout {
                    // No event is no fault; that the card still answers is seen below.
                }
                try await watch()
            }
        } catch {
            // A cancelled wait is how `stopTagging` gets the wire back.
            guard !Task.isCancelled else { return }
            if session?.number == number { await end(throwing: error) }
        }
    }

    /// Asks now and then whether the card's FIFO is full, which means that it has left out events since.
    private func watch() async throws {
        let nowPS = await clock.nowPS
        guard let session, nowPS - session.lastWatchPS >= options.watch.picoseconds else { return }
        self.session?.lastWatchPS = nowPS
        let isFull = try await status(.overflow) != 0
        if isFull, self.session?.wasFull == false { tellOverflow() }
        self.session?.wasFull = isFull
    }

    private func tellOverflow() {
        note("the card's FIFO was full: it left out events")
        let hole = TagHole(beforeIndex: 0, cause: .deviceOverflow, afterPS: session?.decoder.lastTimePS)
        session?.outlet.deliver(TagBatch(times: [], channels: [], holes: [hole]))
    }

    private func end(throwing error: (any Error)?) async {
        guard var ended = session else { return }
        session = nil
        await ended.source.close()
        ended.outlet.finish(throwing: error)
        lastStatistics = ended.statistics
        Self.findings(of: lastStatistics).forEach(note)
        if let error { note("tagging ended: \(error)") }
    }

    static func findings(of statistics: TaggerStatistics) -> [String] {
        statistics.droppedBatches > 0 ? ["\(statistics.droppedBatches) batches were dropped"] : []
    }

    private func note(_ finding: String) {
        if !findings.contains(finding) { findings.append(finding) }
    }

    private func consumerLeft(_ number: Int) async {
        guard session?.number == number else { return }
        do {
            try await stopTagging()
        } catch {
            note("the stream was given up and the card did not stop: \(error)")
        }
    }
}
