import QKDCore

/// What a QCicada says of its state with every acknowledgement (qcicada 0.2.2, `parse_status`).
public struct QCicadaStatus: Sendable, Equatable {
    /// The flag byte.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8

        /// Takes the byte as it is on the wire.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// It is ready to generate.
        public static let initialized = Flags(rawValue: 0x01)
        /// The start-up test is under way.
        public static let startupTest = Flags(rawValue: 0x02)
        /// The supply voltage is below its range.
        public static let voltageLow = Flags(rawValue: 0x04)
        /// The supply voltage is above its range.
        public static let voltageHigh = Flags(rawValue: 0x08)
        /// The supply voltage cannot be told.
        public static let voltageUndefined = Flags(rawValue: 0x10)
        /// The bit count test failed.
        public static let bitCount = Flags(rawValue: 0x20)
        /// The repetition count test failed.
        public static let repetitionCount = Flags(rawValue: 0x40)
        /// The adaptive proportion test failed.
        public static let adaptiveProportion = Flags(rawValue: 0x80)
    }

    /// What is right and wrong.
    public var flags: Flags
    /// Bytes that wait to be read.
    public var readyBytes: Int

    /// What makes the output unfit for use, in words; empty when nothing does.
    public var faults: [String] {
        var faults = flags.contains(.initialized) ? [] : ["it is not initialised"]
        let names: [(Flags, String)] = [
            (.startupTest, "its start-up test is not done"), (.voltageLow, "its supply voltage is low"),
            (.voltageHigh, "its supply voltage is high"), (.voltageUndefined, "its supply voltage is undefined"),
            (.bitCount, "its bit count test failed"), (.repetitionCount, "its repetition count test failed"),
            (.adaptiveProportion, "its adaptive proportion test failed"),
        ]
        faults += names.filter { flags.contains($0.0) }.map(\.1)
        return faults
    }
}

/// Who a QCicada is (qcicada 0.2.2, `parse_info`).
public struct QCicadaInfo: Sendable, Equatable {
    /// Major version in the upper, minor in the lower 16 bits.
    public var coreVersion: UInt32
    /// Major version in the upper, minor in the lower 16 bits.
    public var firmwareVersion: UInt32
    /// Up to 24 characters.
    public var serialNumber: String
    /// Up to 24 characters.
    public var hardware: String

    /// The firmware's version as people write it, e.g. `5.14`.
    public var firmware: String { "\(firmwareVersion >> 16).\(firmwareVersion & 0xFFFF)" }
}

/// What a QCicada does to its noise before it gives it away (qcicada 0.2.2, `PostProcess`).
public enum QCicadaPostProcessing: UInt8, Sendable, CaseIterable {
    /// Conditioned by SHA-256.
    case sha256 = 0
    /// Noise after the health tests, not conditioned.
    case rawNoise = 1
    /// Samples of the optical module as they come.
    case rawSamples = 2

    /// The name in parameters.
    public var name: String {
        switch self {
        case .sha256: "sha256"
        case .rawNoise: "raw-noise"
        case .rawSamples: "raw-samples"
        }
    }
}

/// A QCicada's settings (qcicada 0.2.2, `parse_config`).
public struct QCicadaConfiguration: Sendable, Equatable {
    /// Which tests run, and whether bytes come in spite of them.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8

        /// Takes the byte as it is on the wire.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// It tests itself when it starts.
        public static let startupTest = Flags(rawValue: 0x01)
        /// It calibrates its light source.
        public static let autoCalibration = Flags(rawValue: 0x02)
        /// The repetition count test runs.
        public static let repetitionCount = Flags(rawValue: 0x04)
        /// The adaptive proportion test runs.
        public static let adaptiveProportion = Flags(rawValue: 0x08)
        /// The bit count test runs.
        public static let bitCount = Flags(rawValue: 0x10)
        /// It generates in spite of failed tests.
        public static let generateOnError = Flags(rawValue: 0x20)
    }

    /// What is done to the noise before it is given out.
    public var postProcessing: QCicadaPostProcessing
    /// Where the light source starts; no public source states the unit.
    public var initialLevel: Float
    /// Which tests run.
    public var flags: Flags
    /// Bits that are taken of each sample.
    public var leastSignificantBits: UInt8
    /// What goes into one hash; the source calls it a size and states no unit.
    public var hashInputBytes: UInt8
    /// What comes in one block; the source calls it a size and states no unit.
    public var blockBytes: UInt16
    /// What the calibration of the light source aims at; the unit is not public.
    public var calibrationTarget: UInt16
}

/// What a QCicada counted since its last reset (qcicada 0.2.2, `parse_statistics`).
public struct QCicadaStatistics: Sendable, Equatable {
    /// Bytes given out.
    public var generatedBytes: UInt64
    /// Failed repetition count tests.
    public var repetitionFailures: UInt32
    /// Failed adaptive proportion tests.
    public var adaptiveProportionFailures: UInt32
    /// Failed bit count tests.
    public var bitCountFailures: UInt32
    /// No public source states the unit.
    public var speed: UInt32
    /// No public source states the unit.
    public var sensorAverage: UInt16
    /// No public source states the unit.
    public var ledLevel: Float
}
