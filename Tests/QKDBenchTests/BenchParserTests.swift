import QKDCore
import Testing

@testable import QKDBench

@Suite("Bench files")
struct BenchParserTests {
    static let text = String(decoding: PackageResources.bb84_loopback_toml, as: UTF8.self)

    @Test("Both built-in benches parse and differ in afterpulsing alone")
    func builtIn() throws {
        let loopback = try BenchDescription.load("bb84-loopback")
        let ideal = try BenchDescription.load("bb84-ideal")
        #expect(loopback.isEmulated && ideal.isEmulated)
        #expect(loopback.detector.afterpulseProbability == 0.02)
        #expect(ideal.detector.afterpulseProbability == 0)
        var same = ideal.detectorModel
        same.afterpulseProbability = 0.02
        #expect(same == loopback.detectorModel)
        #expect(loopback.slotPeriodPS == 100_000)
        #expect(loopback.roles.count == Role.allCases.count)
    }

    @Test("The attenuators bring a pulse to the signal mean")
    func attenuation() throws {
        let bench = try BenchDescription.load("bb84-loopback")
        let total = bench.source.fixedAttenuationDB + bench.variableAttenuationDB
        let mean = bench.source.photonsPerPulse * Decibels.transmittance(total)
        #expect(abs(mean - 0.5) < 1e-9)
    }

    @Test(
        "A wrong value is named with its line and key",
        arguments: [
            ("efficiency = 0.10", "efficiency = 1.5", "detector.efficiency", "between 0.0 and 1.0"),
            ("efficiency = 0.10", "efficiency = nan", "detector.efficiency", "between"),
            ("slots = 1_000_000", "slots = 1_000_001", "frames.slots", "between 10000 and 1000000"),
            ("slots = 1_000_000", "slots = 1e6", "frames.slots", "whole number"),
            ("disclose_one_in = 100", "disclose_one_in = 99", "frames.disclose_one_in", "between 100"),
            ("window_ns = 4.0", "window_ns = \"4\"", "detection.window_ns", "must be a number"),
            ("window_ns = 4.0", "window_ns = 101.0", "detection.window_ns", "must not exceed a slot"),
            ("double_clicks = \"random\"", "double_clicks = \"keep\"", "detection.double_clicks", "\"discard\""),
            ("offset_s = \"random\"", "offset_s = \"dice\"", "clock.offset_s", "a number or \"random\""),
            ("skew_ppm = \"random\"", "skew_ppm = 21.0", "clock.skew_ppm", "between -20.0 and 20.0"),
            ("length_km = 25.0", "lenght_km = 25.0", "channel.length_km", "is missing"),
            ("misalignment = 0.015", "misalignment = 0.015\nextra = 1", "channel.extra", "is not known here"),
            ("mean = 0.2,", "mean = 0.6,", "intensities.decoy", "between signal and vacuum"),
            ("probability = 0.6", "probability = 0.7", "intensities.signal", "the sum must be 1"),
            ("fixed_attenuation_db = 50.0", "fixed_attenuation_db = 20.0", "source.photons_per_pulse", "change fixed"),
            ("electrical_pulse_ns = 10", "electrical_pulse_ns = 100", "source.electrical_pulse_ns", "shorter than"),
            ("pulse_rate_hz = 10_000_000", "pulse_rate_hz = 3_000_000", "source.pulse_rate_hz", "whole nanoseconds"),
            ("driver = \"thorlabs-mbx\"", "driver = \"mbx\"", "roles.alice-attenuator.driver", "this version has"),
            (
                "driver = \"thorlabs-mbx\"", "driver = \"sfifteen-tdc1\"", "roles.alice-attenuator.driver",
                "no attenuator"
            ),
            ("lines = { Z0 = 0, Z1 = 1", "lines = { Z0 = 1, Z1 = 1", "roles.alice-modulator.lines", "same number"),
            ("lines = { Z0 = 0", "lines = { Z0 = 8", "roles.alice-modulator.lines.Z0", "between 0 and 7"),
            ("bias_model = \"synthetic\"", "bias_model = \"real\"", "detector.bias_model", "\"synthetic\""),
            ("protocol = \"bb84-decoy\"", "protocol = \"e91\"", "protocol", "bb84-decoy"),
            ("qkdctl.bench/1", "qkdctl.bench/2", "schema", "qkdctl.bench/1"),
        ])
    func wrongValue(old: String, new: String, key: String, words: String) throws {
        #expect(Self.text.contains(old), "the test's own text is out of date: \(old)")
        let error = try #require(failure(of: Self.replacing(old, new)))
        #expect(error.kind == .invalidInput)
        #expect(error.message.contains(key), "\(error)")
        #expect(error.message.contains(words), "\(error)")
        let line = try #require(error.place?.line)
        let lines = Self.replacing(old, new).split(separator: "\n", omittingEmptySubsequences: false)
        let last = key.split(separator: ".").last.map(String.init) ?? key
        let table = key.split(separator: ".").dropLast().last.map(String.init) ?? key
        // The key's own line, or where the key is missing or inline, that of what holds it.
        #expect(lines[line - 1].contains(last) || lines[line - 1].contains(table), "line \(line): \(lines[line - 1])")
    }

