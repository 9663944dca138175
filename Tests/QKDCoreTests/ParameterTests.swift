import QKDCore
import Testing

@Suite struct ParameterTests {
    private static let bias = Parameter("bias", .number(-5...200.5), unit: "V", access: .readWrite, "Bias.")
    private static let anyNumber = Parameter("level", .number(nil), unit: "dB", access: .readWrite, "Level.")
    private static let pure = Parameter("ratio", .number(nil), access: .readWrite, "Ratio.")
    private static let gate = Parameter("gate", .integer(1...65_535), unit: "ms", access: .writeOnly, "Gate.")
    private static let anyInteger = Parameter("count", .integer(nil), access: .readOnly, "Count.")
    private static let enabled = Parameter("enabled", .flag, access: .readWrite, "On?")
    private static let mode = Parameter("mode", .choice(["nim", "TTL"]), access: .readWrite, "Mode.")
    private static let label = Parameter("label", .text, access: .readWrite, "Label.")

    @Test(arguments: [
        (bias, "-5", ParameterValue.number(-5)), (bias, "200.5", .number(200.5)), (bias, "1e2", .number(100)),
        (bias, "-0", .number(0)), (anyNumber, "-1e300", .number(-1e300)), (pure, ".5", .number(0.5)),
        (gate, "1", .integer(1)), (gate, "65535", .integer(65_535)), (gate, "+7", .integer(7)),
        (anyInteger, "-9223372036854775808", .integer(.min)),
        (enabled, "on", .flag(true)), (enabled, "TRUE", .flag(true)), (enabled, "1", .flag(true)),
        (enabled, "Off", .flag(false)), (enabled, "false", .flag(false)), (enabled, "0", .flag(false)),
        (mode, "nim", .text("nim")), (mode, "TTL", .text("TTL")),
        (label, "", .text("")), (label, "Alice's µ", .text("Alice's µ")),
    ])
    func textBecomesAValue(parameter: Parameter, text: String, value: ParameterValue) throws {
        #expect(try parameter.parse(text) == value)
        try parameter.check(value)
    }

    @Test(arguments: [
        (bias, "five"), (bias, ""), (bias, " 5"), (bias, "5 V"), (bias, "nan"), (bias, "inf"), (bias, "-infinity"),
        (bias, "1,5"), (anyNumber, "nan"), (anyNumber, "1e999"), (gate, "1.0"), (gate, "0x10"), (gate, "1e3"),
        (gate, ""), (anyInteger, "9223372036854775808"), (enabled, "yes"), (enabled, ""), (enabled, "2"),
        (mode, "NIM"), (mode, "ttl"), (mode, ""), (mode, "nim, TTL"),
    ])
    func nonsenseIsInvalidInput(parameter: Parameter, text: String) {
        let error = #expect(throws: QKDError.self) { try parameter.parse(text) }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains(parameter.name) == true)
        #expect(error?.message.contains(parameter.allowed) == true)
    }

    @Test(arguments: [
        (bias, "-5.0001"), (bias, "200.6"), (bias, "1e300"), (gate, "0"), (gate, "-1"), (gate, "65536"),
    ])
    func numbersOutsideTheRangeAreOutOfRange(parameter: Parameter, text: String) {
        let error = #expect(throws: QKDError.self) { try parameter.parse(text) }
        #expect(error?.kind == .outOfRange)
        #expect(error?.message.contains(parameter.allowed) == true)
    }

    @Test(arguments: [
        (bias, ParameterValue.number(.nan)), (bias, .number(.infinity)), (bias, .integer(201)), (bias, .text("5")),
        (bias, .flag(true)), (anyNumber, .number(.nan)), (anyNumber, .number(-.infinity)),
        (gate, .number(5)), (gate, .integer(0)), (gate, .flag(true)), (gate, .text("5")), (anyInteger, .number(1)),
        (enabled, .integer(1)), (enabled, .text("on")), (enabled, .number(1)),
        (mode, .text("")), (mode, .text("Nim")), (mode, .integer(0)), (mode, .flag(false)),
        (label, .integer(1)), (label, .flag(true)), (label, .number(0)),
    ])
    func checkRefusesWrongTypesAndRanges(parameter: Parameter, value: ParameterValue) {
        let error = #expect(throws: QKDError.self) { try parameter.check(value) }
        #expect(error?.kind == .outOfRange)
        #expect(error?.message.contains(parameter.name) == true)
    }

    @Test(arguments: [
        (bias, ParameterValue.integer(200)), (bias, .number(-5)), (anyNumber, .integer(.max)),
        (anyNumber, .number(.leastNonzeroMagnitude)), (anyInteger, .integer(.max)), (gate, .integer(65_535)),
    ])
    func checkTakesWhatFits(parameter: Parameter, value: ParameterValue) throws {
        try parameter.check(value)
    }

    @Test func allowedValuesAreSaidWithTheirUnit() {
        #expect(Self.bias.allowed == "-5.0 to 200.5 V")
        #expect(Self.gate.allowed == "1 to 65535 ms")
        #expect(Self.anyNumber.allowed == "a number in dB")
        #expect(Self.pure.allowed == "a number")
        #expect(Self.anyInteger.allowed == "a whole number")
        #expect(Self.enabled.allowed == "on or off")
        #expect(Self.mode.allowed == "nim, TTL")
        #expect(Self.label.allowed == "text")
    }

    @Test func valuesReadBackFromTheirOwnDescription() throws {
        #expect(ParameterValue.flag(true).description == "on")
        #expect(ParameterValue.flag(false).description == "off")
        let cases: [(Parameter, ParameterValue)] = [
            (Self.bias, .number(0.1)), (Self.gate, .integer(12)), (Self.enabled, .flag(true)),
            (Self.enabled, .flag(false)), (Self.mode, .text("TTL")), (Self.label, .text("a b")),
        ]
        for (parameter, value) in cases { #expect(try parameter.parse(value.description) == value) }
    }
}
