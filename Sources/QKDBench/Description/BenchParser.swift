import Foundation
import QKDCore
import QKDDrivers
import QKDSifting
import QKDTransport
import TOMLKit

extension BenchDescription {
    /// The benches that are built in, by name.
    public static let builtIn: [String: [UInt8]] = [
        "bb84-loopback": PackageResources.bb84_loopback_toml,
        "bb84-ideal": PackageResources.bb84_ideal_toml,
    ]

    /// Reads a built-in bench by its name, or a file by its path.
    ///
    /// Throws `absent`, `permissionDenied` or `invalidInput` with the file, the line and the key.
    public static func load(_ nameOrPath: String) throws -> BenchDescription {
        if let bytes = builtIn[nameOrPath] {
            return try parse(String(decoding: bytes, as: UTF8.self), name: "\(nameOrPath) (built in)")
        }
        let text = try SmallFile.text(path: nameOrPath, limit: 1 << 20)
        return try parse(text, name: nameOrPath)
    }

    /// Reads a bench from its text; `name` stands for it in error messages.
    public static func parse(_ text: String, name: String) throws -> BenchDescription {
        let file = BenchSource(name: name, text: text)
        let table: TOMLTable
        do {
            table = try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            throw QKDError(
                .invalidInput, "this is not TOML: \(error.description)",
                at: .init(name, line: error.source.begin.line))
        }
        let root = TOMLSection(table, path: [], file: file)
        let schema = try root.text("schema")
        guard schema == "qkdctl.bench/1" else {
            throw root.wrong("schema", "is \"\(schema)\"; this version reads \"qkdctl.bench/1\"")
        }
        let kind = try root.text("protocol")
        guard kind == "bb84-decoy" else {
            throw root.wrong("protocol", "is \"\(kind)\"; this version runs \"bb84-decoy\"")
        }
        let bases = try root.section("bases")
        let bench = BenchDescription(
            name: try root.text("name"),
            source: try SourceDescription(root.section("source")),
            modulator: try ModulatorDescription(root.section("modulator")),
            intensities: try Self.intensities(root.section("intensities")),
            aliceZProbability: try bases.number("alice_z_probability", in: 0.01...0.99),
            bobZProbability: try bases.number("bob_z_probability", in: 0.01...0.99),
            channel: try ChannelDescription(root.section("channel")),
            detector: try DetectorDescription(root.section("detector")),
            detection: try DetectionDescription(root.section("detection")),
            clock: try ClockDescription(root.section("clock")),
            frames: try FrameDescription(root.section("frames")),
            roles: try Self.roles(root.section("roles")),
            text: text)
        try bases.finish()
        try root.finish()
        try bench.checkTogether(root)
        return bench
    }

    private static func intensities(_ section: TOMLSection) throws -> [Intensity: IntensityDescription] {
        var found: [Intensity: IntensityDescription] = [:]
        for intensity in Intensity.allCases {
            let row = try section.section(intensity.description)
            found[intensity] = IntensityDescription(
                mean: try row.number("mean", in: 0...10),
                probability: try row.number("probability", in: 0...1))
            try row.finish()
        }
        try section.finish()
        return found
    }

    private static func roles(_ section: TOMLSection) throws -> [Role: RoleDescription] {
        var found: [Role: RoleDescription] = [:]
        for role in Role.allCases {
            found[role] = try RoleDescription(section.section(role.rawValue), role: role)
        }
        try section.finish()
        return found
    }

