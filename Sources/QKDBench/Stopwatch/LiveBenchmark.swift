import Foundation
import QKDCore
import QKDTransport

/// A tagger at full speed, live: records on a wire to keys, for as long as one likes.
public enum LiveBenchmark {
    /// Bytes that are sent at once: what the heap hands out again without asking the system for pages.
    private static let blockBytes = 1 << 16

    /// Paces `ratePerSecond` tags through an in-process transport, then sends over loopback TCP as fast as that goes.
    ///
    /// Each for `seconds`, from a ring of records of at least `ringBytes`. The cases' CPU time is the receiver's own; `findings` tell what was lost (tags sent and not
    /// received), what the whole process took, and how memory went.
    public static func run(
        _ stopwatch: Stopwatch, seed: UInt64, ratePerSecond: Double, seconds: Double, ringBytes: Int,
        progress: (String) -> Void = { _ in }
    ) async throws -> BenchmarkReport {
        var report = stopwatch.report("live", seed: seed)
        progress("making a ring of records")
        let ring = RecordRing(seed: seed, ratePerSecond: ratePerSecond, leastBytes: ringBytes)
        progress("in process, \(ratePerSecond / 1e6) M tags/s for \(seconds) s")
        report.cases.append(try await inProcess(ring, ratePerSecond: ratePerSecond, seconds: seconds))
        progress("over loopback TCP, \(seconds) s")
        report.cases.append(try await overTCP(ring, seconds: seconds))
        report.peakRSSMB = Machine.peakRSSMB
        return report
    }

    private static func inProcess(
        _ ring: RecordRing, ratePerSecond: Double, seconds: Double
    ) async throws -> BenchmarkCase {
        let (near, far) = LoopbackTransport.pair(named: "tagger")
        let sender = Task.detached {
            defer { Task { await near.close() } }
            let start = Machine.wallSeconds
            var (sent, offset) = (0, 0)
            let recordsPerSecond = ratePerSecond * Double(ring.records) / Double(ring.tags)
            while Machine.wallSeconds - start < seconds, !Task.isCancelled {
                let due = start + Double(sent / 4) / recordsPerSecond
                let wait = due - Machine.wallSeconds
                if wait > 0 { try await Task.sleep(for: .seconds(wait)) }
                let end = min(offset + blockBytes, ring.bytes.count)
                try await near.write(Array(ring.bytes[offset..<end]))
                sent += end - offset
                offset = end == ring.bytes.count ? 0 : end
            }
            return sent
        }
        return try await receive("in process", ring, from: far) {
            try await sender.value
        } stop: {
            sender.cancel()
        }
    }

    private static func overTCP(_ ring: RecordRing, seconds: Double) async throws -> BenchmarkCase {
        let server = try RingServer(ring, seconds: seconds)
        let transport = try await TCPTransport.connect(host: "127.0.0.1", port: server.port)
        return try await receive("loopback TCP", ring, from: transport) {
            server.sentBytes
        } stop: {
            server.stop()
        }
    }

    private static func receive(
        _ name: String, _ ring: RecordRing, from transport: some ByteTransport, sent: () async throws -> Int,
        stop: () -> Void
    ) async throws -> BenchmarkCase {
        var receiver = try LiveReceiver()
        var (received, largest, busy) = (0, 0, 0.0)
        var (firstRSS, lastRSS) = (0.0, 0.0)
        let (wallStart, cpuStart) = (Machine.wallSeconds, Machine.cpuSeconds)
        do {
            while true {
                let bytes = try await transport.read(timeout: .seconds(5))
                let start = Machine.threadCPUSeconds
                try receiver.take(bytes)
                busy += Machine.threadCPUSeconds - start
                received += bytes.count
                largest = max(largest, bytes.count)
                // After one lap all buffers have their size.
                if firstRSS == 0, received > ring.bytes.count { firstRSS = Machine.rssMB }
                try Task.checkCancellation()
            }
        } catch let error as QKDError where error.kind == .disconnected {
            receiver.finish()
        } catch {
            stop()
            await transport.close()
            throw error
        }
        lastRSS = Machine.rssMB
        let (wall, cpu) = (Machine.wallSeconds - wallStart, Machine.cpuSeconds - cpuStart)
        await transport.close()
        let lost = try await sent() - received
        var result = Stopwatch.result(name, receiver.tags, "tags", nil, [busy], [wall], [:], 1)
        result.findings = [
            "tagsPerSecondOfWall": Double(receiver.tags) / wall, "lostBytes": Double(lost),
            "receiverCores": busy / wall, "processCores": cpu / wall, "largestReadMB": Double(largest) * 1e-6,
            "rssAfterFirstLapMB": firstRSS, "rssAtEndMB": lastRSS, "bits": Double(receiver.bits),
            "qber": Double(receiver.errors) / Double(max(1, receiver.bits)),
        ]
        return result
    }
}
