import Foundation
import Glibc
import QKDCore
import QKDTestKit
import QKDTransport
import Testing

private let sourceMiB = ProcessInfo.processInfo.environment["QKD_SOURCE_MIB"].flatMap { Int($0) }

/// The kernel's own gadget (SourceSink on dummy_hcd), which the guest has set up: no emulator has a part in this.
/// `QKD_SOURCE_MIB` says how much is read.
@Suite(.timeLimit(.minutes(15)), .enabled(if: sourceMiB != nil))
struct KernelStageSourceTests {
    @Test func theKernelsOwnSourceStreams() async throws {
        let connection = try await USBBus.open(USBAddress(matches: [USBMatch(vendorID: 0x0525, productID: 0xA4A0)]))
        try await connection.claim(interface: 0, alternate: 0)
        let into = try #require(connection.interfaces.first?.endpoints.first { $0.isIn && $0.kind == .bulk })
        let stream = try await connection.stream(from: into.address, USBStreamShape())
        // Pattern 1: each packet counts from 0 to 62, again and again.
        let expected = (0..<128 << 10).map { UInt8($0 % 512 % 63) }
        let wanted = (sourceMiB ?? 0) << 20
        var (bytes, wrong) = (0, 0)
        let started = ContinuousClock.now
        while bytes < wanted {
            let part = try await stream.next(timeout: .seconds(60))
            wrong += part.count != expected.count || memcmp(part, expected, part.count) != 0 ? 1 : 0
            bytes += part.count
        }
        let seconds = Picoseconds.seconds((ContinuousClock.now - started).picoseconds)
        await stream.close()
        await connection.close()
        #expect(wrong == 0)
        print("STREAM source \(Int(Double(bytes) / seconds / 1e6)) MB/s, \(bytes >> 20) MiB, \(wrong) transfers wrong")
    }
}
