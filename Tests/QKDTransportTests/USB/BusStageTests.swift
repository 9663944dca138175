import Foundation
import QKDCore
import QKDTestKit
import QKDTransport
import Testing

/// What every bus does with every device: the same on the loopback, under a user-space host, and in the kernel.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct BusStageTests {
    private let bus = TestBus.current
    /// Long: a guest without a processor of its own may be slow, and what comes is not waited for in full.
    private static let soon = Duration.seconds(20)

    private func withDevice(
        _ serial: String = #function, _ device: PatternDevice? = nil,
        _ body: (any USBConnection, TestPlug, PatternDevice) async throws -> Void
    ) async throws {
        let serial = "STAGE-" + serial.prefix { $0.isLetter || $0.isNumber }
        let device = device ?? PatternDevice(serialNumber: serial)
        let plug = try await bus.plug(device)
        let connection = try await plug.open()
        do {
            try await connection.claim(interface: 0, alternate: 0)
            try await body(connection, plug, device)
        } catch {
            await connection.close()
            try await plug.unplug()
            throw error
        }
        await connection.close()
        try await plug.unplug()
    }

    @Test func tellsWhoItIs() async throws {
        try await withDevice { connection, _, device in
            #expect(connection.facts.vendorID == PatternDevice.vendorID)
            #expect(connection.facts.productID == PatternDevice.productID)
            #expect(connection.facts.product == "Pattern device")
            #expect(connection.facts.serialNumber == device.description.serialNumber)
        }
    }

    @Test func controlAnswersAndStalls() async throws {
        try await withDevice { connection, _, _ in
            let bytes = try await connection.control(in: 0xC0, 1, value: 0x1234, index: 0x5678, length: 4)
            #expect(bytes == [0x34, 0x12, 0x78, 0x56])
            #expect(await failureKind { _ = try await connection.control(in: 0xC0, 9, length: 4) } == .refused)
            // A stalled request does not stall the next.
            let still = try await connection.control(in: 0xC0, 1, length: 2)
            #expect(still == [0, 0])
        }
    }

    @Test func bulkEchoes() async throws {
        try await withDevice { connection, _, _ in
            for length in [0, 1, 511, 512, 513, 4096, 65_537] {
                let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
                try await connection.write(bytes, to: 0x02, timeout: Self.soon)
                // Whole packets do not end a transfer by themselves, so no more room than needed is offered.
                let room = length % 512 == 0 ? max(512, length) : (length / 512 + 1) * 512
                let echo = try await connection.read(room, from: 0x82, timeout: Self.soon)
                #expect(echo == bytes)
            }
        }
    }

    @Test func aSilentEndpointTimesOutAndTheDeviceGoesOn() async throws {
        try await withDevice { connection, _, _ in
            #expect(
                await failureKind { _ = try await connection.read(512, from: 0x83, timeout: .milliseconds(100)) }
                    == .timeout)
            let still = try await connection.control(in: 0xC0, 1, value: 7, length: 2)
            #expect(still == [7, 0])
        }
    }

    @Test func whatCameBeforeATimeoutIsNotLost() async throws {
        try await withDevice { connection, _, _ in
            let bytes = try await connection.read(1024, from: 0x85, timeout: .milliseconds(200))
            #expect(bytes == [UInt8](repeating: 0x85, count: 512))
        }
    }

    @Test func aStallIsToldAndCleared() async throws {
        try await withDevice { connection, _, _ in
            for _ in 0..<2 {
                #expect(try await connection.read(512, from: 0x84, timeout: Self.soon).count == 300)
                #expect(
                    await failureKind { _ = try await connection.read(512, from: 0x84, timeout: Self.soon) }
                        == .refused)
                // It stays halted until the host clears it.
                #expect(
                    await failureKind { _ = try await connection.read(512, from: 0x84, timeout: Self.soon) }
                        == .refused)
                try await connection.clearHalt(0x84)
            }
        }
    }

    @Test func aCancelledReadEndsSoon() async throws {
        try await withDevice { connection, _, _ in
            let started = ContinuousClock.now
            let reading = Task { try await connection.read(512, from: 0x83, timeout: .seconds(300)) }
            try await Task.sleep(for: .milliseconds(50))
            reading.cancel()
            #expect(await isCancelled { _ = try await reading.value })
            #expect(ContinuousClock.now - started < .seconds(60))
            let still = try await connection.control(in: 0xC0, 1, value: 9, length: 2)
            #expect(still == [9, 0])
        }
    }

    @Test func closeEndsWhatIsInFlight() async throws {
        let device = PatternDevice(serialNumber: "STAGE-close")
        let plug = try await bus.plug(device)
        let connection = try await plug.open()
        try await connection.claim(interface: 0, alternate: 0)
        let reads = (0..<4).map { _ in
            Task { try await connection.read(512, from: 0x83, timeout: .seconds(60)) }
        }
        let stream = try await connection.stream(from: 0x81, USBStreamShape(transfers: 4, length: 4096))
        _ = try await stream.next(timeout: Self.soon)
        try await Task.sleep(for: .milliseconds(100))
        await connection.close()
        for read in reads { #expect(await failureKind { _ = try await read.value } == .disconnected) }
        await connection.close()
        #expect(await failureKind { _ = try await connection.control(in: 0xC0, 1, length: 2) } == .disconnected)
        // A transfer that was left behind would hold the device: it could not be had again.
        let again = try await plug.open()
        try await again.claim(interface: 0, alternate: 0)
        #expect(try await again.control(in: 0xC0, 1, value: 5, length: 2) == [5, 0])
        await again.close()
        try await plug.unplug()
    }

    @Test func unplugInMidTransferEndsThemAll() async throws {
        let device = PatternDevice(serialNumber: "STAGE-unplug")
        let plug = try await bus.plug(device)
        let connection = try await plug.open()
        try await connection.claim(interface: 0, alternate: 0)
        let reads = (0..<4).map { _ in
            Task { try await connection.read(512, from: 0x83, timeout: .seconds(60)) }
        }
        let stream = try await connection.stream(from: 0x83, USBStreamShape(transfers: 4, length: 4096))
        try await Task.sleep(for: .milliseconds(100))
        let started = ContinuousClock.now
        try await plug.unplug()
        for read in reads { #expect(await failureKind { _ = try await read.value } == .disconnected) }
        #expect(await failureKind { _ = try await stream.next(timeout: .seconds(60)) } == .disconnected)
        #expect(await failureKind { _ = try await connection.control(in: 0xC0, 1, length: 2) } == .disconnected)
        await stream.close()
        await connection.close()
        #expect(ContinuousClock.now - started < .seconds(60))
    }

    @Test func aStreamLosesNothing() async throws {
        try await withDevice { connection, _, _ in
            // A guest pays for each transfer what a host pays for twenty.
            let shape = bus == .kernel ? USBStreamShape(transfers: 4, length: 1 << 20) : USBStreamShape()
            let stream = try await connection.stream(from: 0x81, shape)
            var reader = PatternDevice.Reader()
            let wanted = bus == .loopback ? 64 << 20 : bus == .native ? 256 << 20 : 48 << 20
            var bytes = 0
            let started = ContinuousClock.now
            while bytes < wanted {
                let part = try await stream.next(timeout: .seconds(60))
                reader.take(part)
                bytes += part.count
            }
            let seconds = Picoseconds.seconds((ContinuousClock.now - started).picoseconds)
            await stream.close()
            #expect(reader.missing == 0 && reader.disorder == 0)
            #expect(reader.packets * 512 == bytes)
            print("STREAM \(bus.rawValue) \(Int(Double(bytes) / seconds / 1e6)) MB/s, \(bytes >> 20) MiB, 0 lost")
        }
    }

    @Test func aReaderWhoHasNotComeYetIsSentNoMoreThanTheTransfersHold() async throws {
        try await withDevice { connection, _, device in
            // The source gives whatever is asked for, so that the first transfers end while the last are submitted.
            let shape = USBStreamShape(transfers: 8, length: 4096)
            let stream = try await connection.stream(from: 0x81, shape)
            try await Task.sleep(for: .milliseconds(300))
            #expect(await device.sentPackets == shape.transfers * shape.length / PatternDevice.packetLength)
            var reader = PatternDevice.Reader()
            // Each that is taken is asked for anew: a lost one would end the stream after eight.
            for _ in 0..<100 { reader.take(try await stream.next(timeout: .seconds(60))) }
            #expect(reader.packets == 100 * shape.length / PatternDevice.packetLength && reader.missing == 0)
            try await Task.sleep(for: .milliseconds(300))
            let held = await device.sentPackets - reader.packets
            #expect(held == shape.transfers * shape.length / PatternDevice.packetLength)
            await stream.close()
        }
    }

    @Test func aSlowReaderSlowsTheDeviceAndTheLossIsCounted() async throws {
        let device = PatternDevice(serialNumber: "STAGE-slow", packetsPerSecond: 20_000, fifoPackets: 64)
        try await withDevice("slow", device) { connection, _, _ in
            let shape = USBStreamShape(transfers: 4, length: 8192)
            let stream = try await connection.stream(from: 0x81, shape)
            var reader = PatternDevice.Reader()
            for _ in 0..<5 {
                reader.take(try await stream.next(timeout: .seconds(60)))
                try await Task.sleep(for: .milliseconds(50))
            }
            // No more is held here than the transfers have room for: the rest stays, and is lost, in the device.
            let held = await device.sentPackets - reader.packets
            #expect(held <= shape.transfers * shape.length / 512)
            // Up to date again, everything that the device left out is missing here, and nothing else.
            for _ in 0..<40 { reader.take(try await stream.next(timeout: .seconds(60))) }
            await stream.close()
            let lost = await device.lostPackets
            #expect(lost > 1000, "20,000 packets a second for 0.25 s, of which few were taken")
            #expect(reader.missing <= lost && reader.missing > 0 && reader.disorder == 0)
            #expect(lost - reader.missing <= 20_000, "those after the last packet read")
            print("LOSS \(bus.rawValue) \(reader.missing) packets missing here, \(lost) left out by the device")
        }
    }

    @Test(.enabled(if: TestBus.current.isReal)) func aSecondClaimIsBusy() async throws {
        try await withDevice { _, plug, _ in
            let other = try await plug.open()
            #expect(await failureKind { try await other.claim(interface: 0, alternate: 0) } == .busy)
            await other.close()
        }
    }

    @Test(.enabled(if: TestBus.current.isReal)) func tenReplugsAreToldAndTheDeviceIsFoundAgain() async throws {
        let changes = try USBBus.changes()
        let counting = Task {
            var arrived = 0
            var left = 0
            for await change in changes {
                switch change {
                case .arrived(let facts): arrived += facts.productID == PatternDevice.productID ? 1 : 0
                case .left(let facts): left += facts.productID == PatternDevice.productID ? 1 : 0
                }
                if arrived == 10, left == 10 { break }
            }
            return (arrived, left)
        }
        for _ in 0..<10 {
            try await withDevice("replug") { connection, _, _ in
                let still = try await connection.control(in: 0xC0, 1, value: 3, length: 2)
                #expect(still == [3, 0])
            }
        }
        let watchdog = Task {
            try await Task.sleep(for: .seconds(60))
            counting.cancel()
        }
        let (arrived, left) = await counting.value
        watchdog.cancel()
        #expect(arrived == 10 && left == 10)
    }

    @Test(.enabled(if: TestBus.current.isReal)) func severalOfAKindAreToldApart() async throws {
        let plugs = [
            try await bus.plug(PatternDevice(serialNumber: "TWIN-1")),
            try await bus.plug(PatternDevice(serialNumber: "TWIN-2")),
        ]
        var address = plugs[0].address
        address.serialNumber = nil
        #expect(await failureKind { _ = try await USBBus.open(address) } == .invalidInput)
        for (index, plug) in plugs.enumerated() {
            let connection = try await plug.open()
            #expect(connection.facts.serialNumber == "TWIN-\(index + 1)")
            await connection.close()
        }
        address.serialNumber = "TWIN-3"
        #expect(await failureKind { _ = try await USBBus.open(address) } == .absent)
        for plug in plugs { try await plug.unplug() }
    }
}
