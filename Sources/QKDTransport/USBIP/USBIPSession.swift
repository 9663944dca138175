import Foundation
import QKDCore

/// One host that has imported one device: its transfers go to the port, their ends come back.
///
/// When either side hangs up, the device is unplugged.
final class USBIPSession: Sendable {
    let port: USBPort
    private let transport: any ByteTransport
    private let outbox: AsyncStream<[UInt8]>.Continuation
    private let writer: Task<Void, Never>
    private let unlinking = LockedSet()

    init(_ port: USBPort, on transport: any ByteTransport) {
        self.port = port
        self.transport = transport
        // As many frames can wait as the host has transfers in flight.
        let (frames, outbox) = AsyncStream<[UInt8]>.makeStream()
        self.outbox = outbox
        writer = Task {
            for await frame in frames {
                do { try await transport.write(frame) } catch { return await transport.close() }
            }
        }
    }

    /// Serves the host until it hangs up; throws `protocolViolation` for bytes that are no USB/IP.
    func run(_ reader: inout ByteReader) async throws {
        do {
            while true { try await serve(&reader) }
        } catch let error as QKDError where error.kind == .disconnected {
            await end()
        } catch {
            await end()
            throw error
        }
    }

    /// Pulls the cable.
    func end() async {
        await port.unplug()
        outbox.finish()
        writer.cancel()
        await transport.close()
    }

    private func serve(_ reader: inout ByteReader) async throws {
        let header = try await Self.bytes(USBIPFrames.headerLength, &reader)
        switch try USBIPFrames.command(header, at: .init(transport.endpoint)) {
        case .submit(var block, let outLength):
            if outLength > 0 { block.data = try await Self.bytes(outLength, &reader) }
            let (id, outbox, unlinking) = (block.id, outbox, unlinking)
            await port.submit(block) { done in
                // A transfer that was unlinked is answered there, unless it had got some bytes: those are not lost.
                if done.status == .cancelled, done.data.isEmpty, unlinking.contains(id) { return }
                unlinking.remove(id)
                outbox.yield(USBIPFrames.submitted(id, done))
            }
        case .unlink(let id, let victim):
            unlinking.insert(victim)
            await port.cancel(victim)
            outbox.yield(USBIPFrames.unlinked(id, wasUnderWay: unlinking.remove(victim)))
        }
    }

    private static func bytes(_ count: Int, _ reader: inout ByteReader) async throws -> [UInt8] {
        while true {
            do {
                return try await reader.bytes(count, timeout: .seconds(1))
            } catch let error as QKDError where error.kind == .timeout {
                try Task.checkCancellation()  // a host may be silent for as long as it likes
            }
        }
    }
}

/// The transfers that their host has asked to end.
private final class LockedSet: @unchecked Sendable {
    private let lock = NSLock()
    private var members: Set<UInt32> = []

    func contains(_ member: UInt32) -> Bool { lock.withLock { members.contains(member) } }
    func insert(_ member: UInt32) { lock.withLock { _ = members.insert(member) } }
    /// Whether it was there.
    @discardableResult
    func remove(_ member: UInt32) -> Bool { lock.withLock { members.remove(member) != nil } }
}
