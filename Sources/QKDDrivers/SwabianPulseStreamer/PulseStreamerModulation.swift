import Foundation
import QKDCore
import QKDTransport

extension SwabianPulseStreamer {
    /// Bytes that are written at once.
    private static let chunkByteCount = 1 << 20

    /// Sends a frame to the device, dark and waiting for `start`; throws `refused` while one is playing.
    public func load(_ frame: ModulationFrame) async throws {
        try PulseStreamerFrame.check(frame)
        try await turn.run {
            guard try await !isPlaying() else {
                throw QKDError(.refused, "a frame is playing", at: .init(http.endpoint))
            }
            // The outputs keep their last constant state until the start.
            _ = try await call("constant", Self.zeroState)
            _ = try await call(
                "setTrigger", .integer(TriggerStart.software.rawValue), .integer(TriggerRearm.auto.rawValue))
            if try await knownFirmware().hasBinaryPort {
                try await upload(frame)
            } else {
                let text = Data(PulseStreamerUpload.records(frame)).base64EncodedString()
                _ = try await call("stream", .text(text), .integer(1), Self.zeroState)
            }
        }
    }

    /// Plays the loaded frame once; throws `refused` if there is none.
    public func start() async throws {
        try await turn.run {
            guard try await flag("hasSequence") else {
                throw QKDError(.refused, "no frame is loaded", at: .init(http.endpoint))
            }
            _ = try await call("startNow")
        }
    }

    public func isPlaying() async throws -> Bool { try await flag("isStreaming") }

    /// Ticks, lines, analog 0 and analog 1 of the dark state, as JSON-RPC takes it.
    static let zeroState = RPCValue.list([.integer(0), .integer(0), .integer(0), .integer(0)])

    /// Sends a frame to the binary port; a connection that the device has closed meanwhile is made anew once.
    private func upload(_ frame: ModulationFrame) async throws {
        let id = nextUploadID()
        let message = PulseStreamerUpload.message(frame, id: id)
        if let stream {
            do {
                return try await send(message, id: id, over: stream)
            } catch let error as QKDError where error.kind == .disconnected {
                await dropStream()
            }
        }
        let stream = try await openStream()
        self.stream = stream
        try await send(message, id: id, over: stream)
    }

    private func send(_ message: [UInt8], id: UInt32, over stream: any ByteTransport) async throws {
        do {
            var start = 0
            while start < message.count {
                let end = min(start + Self.chunkByteCount, message.count)
                try await stream.write(Array(message[start..<end]))
                start = end
            }
            var reader = ByteReader(stream)
            let reply = try await reader.bytes(PulseStreamerUpload.headerByteCount, timeout: Self.uploadTimeout)
            try PulseStreamerUpload.check(reply: reply, id: id, at: stream.endpoint)
        } catch let error as QKDError where error.kind == .refused || error.kind == .disconnected {
            throw error
        } catch {
            await dropStream()  // the two sides no longer agree on where a message starts
            throw error
        }
    }

    private func dropStream() async {
        await stream?.close()
        stream = nil
    }
}

extension SwabianPulseStreamer {
    /// How often the device is asked to go dark before it counts as broken.
    private static let darkAttempts = 3
    private static let retryPausePS = 20 * Picoseconds.perMillisecond

    /// Ends any sequence, sets all outputs to zero and sees that nothing streams.
    ///
    /// Throws `unhealthy` if the device still streams after three attempts, or what stopped the last one.
    public func makeSafe() async throws {
        // A task of its own: one that is cancelled may not be let onto the wire any more.
        try await Task { try await goDark() }.value
    }

    private func goDark() async throws {
        var failure: any Error = QKDError(.unhealthy, "still streaming after constant", at: .init(http.endpoint))
        for attempt in 1...Self.darkAttempts {
            do {
                if try await isDarkAfterAsking() { return }
            } catch {
                failure = error
            }
            if attempt < Self.darkAttempts { try await clock.sleep(durationPS: Self.retryPausePS) }
        }
        throw failure
    }

    private func isDarkAfterAsking() async throws -> Bool {
        // Whether forceFinal is refused without a sequence is not public, and no refusal of it or of the
        // square wave may keep the next request from being sent. What counts is asked for last.
        do {
            _ = try await call("forceFinal")
            _ = try await call("setSquareWave125MHz", .integer(0))
        } catch let error as QKDError where error.kind == .refused {}
        _ = try await call("constant", Self.zeroState)
        return try await !isPlaying()
    }
}

/// What starts a loaded sequence.
enum TriggerStart: Int, CaseIterable {
    case immediate = 0
    case software = 1
    case rising = 2
    case falling = 3
    case both = 4
}

/// Whether a sequence that has ended can be started again without being armed.
enum TriggerRearm: Int, CaseIterable {
    case auto = 0
    case manual = 1
}
