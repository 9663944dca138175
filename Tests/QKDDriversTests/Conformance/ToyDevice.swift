import QKDCore
import QKDTestKit
import QKDTransport

/// Ways in which a driver can be wrong; each has to be found.
enum ToyFlaw: String, CaseIterable, Sendable {
    case hidesThatItIsEmulated, selfTestFails, selfTestChangesSetting, unhealthy, closeDoesNothing
    case makeSafeForgets, makeSafeStopsWhenCancelled
    case twinParameter, oddName, noSummary, emptyRange, unitOnFlag
    case readsOutOfRange, writeOnlyReads, setForgets, sendsWrongValues, setsReadOnly, unknownReads
    case staleValues, swallowsErrors, hangs, mistakesLossForTimeout
}

/// `L?` and `L n` for a level, `I?` for the name, and `tick` once a second.
actor ToyEmulator: StreamEmulator {
    private(set) var level = 0
    private var heard: [UInt8] = []
    private var ticks: Int64 = 0
    private let name: String

    init(name: String = "TOY EMULATED") { self.name = name }

    func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8] {
        var said = ""
        for byte in bytes {
            guard byte == 0x0A else {
                heard.append(byte)
                continue
            }
            let line = String(decoding: heard, as: UTF8.self)
            heard = []
            if line == "L?" { said += "\(level)\n" }
            if line == "I?" { said += name + "\n" }
            if line.hasPrefix("L "), let value = Int(line.dropFirst(2)) { level = value }
        }
        return Array(said.utf8)
    }

    func advance(toPS nowPS: Int64) -> [UInt8] {
        // Only for the runner's own test: the drivers' time stays below one second.
        let due = nowPS / Picoseconds.perSecond - ticks
        ticks += due
        return due > 0 && heard.isEmpty ? Array("tick\n".utf8) : []
    }
}

actor ToyDriver: Device {
    static let descriptor = DeviceDescriptor(
        id: "Toy", vendor: "", model: "toy", classes: [], transports: [.serial, .serial], support: .transcript,
        summary: "two\nlines", unverified: [], usb: [USBMatch()])

    let transport: any ByteTransport
    let flaw: ToyFlaw?
    private var lastLevel = 0
    private var isClosed = false

    init(_ transport: any ByteTransport, _ flaw: ToyFlaw?) {
        self.transport = transport
        self.flaw = flaw
    }

    private func ask(_ question: String) async throws -> String {
        do {
            try await transport.write(Array("\(question)\n".utf8))
            var reader = ByteReader(transport)
            let timeout: Duration = .milliseconds(50)
            return String(decoding: try await reader.line(endingWith: [0x0A], timeout: timeout), as: UTF8.self)
        } catch let error as QKDError {
            if flaw == .hangs && error.kind == .timeout { try? await Task.sleep(for: .seconds(1)) }
            if flaw == .mistakesLossForTimeout && error.kind == .disconnected { throw QKDError(.timeout, "late") }
            throw error
        }
    }

    private func level() async throws -> Int {
        do {
            guard let level = Int(try await ask("L?")) else { throw QKDError(.protocolViolation, "no level") }
            lastLevel = level
        } catch  where flaw == .staleValues {
            return lastLevel
        }
        return lastLevel
    }

    private func setLevel(_ level: Int) async throws {
        try await transport.write(Array("L \(level)\n".utf8))
        lastLevel = level
    }

    func open() async throws -> DeviceIdentity {
        let name = try await ask("I?")
        guard name.hasPrefix("TOY") else { throw QKDError(.protocolViolation, "no toy") }
        return DeviceIdentity(vendor: "toys", model: name)
    }

    func close() async { if flaw != .closeDoesNothing { await transport.close() } }

    func makeSafe() async throws {
        if flaw == .makeSafeForgets { return }
        if flaw == .makeSafeStopsWhenCancelled { return try await bringDown() }
        try await Task { try await bringDown() }.value
    }

    private func bringDown() async throws {
        do {
            try await setLevel(0)
            guard try await level() == 0 else { throw QKDError(.refused, "still up") }
        } catch  where flaw == .swallowsErrors {
            return
        }
    }

    func selfTest() async throws -> SelfTestReport {
        let level = try await level()
        if flaw == .selfTestChangesSetting { try await setLevel(level + 1) }
        return SelfTestReport([.init("level", passed: flaw != .selfTestFails)])
    }

    func health() async throws -> DeviceHealth {
        _ = try await level()
        return DeviceHealth(flaw == .unhealthy ? .degraded : .healthy)
    }

    nonisolated var parameters: [Parameter] {
        var list = [
            Parameter("level", .integer(0...9), access: .readWrite, "how high it stands"),
            Parameter("height", .integer(nil), access: .readOnly, "how high it stands"),
            Parameter("push", .flag, access: .writeOnly, "lifts it"),
        ]
        switch flaw {
        case .twinParameter: list.append(list[0])
        case .oddName: list[1].name = "Height_1"
        case .noSummary: list[1].summary = ""
        case .emptyRange: list.append(Parameter("ratio", .number(1...1), access: .readOnly, "constant"))
        case .unitOnFlag: list[2].unit = "V"
        default: break
        }
        return list
    }

    func value(of parameter: String) async throws -> ParameterValue {
        switch parameter {
        case "ratio": return .number(Double(try await level()) + 1)
        case "level": return .integer(try await level() + (flaw == .readsOutOfRange ? 10 : 0))
        case "height", "Height_1": return .integer(try await level())
        case "push" where flaw == .writeOnlyReads: return .flag(true)
        case _ where flaw == .unknownReads: return .integer(0)
        default: throw QKDError(.unsupported, "cannot read \(parameter)")
        }
    }

    func set(_ parameter: String, to value: ParameterValue) async throws {
        let known = try self.parameter(parameter)
        if flaw == .sendsWrongValues { try await transport.write([0x0A]) }
        if flaw == .setsReadOnly, known.access == .readOnly { return }
        guard known.access != .readOnly else { throw QKDError(.unsupported, "cannot set \(parameter)") }
        try known.check(value)
        if case .integer(let level) = value { try await setLevel(flaw == .setForgets ? level + 1 : level) }
        if case .flag = value { try await setLevel(9) }
    }
}
