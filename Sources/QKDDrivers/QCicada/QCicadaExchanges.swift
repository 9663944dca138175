import QKDCore
import QKDTransport

/// The QCicada's exchanges. No error text ever holds a byte that the device sent: it may be random material.
enum QCicadaExchange {
    typealias Codec = QCicadaCodec

    /// The source waits 3 s for the response byte.
    static let responseTimeout: Duration = .seconds(3)
    /// How long the line must be quiet after a stop; the source waits as long.
    static let quietAfterStop: Duration = .milliseconds(500)

    /// Time for `count` bytes, as in the source: 0.5 s and 0.1 ms for each.
    static func dataTimeout(_ count: Int) -> Duration { .microseconds(500_000 + 100 * count) }

    /// Sends a command and reads its payload; throws `refused` on a NACK.
    static func command(
        _ command: Codec.Command, frame: [UInt8]? = nil, _ reader: inout ByteReader, _ transport: any ByteTransport
    ) async throws -> [UInt8] {
        try await transport.write(frame ?? Codec.frame(command))
        let response = try await reader.bytes(1, timeout: responseTimeout)
        let place = QKDError.Place(transport.endpoint, field: "command \(command)")
        if response == [Codec.refused] { throw QKDError(.refused, "the device refuses", at: place) }
        guard response == [command.response] else {
            throw QKDError(.protocolViolation, "the response is not the one to this command", at: place)
        }
        return try await reader.bytes(command.responseLength, timeout: dataTimeout(command.responseLength))
    }

    static func status(_ reader: inout ByteReader, _ transport: any ByteTransport) async throws -> QCicadaStatus {
        try Codec.status(try await command(.status, &reader, transport))
    }

    /// Throws `unhealthy` when the status forbids the use of the output.
    static func requireHealthy(_ status: QCicadaStatus, _ endpoint: String) throws {
        let faults = status.faults
        guard faults.isEmpty else {
            throw QKDError(
                .unhealthy, "the generator is not fit for use: \(faults.joined(separator: ", "))", at: .init(endpoint))
        }
    }

    /// Reads up to 65535 bytes at once; the device has to be healthy before, at the start and afterwards.
    static func oneShot(
        _ count: Int, _ reader: inout ByteReader, _ transport: any ByteTransport
    ) async throws -> [UInt8] {
        let endpoint = transport.endpoint
        try requireHealthy(try await status(&reader, transport), endpoint)
        let start = try await command(.start, frame: try Codec.oneShot(count), &reader, transport)
        var bytes = try await reader.bytes(count, timeout: dataTimeout(count))
        do {
            try requireHealthy(try Codec.status(start), endpoint)
            try requireHealthy(try await status(&reader, transport), endpoint)
        } catch {
            RandomBytes.wipe(&bytes)
            throw error
        }
        return bytes
    }

    /// Starts a stream, reads `count` bytes of it and stops it, whatever happens between.
    static func streamed(
        _ count: Int, _ reader: inout ByteReader, _ transport: any ByteTransport
    ) async throws -> [UInt8] {
        let endpoint = transport.endpoint
        try requireHealthy(try await status(&reader, transport), endpoint)
        let outcome: Result<[UInt8], any Error>
        do {
            let start = try await command(.start, frame: Codec.continuous, &reader, transport)
            try requireHealthy(try Codec.status(start), endpoint)
            outcome = .success(try await reader.bytes(count, timeout: dataTimeout(count)))
        } catch {
            outcome = .failure(error)
        }
        guard case .success(var bytes) = outcome else {
            // The first error is the one to report; the stop is tried all the same.
            _ = try? await stop(&reader, transport)
            return try outcome.get()
        }
        do {
            try requireHealthy(try await stop(&reader, transport), endpoint)
        } catch {
            RandomBytes.wipe(&bytes)
            throw error
        }
        return bytes
    }

    /// Stops a stream: what was on its way comes first, the acknowledgement with the status last.
    static func stop(_ reader: inout ByteReader, _ transport: any ByteTransport) async throws -> QCicadaStatus {
        try await transport.write(Codec.frame(.stop))
        let length = 1 + Codec.statusLength
        var tail: [UInt8] = []
        var total = 0
        while total <= 1 << 20 {
            do {
                let more = try await reader.available(timeout: quietAfterStop)
                total += more.count
                tail = Array((tail + more.suffix(length)).suffix(length))
            } catch let error as QKDError where error.kind == .timeout && total > 0 {
                if total == 1, tail == [Codec.refused] {
                    throw QKDError(.refused, "the device refuses", at: .init(transport.endpoint, field: "command stop"))
                }
                guard tail.count == length, tail[0] == Codec.acknowledged else {
                    throw QKDError(
                        .protocolViolation, "no acknowledgement at the end of the stream",
                        at: .init(transport.endpoint, field: "command stop"))
                }
                return try Codec.status(Array(tail.dropFirst()))
            }
        }
        throw QKDError(
            .protocolViolation, "the stream does not stop", at: .init(transport.endpoint, field: "command stop"))
    }
}
