import QKDCore
import QKDTestKit
import Testing

@testable import QKDTransport

/// Bytes of USB's classes for instruments, as public sources have them.
struct USBClassVectorTests {
    private static func hex(_ text: String) -> [UInt8] {
        text.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }

    /// python-usbtmc 0.8, usbtmc.py: what it packs for these calls.
    @Test func headersOfMessages() {
        let ask = USBTMCHeader(.dataOut, tag: 1, size: 6, attributes: USBTMCHeader.endOfMessage)
        #expect(ask.bytes == Self.hex("01 01 fe 00 06 00 00 00 01 00 00 00"))
        #expect(USBTMCHeader.padding(6) == 2 && USBTMCHeader.padding(8) == 0)
        #expect(USBTMCHeader(.dataIn, tag: 2, size: 1024).bytes == Self.hex("02 02 fd 00 00 04 00 00 00 00 00 00"))
        #expect(USBTMCHeader(ask.bytes) == ask)
        for broken in ["01 01 ff 00 06 00 00 00 01 00 00 00", "01 00 ff 00 06 00 00 00 01 00 00 00", "01 01 fe 00"] {
            #expect(USBTMCHeader(Self.hex(broken)) == nil, "\(broken)")
        }
    }

    @Test func theEmulatorAnswersTheSameBytes() async throws {
        let emulator = USBTMCEmulator(
            PlainInstrument(), manufacturer: "m", product: "p", serialNumber: "s", hasStatusEndpoint: false)
        let message = Self.hex("01 01 fe 00 06 00 00 00 01 00 00 00 2a 49 44 4e 3f 0a 00 00")
        // Whole, and in pieces as a controller may cut it.
        for pieces in [[message], [Array(message[..<5]), Array(message[5..<14]), Array(message[14...])]] {
            for piece in pieces { #expect(await emulator.receive(piece, endpoint: 1, nowPS: 0) == .taken) }
            #expect(await emulator.send(endpoint: 0x82, limit: 512, nowPS: 0) == .notYet, "nobody asked")
            let request = Self.hex("02 02 fd 00 00 04 00 00 00 00 00 00")
            #expect(await emulator.receive(request, endpoint: 1, nowPS: 0) == .taken)
            let answer = Self.hex("02 02 fd 00 08 00 00 00 01 00 00 00 41 2c 42 2c 43 2c 44 0a")
            #expect(await emulator.send(endpoint: 0x82, limit: 512, nowPS: 0) == .data(answer))
            #expect(await emulator.send(endpoint: 0x82, limit: 512, nowPS: 0) == .notYet)
        }
        #expect(await emulator.messages == 2)
        #expect(
            await emulator.receive(Self.hex("55 03 fc 00 00 00 00 00 00 00 00 00"), endpoint: 1, nowPS: 0) == .stall)
        // An end character, a part that is too short for the rest, and a request that is taken back.
        for text in ["ECHO a;b", "ECHO cd"] {
            let bytes = Array(text.utf8)
            let header = USBTMCHeader(.dataOut, tag: 4, size: UInt32(bytes.count), attributes: 1)
            let padding = [UInt8](repeating: 0, count: USBTMCHeader.padding(bytes.count))
            #expect(await emulator.receive(header.bytes + bytes + padding, endpoint: 1, nowPS: 0) == .taken)
        }
        func request(_ hex: String) async -> USBAnswer {
            _ = await emulator.receive(Self.hex(hex), endpoint: 1, nowPS: 0)
            return await emulator.send(endpoint: 0x82, limit: 512, nowPS: 0)
        }
        #expect(
            await request("02 05 fa 00 40 00 00 00 02 3b 00 00")
                == .data(Self.hex("02 05 fa 00 02 00 00 00 02 00 00 00 61 3b 00 00")))
        #expect(
            await request("02 06 f9 00 01 00 00 00 00 00 00 00")
                == .data(Self.hex("02 06 f9 00 01 00 00 00 00 00 00 00 62 00 00 00")))
        #expect(
            await request("02 07 f8 00 01 00 00 00 00 00 00 00")
                == .data(Self.hex("02 07 f8 00 01 00 00 00 01 00 00 00 0a 00 00 00")))
        let taken = USBSetup(requestType: 0xA2, request: 3, value: 9, index: 0x82, length: 2)
        #expect(await emulator.control(taken, data: [], nowPS: 0) == .data([0x81, 9]), "there is none")
    }

    /// pyftdi ftdi.py: `wValue` of each speed.
    @Test(arguments: [
        (9600, 0x4138), (19_200, 0x809C), (38_400, 0xC04E), (57_600, 0xC034), (115_200, 0x001A), (230_400, 0x000D),
        (460_800, 0x4006), (921_600, 0x8003), (1_000_000, 0x0003), (2_000_000, 1), (3_000_000, 0),
    ])
    func divisors(baud: Int, value: Int) throws {
        let divisor = try #require(FTDIDivisor.divisor(baud: baud))
        #expect(divisor == UInt32(value))
        #expect(abs(Double(FTDIDivisor.baud(divisor)) / Double(baud) - 1) < 0.01)
    }

    @Test func speedsWithoutADivisor() {
        for baud in [-1, 0, 100, 2_500_000, 3_000_001, 12_000_000] {
            #expect(FTDIDivisor.divisor(baud: baud) == nil, "\(baud)")
        }
    }

    /// PSTN 1.2, table 17: 115200 baud, one stop bit, no parity, eight bits.
    @Test func lineCoding() { #expect(CDCACM.lineCoding(baud: 115_200) == [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]) }
}