    /// What only holds between several values.
    private func checkTogether(_ root: TOMLSection) throws {
        let sum = intensities.values.reduce(0) { $0 + $1.probability }
        guard abs(sum - 1) < 1e-9 else {
            throw try root.section("intensities").wrong(
                "signal", "and the others have probabilities of \(sum) in all; the sum must be 1")
        }
        guard let signal = intensities[.signal]?.mean, let decoy = intensities[.decoy]?.mean,
            let vacuum = intensities[.vacuum]?.mean, signal > decoy, decoy > vacuum
        else { throw try root.section("intensities").wrong("decoy", "must lie between signal and vacuum") }
        let slotNS = 1e9 / source.pulseRateHz
        guard abs(slotNS - slotNS.rounded()) < 1e-9 else {
            throw try root.section("source").wrong("pulse_rate_hz", "must make a slot of whole nanoseconds")
        }
        guard Double(source.electricalPulseNS) < slotNS else {
            throw try root.section("source").wrong("electrical_pulse_ns", "must be shorter than a slot of \(slotNS) ns")
        }
        guard detection.windowNS <= slotNS else {
            throw try root.section("detection").wrong("window_ns", "must not exceed a slot of \(slotNS) ns")
        }
        let needed = variableAttenuationDB
        guard (0.5...20).contains(needed) else {
            throw try root.section("source").wrong(
                "photons_per_pulse",
                "needs \(needed) dB of variable attenuation for the signal mean; the attenuator gives 0.5 to 20: change fixed_attenuation_db"
            )
        }
    }

    /// The variable attenuation that brings a pulse at full transmission to the signal mean, decibels.
    public var variableAttenuationDB: Double {
        let mean = intensities[.signal]?.mean ?? 0
        return 10 * log10(source.photonsPerPulse / mean) - source.fixedAttenuationDB
    }
}

extension SourceDescription {
    init(_ section: TOMLSection) throws {
        self.init(
            wavelengthNM: try section.number("wavelength_nm", in: 300...2000),
            pulseRateHz: try section.number("pulse_rate_hz", in: 1e3...250e6),
            electricalPulseNS: try section.integer("electrical_pulse_ns", in: 1...1_000_000),
            opticalFWHMPS: try section.number("optical_fwhm_ps", in: 0...100_000),
            photonsPerPulse: try section.number("photons_per_pulse", in: 1...1e12),
            fixedAttenuationDB: try section.number("fixed_attenuation_db", in: 0...120))
        try section.finish()
    }
}

extension ModulatorDescription {
    init(_ section: TOMLSection) throws {
        self.init(
            vPiVolts: try section.number("v_pi_volts", in: 0.01...1),
            extinctionRatioDB: try section.number("extinction_ratio_db", in: 10...80))
        try section.finish()
    }
}

extension ChannelDescription {
    init(_ section: TOMLSection) throws {
        self.init(
            lengthKM: try section.number("length_km", in: 0...1000),
            attenuationDBPerKM: try section.number("attenuation_db_per_km", in: 0...10),
            groupIndex: try section.number("group_index", in: 1...2),
            receiverLossDB: try section.number("receiver_loss_db", in: 0...60),
            misalignment: try section.number("misalignment", in: 0...0.5))
        try section.finish()
    }
}

extension DetectorDescription {
    init(_ section: TOMLSection) throws {
        _ = try section.choice("bias_model", BiasModelName.self)
        self.init(
            efficiency: try section.number("efficiency", in: 0...1),
            darkCountRateHz: try section.number("dark_count_rate_hz", in: 0...1e7),
            deadTimeUS: try section.number("dead_time_us", in: 0...1000),
            afterpulseProbability: try section.number("afterpulse_probability", in: 0...0.5),
            afterpulseTimeUS: try section.number("afterpulse_time_us", in: 0.001...1000),
            jitterFWHMPS: try section.number("jitter_fwhm_ps", in: 0...100_000),
            jitterTailFraction: try section.number("jitter_tail_fraction", in: 0...1),
            jitterTailPS: try section.number("jitter_tail_ps", in: 0...100_000),
            biasVolts: try section.number("bias_volts", in: 0...500),
            temperatureCelsius: try section.number("temperature_celsius", in: -100...50))
        try section.finish()
    }
}

/// The models of bias that a bench may name.
private enum BiasModelName: String, CaseIterable { case synthetic }

extension DetectionDescription {
    init(_ section: TOMLSection) throws {
        self.init(
            windowNS: try section.number("window_ns", in: 0.001...1_000_000),
            doubleClicks: try section.choice("double_clicks", DoubleClickRule.self))
        try section.finish()
    }
}

