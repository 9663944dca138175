import QKDCore
import QKDTransport

extension SFifteenTDC1 {
    public func startTagging() async throws -> TagStream {
        try await exchange {
            try await silence()
            let (stream, continuation) = TagStream.makeStream(bufferingPolicy: .bufferingOldest(options.queuedBatches))
            try await transport.write(TDC1Text.line("timestamp", "time 0", "counts?"))
            sessionCount += 1
            let number = sessionCount
            session = TDC1Session(number: number, continuation: continuation)
            continuation.onTermination = { [weak self] reason in
                guard case .cancelled = reason else { return }
                Task { await self?.consumerLeft(number) }
            }
            session?.reader = Task { await self.readTags(number) }
            return stream
        }
    }

    public func stopTagging() async throws { try await stopOwnTagging() }

    /// Stops a run that is under way; whether this call is the one that stopped the device.
    @discardableResult
    func stopOwnTagging() async throws -> Bool {
        guard let number = session?.number, let reader = session?.reader else { return false }
        reader.cancel()
        await reader.value
        return try await turn.run {
            // Somebody else may have stopped it meanwhile, or the reader may have met its end.
            guard session?.number == number else { return false }
            do {
                try await endRun()
                end(throwing: nil)
                return true
            } catch {
                end(throwing: error)
                throw error
            }
        }
    }

    public func taggerStatistics() async -> TaggerStatistics { session?.statistics ?? lastStatistics }

    /// Stops the device, takes what it had queued, and asks whether its buffer ran over.
    private func endRun() async throws {
        try await transport.write(TDC1Text.line("abort", "INPKT"))
        try await untilQuiet { session?.take($0) }
        // The wire keeps the order: a packet that was later than any quiet is still before the status.
        let status = try await askStatus { session?.take($0) }
        session?.take([], isPause: true)
        guard status & TDC1Text.overflowBit != 0 else { return }
        note("the device's buffer ran over while tagging")
        let hole = TagHole(beforeIndex: 0, cause: .deviceOverflow, afterPS: session?.decoder.lastTimePS)
        session?.deliver(TagBatch(times: [], channels: [], holes: [hole]))
    }

    private func end(throwing error: (any Error)?) {
        session?.finish(throwing: error)
        guard let statistics = session?.statistics else { return }
        lastStatistics = statistics
        session = nil
        Self.findings(of: statistics).forEach(note)
        if let error { note("tagging ended: \(error)") }
    }

    /// What a session's statistics say against it.
    static func findings(of statistics: TaggerStatistics) -> [String] {
        var findings: [String] = []
        if statistics.resyncs > 0 { findings.append("the word boundary was lost \(statistics.resyncs) times") }
        if statistics.droppedBatches > 0 { findings.append("\(statistics.droppedBatches) batches were dropped") }
        return findings
    }

    /// Remembers a finding for `health`, each once.
    private func note(_ finding: String) {
        if !findings.contains(finding) { findings.append(finding) }
    }

    private func consumerLeft(_ number: Int) async {
        guard session?.number == number else { return }
        do {
            try await stopTagging()
        } catch {
            note("the stream was given up and the device did not stop: \(error)")
        }
    }

    private func readTags(_ number: Int) async {
        do {
            while !Task.isCancelled {
                do {
                    let bytes = try await transport.read(timeout: options.silence)
                    session?.silences = 0
                    session?.take(bytes)
                } catch let error as QKDError where error.kind == .timeout {
                    try await bearSilence()
                }
            }
        } catch {
            // A cancelled read is how `stopTagging` gets the wire back.
            guard !Task.isCancelled else { return }
            // What had arrived before the wire broke counts, also when a write was the first to notice.
            for _ in 0..<256 {
                guard let bytes = try? await transport.read(timeout: .zero), session?.number == number else { break }
                session?.take(bytes)
            }
            if session?.number == number { end(throwing: error) }
        }
    }

    /// Has the device send its last, partly filled packet; gives up after too many silences in a row.
    ///
    /// A silence counts on the wall and on the bench's clock: the time of an emulated bench may stand still.
    private func bearSilence() async throws {
        let nowPS = await clock.nowPS
        guard var session else { return }
        session.take([], isPause: true)
        if session.silences == 0 { session.silentSincePS = nowPS }
        session.silences += 1
        let (silences, sincePS) = (session.silences, session.silentSincePS)
        self.session = session
        let limitPS = Int64(options.silenceLimit - 1) * options.silence.picoseconds
        if silences >= options.silenceLimit, nowPS - sincePS >= limitPS {
            throw QKDError(.timeout, "no tag and no dummy in \(silences) silences", at: .init(transport.endpoint))
        }
        try await transport.write(TDC1Text.line("INPKT"))
    }
}
