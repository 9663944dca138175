import QKDCore
import Testing

@testable import QKDDrivers

@Suite("TDC1 texts")
struct TDC1TextTests {
    @Test("commands are chained with semicolons and end with CR LF")
    func commands() {
        #expect(TDC1Text.line("abort") == Array("abort\r\n".utf8))
        #expect(TDC1Text.line("singles", "time 5", "counts?") == Array("singles;time 5;counts?\r\n".utf8))
    }

    @Test("counts")
    func counts() throws {
        #expect(try TDC1Text.integers("12 0 7 1", count: 4, at: "x") == [12, 0, 7, 1])
        for text in ["", "1 2 3", "1 2 3 4 5", "1 2 3 four", "1 2 3 4.5"] {
            #expect(throws: QKDError.self) { try TDC1Text.integers(text, count: 4, at: "x") }
        }
    }

    @Test("a gate time above 32767 ms comes as a negative number")
    func gate() throws {
        #expect(try TDC1Text.gateMS("1000", at: "x") == 1000)
        #expect(try TDC1Text.gateMS("-25536", at: "x") == 40_000)
        #expect(try TDC1Text.gateMS("-1", at: "x") == 65_535)
        #expect(throws: QKDError.self) { try TDC1Text.gateMS("70000", at: "x") }
    }

    @Test("a level starts with its volts")
    func level() throws {
        #expect(try TDC1Text.volts("-0.500 V, and more", at: "x") == -0.5)
        #expect(throws: QKDError.self) { try TDC1Text.volts("V -0.5", at: "x") }
        #expect(throws: QKDError.self) { try TDC1Text.volts("", at: "x") }
        #expect(throws: QKDError.self) { try TDC1Text.volts("nan", at: "x") }
    }

    @Test("a status is seven bytes")
    func status() {
        #expect(TDC1Text.status(Array("0000 \r\n".utf8)) == 0)
        #expect(TDC1Text.status(Array("0010 \r\n".utf8)) == TDC1Text.overflowBit)
        for text in ["0010\r\n", "001g \r\n", "0010 \n\r", " 0010 \r\n"] {
            #expect(TDC1Text.status(Array(text.utf8)) == nil)
        }
    }

    @Test("an answer that is no text is no answer")
    func text() throws {
        #expect(try TDC1Text.text(Array("TDC1 x".utf8), at: "x") == "TDC1 x")
        #expect(throws: QKDError.self) { try TDC1Text.text([0x54, 0x80], at: "x") }
    }
}
