import Foundation
import QKDCore
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct SerialTransportTests {
    /// A pty and a client on it, both closed afterwards.
    private func withPort(
        baud: Int = 115_200, _ work: (PseudoTerminal, ChannelTransport) async throws -> Void
    ) async throws {
        let terminal = try await PseudoTerminal.open()
        do {
            let port = try await SerialTransport.open(path: terminal.path, baud: baud)
            try await work(terminal, port)
            await port.close()
        } catch {
            await terminal.close()
            throw error
        }
        await terminal.close()
    }

    @Test func isEightBitCleanBothWays() async throws {
        try await withPort { terminal, port in
            let everything = controlBytes + (UInt8.min...UInt8.max) + controlBytes
            try await port.write(everything)
            #expect(try await collect(everything.count, from: terminal.device) == everything)
            try await terminal.device.write(everything)
            #expect(try await collect(everything.count, from: port) == everything)
            #expect(await failureKind { _ = try await port.read(timeout: .milliseconds(10)) } == .timeout)
            #expect(await failureKind { _ = try await terminal.device.read(timeout: .milliseconds(10)) } == .timeout)
            #expect(port.counters.written == everything.count && port.counters.received == everything.count)
            #expect(port.endpoint == terminal.path)
        }
    }

    @Test(arguments: controlBytes)
    func aControlByteAloneGetsThrough(byte: UInt8) async throws {
        try await withPort { terminal, port in
            try await port.write([byte])
            #expect(try await terminal.device.read(timeout: .seconds(5)) == [byte])
            try await terminal.device.write([byte])
            #expect(try await port.read(timeout: .seconds(5)) == [byte])
        }
    }

    @Test(arguments: [true, false])
    func aMebibyteGetsThrough(toDevice: Bool) async throws {
        try await withPort { terminal, port in
            let (from, to) = toDevice ? (port, terminal.device) : (terminal.device, port)
            let sent = pattern(1 << 20)
            async let received = collect(sent.count, from: to)
            try await from.write(sent)
            #expect(identical(try await received, sent))
            #expect(from.counters.written == sent.count && to.counters.received == sent.count)
        }
    }

    @Test(arguments: [50, 9600, 115_200, 250_000, 921_600, 1_000_000, 3_000_000, 12_000_000])
    func anyBaudRateWorks(baud: Int) async throws {
        try await withPort(baud: baud) { terminal, port in
            try await port.write(Array("id?\r\n".utf8))
            #expect(try await collect(5, from: terminal.device) == Array("id?\r\n".utf8))
        }
    }

    @Test(arguments: [0, -1, 12_000_001, .max, .min])
    func noPortRunsAtAnImpossibleBaudRate(baud: Int) async throws {
        let terminal = try await PseudoTerminal.open()
        #expect(
            await failureKind { _ = try await SerialTransport.open(path: terminal.path, baud: baud) } == .outOfRange)
        await terminal.close()
    }

    @Test func aPortHasOneUser() async throws {
        try await withPort { terminal, port in
            let error = await #expect(throws: QKDError.self) {
                _ = try await SerialTransport.open(path: terminal.path, baud: 9600)
            }
            #expect(error?.kind == .busy)
            #expect(error?.code == EBUSY)
            #expect(error?.place?.source == terminal.path)
            try await port.write([1])
            #expect(try await terminal.device.read(timeout: .seconds(5)) == [1])
        }
    }

    @Test func aPortCanBeReopenedAfterClosing() async throws {
        let terminal = try await PseudoTerminal.open()
        for round: UInt8 in 0..<5 {
            let port = try await SerialTransport.open(path: terminal.path, baud: 115_200)
            try await port.write([round])
            #expect(try await terminal.device.read(timeout: .seconds(5)) == [round])
            try await terminal.device.write([round, round])
            #expect(try await collect(2, from: port) == [round, round])
            await port.close()
            await port.close()
        }
        await terminal.close()
    }

    @Test func anEarlierUsersLeftoversAreNotRead() async throws {
        let terminal = try await PseudoTerminal.open()
        try await terminal.device.write([1, 2, 3])
        let port = try await SerialTransport.open(path: terminal.path, baud: 115_200)
        try await terminal.device.write([4])
        #expect(try await port.read(timeout: .seconds(5)) == [4])
        await port.close()
        await terminal.close()
    }

    @Test func aHangUpEndsAWaitingRead() async throws {
        let terminal = try await PseudoTerminal.open()
        let port = try await SerialTransport.open(path: terminal.path, baud: 115_200)
        async let kind = failureKind { _ = try await port.read(timeout: .seconds(30)) }
        try await Task.sleep(for: .milliseconds(20))
        await terminal.close()
        #expect(await kind == .disconnected)
        #expect(await failureKind { _ = try await port.read(timeout: .seconds(5)) } == .disconnected)
        #expect(await failureKind { try await port.write([1]) } == .disconnected)
        await port.close()
        #expect(await failureKind { _ = try await SerialTransport.open(path: terminal.path, baud: 9600) } != nil)
    }

    @Test func aClosedPortIsDisconnected() async throws {
        try await withPort { _, port in
            async let kind = failureKind { _ = try await port.read(timeout: .seconds(30)) }
            try await Task.sleep(for: .milliseconds(5))
            await port.close()
            #expect(await kind == .disconnected)
            #expect(await failureKind { _ = try await port.read(timeout: .seconds(5)) } == .disconnected)
            let error = await #expect(throws: QKDError.self) { try await port.write([1]) }
            #expect(error?.kind == .disconnected)
            #expect(error?.message == "the connection is closed")
        }
    }

    @Test func closingAPtyTwiceClosesNobodyElsesFile() async throws {
        let terminal = try await PseudoTerminal.open()
        await terminal.close()
        // These get the numbers that the pty's descriptors had.
        let files = (0..<64).map { _ in open("/dev/null", O_RDONLY) }
        await terminal.close()
        #expect(files.allSatisfy { fcntl($0, F_GETFD) >= 0 })
        for file in files { close(file) }
    }

    @Test func anAbsentPortIsAbsent() async {
        let path = "/dev/ttyACM-\(UUID().uuidString)"
        let error = await #expect(throws: QKDError.self) {
            _ = try await SerialTransport.open(path: path, baud: 115_200)
        }
        #expect(error?.kind == .absent)
        #expect(error?.code == ENOENT)
        #expect(error?.place?.source == path)
    }

    @Test func whatIsNoTerminalIsInvalidInput() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("port-\(UUID().uuidString)").path
        #expect(FileManager.default.createFile(atPath: file, contents: Data([1, 2, 3])))
        for path in ["/dev/null", file] {
            let error = await #expect(throws: QKDError.self) {
                _ = try await SerialTransport.open(path: path, baud: 115_200)
            }
            #expect(error?.kind == .invalidInput)
            #expect(error?.code == ENOTTY)
        }
        #expect(FileManager.default.contents(atPath: file) == Data([1, 2, 3]))
        try FileManager.default.removeItem(atPath: file)
    }

    @Test func aReaderWhoWaitsDoesNotLoseASlowTail() async throws {
        try await withPort { terminal, port in
            // More than the inbox holds before it asks the port to stop, then nobody reads for a while.
            let sent = pattern(3 << 20)
            async let written: Void = terminal.device.write(sent)
            _ = try await eventually { port.counters.received > 1 << 20 }
            try await Task.sleep(for: .milliseconds(50))
            #expect(port.counters.received < sent.count)
            #expect(identical(try await collect(sent.count, from: port), sent))
            try await written
        }
    }
}