    @Test("Broken TOML is named with its line")
    func brokenTOML() throws {
        let error = try #require(failure(of: Self.replacing("[channel]", "[channel")))
        #expect(error.message.contains("not TOML"))
        let broken = try #require(
            Self.text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex(of: "[channel]"))
        #expect(abs((error.place?.line ?? 0) - (broken + 1)) <= 1)
    }

    @Test("Text that is no bench at all is refused", arguments: ["", "x", "= = =", "\u{0}", "[[roles]]\n"])
    func nonsense(text: String) {
        #expect(failure(of: text)?.kind == .invalidInput)
    }

    @Test("Any single removed line is either a comment, a blank or an error")
    func removedLines() {
        let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for index in lines.indices {
            let line = lines[index].drop { $0 == " " }
            let matters = !line.isEmpty && !line.hasPrefix("#")
            let rest = (lines[..<index] + lines[(index + 1)...]).joined(separator: "\n")
            #expect((failure(of: rest) != nil) == matters, "line \(index + 1): \(lines[index])")
        }
    }

    @Test("Addresses are read and written back")
    func addresses() {
        let cases: [(String, RoleDescription.Address?)] = [
            ("emulated", .emulated), ("/dev/ttyACM0", .serial("/dev/ttyACM0")),
            ("10.0.0.7", .network(host: "10.0.0.7", httpPort: nil, streamPort: nil)),
            ("pulser.lab:8050", .network(host: "pulser.lab", httpPort: 8050, streamPort: nil)),
            ("127.0.0.1:1:65535", .network(host: "127.0.0.1", httpPort: 1, streamPort: 65535)),
            ("", nil), (":80", nil), ("host:0", nil), ("host:65536", nil), ("host:x", nil), ("a:1:2:3", nil),
            ("a b", nil),
        ]
        for (text, wanted) in cases {
            #expect(RoleDescription.Address(text) == wanted, "\(text)")
            if let wanted { #expect(wanted.text == text) }
        }
    }

    @Test("A bench half emulated is refused when it is opened")
    func halfEmulated() async throws {
        let text = Self.replacing(
            "driver = \"sfifteen-tdc1\"\naddress = \"emulated\"", "driver = \"sfifteen-tdc1\"\naddress = \"/dev/null\"")
        let bench = try BenchDescription.parse(text, name: "half")
        await #expect(throws: QKDError.self) { try await Bench.open(bench, seed: 1, time: .lockstep) }
    }

    static func replacing(_ old: String, _ new: String) -> String {
        guard let range = text.firstRange(of: old) else { return text }
        return text.replacingCharacters(in: range, with: new)
    }

    private func failure(of text: String) -> QKDError? {
        do {
            _ = try BenchDescription.parse(text, name: "test.toml")
            return nil
        } catch {
            return error as? QKDError
        }
    }
}

/// Decibels by a series of their own, so that the test does not lean on the code's.
enum Decibels {
    static func transmittance(_ loss: Double) -> Double {
        var value = 1.0
        var rest = loss
        while rest >= 10 {
            value /= 10
            rest -= 10
        }
        // 10^(-rest/10) by the exponential's series.
        let x = -rest / 10 * 2.302585092994046
        var term = 1.0
        var sum = 1.0
        for index in 1..<40 {
            term *= x / Double(index)
            sum += term
        }
        return value * sum
    }
}
