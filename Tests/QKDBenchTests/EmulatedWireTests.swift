import QKDCore
import QKDTestKit
import QKDTransport
import Testing

@testable import QKDBench

private actor Parrot: StreamEmulator {
    func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] { bytes }
    func advance(toPS nowPS: Int64) -> [UInt8] { [] }
}

@Suite("A wire that can be unplugged", .timeLimit(.minutes(1)))
struct EmulatedWireTests {
    @Test("It carries bytes, hangs up when it is pulled, and carries them again at another place")
    func plug() async throws {
        let wire = try await EmulatedWire.open(Parrot(), clock: ManualClock())
        for round: UInt8 in 1...3 {
            let path = try #require(wire.path)
            let client = try await SerialTransport.open(path: path, baud: 115_200)
            wire.attach(driver: client)
            try await client.write([round, 2, 3])
            try await wire.settle()
            #expect(client.counters.received == 3)
            #expect(try await client.read(timeout: .seconds(5)) == [round, 2, 3])
            await wire.unplug()
            #expect(wire.path == nil)
            let error = await #expect(throws: QKDError.self) { _ = try await client.read(timeout: .seconds(5)) }
            #expect(error?.kind == .disconnected)
            #expect(error?.meansDeviceLost == true)
            await client.close()
            // Nobody is there: nothing to wait for, and nothing that fails.
            try await wire.settle()
            try await wire.pump(toPS: 1)
            await wire.unplug()
            try await wire.plugIn()
        }
        await wire.unplug()
    }

    @Test("What may come back is waited for; a refusal or a wrong answer is not")
    func lost() {
        let lost: [QKDError.Kind] = [.disconnected, .timeout, .io, .absent]
        for kind in [QKDError.Kind.disconnected, .timeout, .io, .absent, .refused, .protocolViolation, .outOfRange] {
            #expect(QKDError(kind, "x").meansDeviceLost == lost.contains(kind))
        }
    }
}
