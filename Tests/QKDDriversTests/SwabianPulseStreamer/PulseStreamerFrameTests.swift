import QKDCore
import Testing

@testable import QKDDrivers

@Suite("Pulse Streamer records and uploads")
struct PulseStreamerFrameTests {
    @Test("the record of the layout: 1000 ns, line 0, +1 V, -1 V")
    func vector() {
        #expect(
            PulseStreamerFrame.record(ticks: 1_000, lines: 1, volts: (1, -1))
                == [0xE8, 0x03, 0x00, 0x00, 0x01, 0xFF, 0x7F, 0x01, 0x80])
    }

    @Test("volts round to nearest, halves to even, as in the vendor's client")
    func volts() {
        #expect(PulseStreamerFrame.analog(0.5) == 16_384)
        #expect(PulseStreamerFrame.analog(-0.25) == -8_192)
        #expect(PulseStreamerFrame.analog(1) == 32_767 && PulseStreamerFrame.analog(-1) == -32_767)
        #expect(PulseStreamerFrame.analog(0) == 0)
    }

    @Test("padding goes to the next multiple of 32, and a whole 32 where there is one already")
    func padding() {
        #expect(PulseStreamerUpload.padding(afterRecords: 9) == 23)
        #expect(PulseStreamerUpload.padding(afterRecords: 18) == 14)
        #expect(PulseStreamerUpload.padding(afterRecords: 288) == 32)
        for slots in 1...64 {
            let message = PulseStreamerUpload.message(PulseStreamerBench.frame(slots: slots), id: 1)
            #expect(message.count % 32 == 0 && message.count > 64 + slots * 18)
        }
    }

    @Test(
        "a message is the header, the stream's header, the records in order, and zeros", arguments: [1, 2, 17, 1_000])
    func message(slots: Int) {
        let frame = PulseStreamerBench.frame(slots: slots)
        let message = PulseStreamerUpload.message(frame, id: 0x0102_0304)
        let expected = frame.symbols.flatMap { PulseStreamerFrame.template(frame.alphabet[Int($0)], frame) }
        #expect(Array(message[64..<64 + slots * 18]) == expected)
        #expect(message[(64 + slots * 18)...].allSatisfy { $0 == 0 })
        #expect(Array(message[..<8]) == Array("SIPS".utf8) + [4, 3, 2, 1])
        #expect(message[16..<24].reversed().reduce(0) { $0 << 8 | Int($1) } == message.count - 32)
        #expect(message[32..<40].elementsEqual([1, 0, 0, 0, 0, 0, 0, 0]))  // once
        #expect(message[40..<48].reversed().reduce(0) { $0 << 8 | Int($1) } == slots * 2)
        #expect(message[48..<64].allSatisfy { $0 == 0 })  // ends dark
        #expect(PulseStreamerUpload.records(frame) == expected)
    }

    @Test("every slot ends dark, the last one too")
    func dark() {
        let frame = PulseStreamerBench.frame(slots: 3)
        for symbol in frame.alphabet {
            let template = PulseStreamerFrame.template(symbol, frame)
            #expect(Array(template[9...]) == [60, 0, 0, 0, 0, 0, 0, 0, 0])
            #expect(template[0] == 40)
        }
    }

    @Test("frames that the device cannot play are refused")
    func limits() throws {
        try PulseStreamerFrame.check(PulseStreamerBench.frame(slots: 1))
        let longest = ModulationFrame(
            alphabet: [.init(lines: 1, analogVolts: 0)], slotTicks: 2, pulseTicks: 1,
            symbols: [UInt8](repeating: 0, count: 1_000_000))
        try PulseStreamerFrame.check(longest)
        var frame = longest
        frame.symbols.append(0)
        expectRefusal(.outOfRange, frame)
        frame = PulseStreamerBench.frame(slots: 5)
        frame.symbols = []
        expectRefusal(.invalidInput, frame)
        frame.symbols = [0, 3]
        expectRefusal(.invalidInput, frame)
        frame.symbols = [0]
        frame.pulseTicks = 100
        expectRefusal(.outOfRange, frame)
        frame.pulseTicks = 0
        expectRefusal(.outOfRange, frame)
        frame.pulseTicks = 99
        frame.alphabet[1].analogVolts = 1.0001
        expectRefusal(.outOfRange, frame)
        frame.alphabet[1].analogVolts = .nan
        expectRefusal(.outOfRange, frame)
    }

    private func expectRefusal(_ kind: QKDError.Kind, _ frame: ModulationFrame) {
        let error = #expect(throws: QKDError.self) { try PulseStreamerFrame.check(frame) }
        #expect(error?.kind == kind)
    }

    @Test("a reply counts if it has the upload's id and no code")
    func reply() throws {
        var reply = Array("SIPS".utf8) + [9, 0, 0, 0] + [UInt8](repeating: 0, count: 24)
        try PulseStreamerUpload.check(reply: reply, id: 9, at: "x")
        let other = #expect(throws: QKDError.self) { try PulseStreamerUpload.check(reply: reply, id: 8, at: "x") }
        #expect(other?.kind == .protocolViolation)
        reply[8] = 3
        let refused = #expect(throws: QKDError.self) { try PulseStreamerUpload.check(reply: reply, id: 9, at: "x") }
        #expect(refused?.kind == .refused && refused?.code == 3)
        #expect(throws: QKDError.self) { try PulseStreamerUpload.check(reply: [1, 2], id: 9, at: "x") }
    }

    @Test("the emulator reads what the driver writes")
    func roundTrip() throws {
        let frame = PulseStreamerBench.frame(slots: 5_000)
        let bytes = PulseStreamerUpload.records(frame)
        let sequence = try bytes.withUnsafeBytes { records in
            try EmulatedPulseSequence(records: records, steps: 10_000, runs: 1, final: EmulatedPulseState())
        }
        #expect(sequence.waveform.ticks == (0..<10_000).map { $0 % 2 == 0 ? 40 : 60 })
        let lines: [UInt8] = frame.symbols.flatMap { symbol -> [UInt8] in [frame.alphabet[Int(symbol)].lines, 0] }
        #expect(sequence.waveform.lines == lines)
        let analog: [Int16] = frame.symbols.flatMap { symbol -> [Int16] in
            [PulseStreamerFrame.analog(frame.alphabet[Int(symbol)].analogVolts), 0]
        }
        #expect(sequence.waveform.analog == analog)
        #expect(sequence.durationPS == 5_000 * 100 * 1_000)
        #expect(sequence.waveform.durationPS == sequence.durationPS)
        #expect(sequence.isLit && sequence.runs == 1)
    }

    @Test("light is seen on every output, and in the dark none", arguments: [4, 5, 6, 7, 8])
    func light(byte: Int) throws {
        var record: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0]
        func isLit(_ record: [UInt8]) throws -> Bool {
            try record.withUnsafeBytes {
                try EmulatedPulseSequence(records: $0, steps: 1, runs: 1, final: EmulatedPulseState()).isLit
            }
        }
        #expect(try !isLit(record))
        record[byte] = 1
        #expect(try isLit(record))
    }
}
