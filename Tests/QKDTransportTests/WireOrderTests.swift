import QKDCore
import QKDTestKit
import QKDTransport
import Testing

/// Says the next numbers whenever it is asked or pumped, as a tagger does that goes on while it answers.
private actor CountingEmulator: StreamEmulator {
    private(set) var said: [UInt8] = []

    private func next(_ count: Int) -> [UInt8] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: said.count + $0) }
        said += bytes
        return bytes
    }

    func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] { next(3 * bytes.count) }

    func advance(toPS nowPS: Int64) -> [UInt8] { next(5) }
}

@Suite(.timeLimit(.minutes(1))) struct WireOrderTests {
    @Test("Answers and what the device says by itself reach the wire in the order in which they were said")
    func order() async throws {
        let terminal = try await PseudoTerminal.open()
        let client = try await SerialTransport.open(path: terminal.path, baud: 115_200)
        let emulator = CountingEmulator()
        let host = StreamEmulatorHost(emulator, on: terminal.device, clock: ManualClock())
        let reader = Task {
            var bytes: [UInt8] = []
            while bytes.count < 300 * 3 + 300 * 5 { bytes += try await client.read(timeout: .seconds(20)) }
            return bytes
        }
        async let pumped: Void = {
            for round in 0..<300 { try await host.pump(toPS: Int64(round)) }
        }()
        async let asked: Void = {
            for _ in 0..<300 { try await client.write([1]) }
        }()
        _ = try await (pumped, asked)
        let bytes = try await reader.value
        #expect(await emulator.said == bytes)
        await host.stop()
        await client.close()
        await terminal.close()
    }

    @Test("One exchange at a time has the wire, in the order of asking, also after one that failed")
    func turns() async throws {
        let turn = WireTurn()
        let log = OrderLog()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try? await turn.run {
                        await log.enter(number)
                        try await Task.sleep(for: .milliseconds(1))
                        await log.leave(number)
                        if number % 3 == 0 { throw QKDError(.timeout, "no answer") }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await log.most == 1)
        #expect(await log.count == 20)
    }
}

private actor OrderLog {
    private var inside = 0
    private(set) var most = 0
    private(set) var count = 0

    func enter(_ number: Int) {
        inside += 1
        most = max(most, inside)
    }

    func leave(_ number: Int) {
        inside -= 1
        count += 1
    }
}
