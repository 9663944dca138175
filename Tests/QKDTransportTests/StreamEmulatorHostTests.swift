import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@Suite(.timeLimit(.minutes(1))) struct StreamEmulatorHostTests {
    @Test func answersWhatComes() async throws {
        let (client, device) = LoopbackTransport.pair()
        let host = StreamEmulatorHost(EchoEmulator(), on: device, clock: ManualClock())
        for round: UInt8 in 0..<20 {
            try await client.write([round])
            #expect(try await client.read(timeout: .seconds(5)) == [round])
        }
        await host.stop()
        #expect(await failureKind { try await client.write([1]) } == .disconnected)
        #expect(await failureKind { try await host.pump(toPS: 1) } == nil || client.counters.received == 20)
    }

    @Test func pumpSendsWhatTheDeviceSaysByItself() async throws {
        let (client, device) = LoopbackTransport.pair()
        let emulator = EchoEmulator()
        let host = StreamEmulatorHost(emulator, on: device, clock: ManualClock())
        try await host.pump(toPS: 1)
        #expect(client.counters.received == 0)
        await emulator.say([1, 2, 3])
        try await host.pump(toPS: 2)
        #expect(try await client.read(timeout: .seconds(5)) == [1, 2, 3])
        await host.stop()
        await emulator.say([4])
        #expect(await failureKind { try await host.pump(toPS: 3) } == .disconnected)
    }

    @Test func settleReturnsWhenAllTheAnswersAreThere() async throws {
        let terminal = try await PseudoTerminal.open()
        let client = try await SerialTransport.open(path: terminal.path, baud: 115_200)
        let (emulator, clock) = (EchoEmulator(), SlowClock())
        let host = StreamEmulatorHost(emulator, on: terminal.device, clock: clock)
        try await host.settle(with: client)
        for round in 1...5 {
            await clock.setDelay(.milliseconds(round * 5))
            let question = pattern(round * 700)
            await emulator.say([0xAB])
            try await client.write(question)
            try await host.pump(toPS: Int64(round))
            try await host.settle(with: client)
            #expect(await emulator.receivedCount == client.counters.written)
            #expect(client.counters.received == client.counters.written + round)
            // All of it is there: no read has to wait.
            var answer: [UInt8] = []
            while answer.count < question.count + 1 { answer += try await client.read(timeout: .zero) }
            #expect(answer.filter { $0 == 0xAB }.count == question.filter { $0 == 0xAB }.count + 1)
        }
        await host.stop()
        await client.close()
        await terminal.close()
    }

    @Test func anEmulatorOnAPtyOutlivesItsClients() async throws {
        let terminal = try await PseudoTerminal.open()
        let host = StreamEmulatorHost(EchoEmulator(), on: terminal.device, clock: ManualClock())
        for round: UInt8 in 0..<3 {
            let client = try await SerialTransport.open(path: terminal.path, baud: 250_000)
            try await client.write([round])
            #expect(try await client.read(timeout: .seconds(5)) == [round])
            await client.close()
        }
        await host.stop()
        await terminal.close()
    }
}