extension ClockDescription {
    init(_ section: TOMLSection) throws {
        self.init(
            offsetS: try section.numberOrRandom("offset_s", in: -1...1),
            skewPPM: try section.numberOrRandom("skew_ppm", in: -20...20),
            driftPerS: try section.number("drift_per_s", in: -1e-7...1e-7),
            searchOffsetS: try section.number("search_offset_s", in: 0.001...1),
            searchSkewPPM: try section.number("search_skew_ppm", in: 0...50),
            startUncertaintyMS: try section.number("start_uncertainty_ms", in: 0.01...1000))
        try section.finish()
    }
}

extension FrameDescription {
    init(_ section: TOMLSection) throws {
        self.init(
            slots: try section.integer("slots", in: 10_000...1_000_000),
            gapMS: try section.number("gap_ms", in: 1...1000),
            discloseOneIn: try section.integer("disclose_one_in", in: 100...10_000))
        try section.finish()
    }
}

extension RoleDescription {
    init(_ section: TOMLSection, role: Role) throws {
        driver = try section.text("driver")
        guard let entry = Catalog.entry(driver) else {
            let known = Catalog.entries.map(\.descriptor.id).joined(separator: ", ")
            throw section.wrong("driver", "is \"\(driver)\"; this version has \(known)")
        }
        guard entry.fits(role.deviceClass) else {
            throw section.wrong("driver", "is \"\(driver)\", which is no \(role.deviceClass.rawValue)")
        }
        let text = try section.text("address")
        guard let address = Address(text) else {
            throw section.wrong(
                "address",
                "is \"\(text)\"; it must be \"emulated\", a tty such as /dev/ttyACM0, usb[:SERIAL], usb:@SOCKET, gpio:CHIP:LINES or HOST[:PORT[:PORT]]"
            )
        }
        self.address = address
        map = [:]
        if let key = role.mapKey {
            let range = role == .bobTagger ? 1...255 : 0...7
            let rows = try section.section(key)
            for state in BB84State.all {
                map[state] = try rows.integer(state.description, in: range)
            }
            try rows.finish()
            guard Set(map.values).count == map.count else {
                throw section.wrong(key, "gives two states the same number")
            }
        }
        try section.finish()
    }
}

extension RoleDescription.Address {
    /// Reads an address as bench files write it; `nil` if it is none.
    public init?(_ text: String) {
        if text == "emulated" {
            self = .emulated
        } else if text.hasPrefix("/") {
            self = .serial(text)
        } else if text == "usb" {
            self = .usb(serialNumber: nil, socket: nil)
        } else if text.hasPrefix("usb:") {
            let name = String(text.dropFirst(4))
            guard !name.isEmpty, name != "@" else { return nil }
            self =
                name.hasPrefix("@")
                ? .usb(serialNumber: nil, socket: String(name.dropFirst())) : .usb(serialNumber: name, socket: nil)
        } else if text.hasPrefix("gpio:") {
            guard let lines = GPIOAddress(String(text.dropFirst(5))) else { return nil }
            self = .gpio(lines)
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let ports = parts.dropFirst().map { Int($0) ?? 0 }
            guard let host = parts.first, !host.isEmpty, !host.contains(" "), parts.count <= 3,
                ports.allSatisfy({ (1...65535).contains($0) })
            else { return nil }
            self = .network(
                host: String(host), httpPort: ports.first, streamPort: ports.count > 1 ? ports[1] : nil)
        }
    }
}

extension Role {
    /// What a device must be to play this role.
    public var deviceClass: DeviceClass {
        switch self {
        case .aliceModulator: .laserModulator
        case .aliceAttenuator: .attenuator
        case .aliceRandom: .randomSource
        case .bobDetectorZ0, .bobDetectorZ1, .bobDetectorX0, .bobDetectorX1: .photonDetector
        case .bobTagger: .timeTagger
        }
    }

    fileprivate var mapKey: String? {
        switch self {
        case .aliceModulator: "lines"
        case .bobTagger: "channels"
        default: nil
        }
    }
}
