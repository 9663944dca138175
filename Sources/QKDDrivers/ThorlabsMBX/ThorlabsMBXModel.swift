import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the emulated MBX does to light: the modulator's bias and the attenuator, as functions of time.
///
/// The instrument's dynamics are in no public source; every time constant here is an assumption.
struct ThorlabsMBXModel {
    let setup: ThorlabsMBXEmulator.Setup
    private(set) var mode: Int
    var holdVolts: Double
    var ratio = 10.0
    private(set) var voaEnabled: Bool
    private(set) var keepsPower: Bool
    private(set) var attenuationSetDB: Double
    private(set) var outputSetMW = 1.0

    /// Where the bias was when it last got a new aim.
    private var biasStartVolts = 0.0
    private var biasStartPS: Int64
    private var calibrationEndPS: Int64?
    private var voaStartDB: Double
    private var voaStartPS: Int64

    init(_ setup: ThorlabsMBXEmulator.Setup) {
        self.setup = setup
        mode = setup.mode
        holdVolts = setup.holdVolts
        voaEnabled = setup.voaEnabled
        keepsPower = setup.keepsPower
        attenuationSetDB = setup.attenuationDB
        outputSetMW = setup.outputPowerMW
        // Settled long before the emulation starts.
        biasStartPS = -Picoseconds.perSecond * 3600
        voaStartPS = biasStartPS
        voaStartDB = setup.attenuationDB
    }

    // MARK: Modulator

    /// The bias of the transmission minimum, volts; it drifts.
    func nullVolts(_ nowPS: Int64) -> Double {
        setup.nullVolts + setup.nullDriftVoltsPerHour * Picoseconds.seconds(nowPS) / 3600
    }

    func isCalibrating(_ nowPS: Int64) -> Bool { calibrationEndPS.map { nowPS < $0 } ?? false }

    mutating func calibrate(_ nowPS: Int64) {
        startBias(nowPS)
        calibrationEndPS = nowPS + setup.calibrationPS
    }

    mutating func setMode(_ mode: Int, _ nowPS: Int64) {
        startBias(nowPS)
        self.mode = mode
    }

    mutating func setHoldVolts(_ volts: Double, _ nowPS: Int64) {
        startBias(nowPS)
        holdVolts = volts
    }

    private mutating func startBias(_ nowPS: Int64) {
        biasStartVolts = biasVolts(nowPS)
        biasStartPS = nowPS
        if let end = calibrationEndPS, end <= nowPS { calibrationEndPS = nil }
    }

    /// The bias that the mode aims at, volts. Hold modes stay where the minimum was when they began.
    private func aimVolts(_ nowPS: Int64) -> Double {
        let null = nullVolts(nowPS)
        switch mode {
        case 1: return null + setup.halfWaveVolts
        case 2: return null
        case 3: return null + setup.halfWaveVolts / 2
        case 4: return null - setup.halfWaveVolts / 2
        case 5: return nullVolts(biasStartPS) + setup.halfWaveVolts / 2
        case 6: return nullVolts(biasStartPS) - setup.halfWaveVolts / 2
        case 7: return holdVolts
        case 8, 9:
            // sin²(π e / 2 Vπ) = 1 / ratio
            let error = 2 * setup.halfWaveVolts / Double.pi * asin((1 / max(1, ratio)).squareRoot())
            return mode == 8 ? null + error : null - error
        default: return 0
        }
    }

    /// The bias at the modulator, volts: a sweep over two half-wave voltages while calibrating, else an
    /// exponential approach to the aim; off and manual act at once.
    func biasVolts(_ nowPS: Int64) -> Double {
        if let end = calibrationEndPS, nowPS < end, setup.calibrationPS > 0 {
            let phase = 1 - Double(end - nowPS) / Double(setup.calibrationPS)
            return nullVolts(nowPS) + setup.halfWaveVolts * (2 * phase - 1)
        }
        let aim = aimVolts(nowPS)
        if mode == 0 || mode == 7 { return aim }
        var startVolts = biasStartVolts
        var startPS = biasStartPS
        if let end = calibrationEndPS, end > startPS {
            startVolts = nullVolts(end) + setup.halfWaveVolts
            startPS = end
        }
        return aim + (startVolts - aim) * exp(-Double(nowPS - startPS) / Double(setup.biasTimeConstantPS))
    }

    func isLocked(_ nowPS: Int64) -> Bool {
        mode != 0 && !isCalibrating(nowPS) && abs(biasVolts(nowPS) - aimVolts(nowPS)) < setup.lockWindowVolts
    }

    /// Share of the light that the modulator lets through: sin²(π e / 2 Vπ) above its extinction floor.
    func transmission(_ nowPS: Int64) -> Double {
        let error = biasVolts(nowPS) - nullVolts(nowPS)
        let wave = sin(Double.pi * error / (2 * setup.halfWaveVolts))
        let floor = pow(10, -setup.extinctionDB / 10)
        return floor + (1 - floor) * wave * wave
    }

    func tapMW(_ nowPS: Int64) -> Double { setup.inputPowerMW * transmission(nowPS) }

    // MARK: Attenuator

    mutating func setVOA(
        _ nowPS: Int64, enabled: Bool? = nil, keepsPower: Bool? = nil, attenuationDB: Double? = nil,
        outputMW: Double? = nil
    ) {
        voaStartDB = settlingAttenuationDB(nowPS)
        voaStartPS = nowPS
        if let enabled { voaEnabled = enabled }
        if let keepsPower { self.keepsPower = keepsPower }
        if let attenuationDB { attenuationSetDB = attenuationDB }
        if let outputMW { outputSetMW = outputMW }
    }

    private func voaAimDB(_ nowPS: Int64) -> Double {
        guard voaEnabled else { return setup.attenuationRangeDB.lowerBound }
        guard keepsPower else { return attenuationSetDB }
        let needed = 10 * log10(max(tapMW(nowPS), 1e-12) / outputSetMW)
        return min(max(needed, setup.attenuationRangeDB.lowerBound), setup.attenuationRangeDB.upperBound)
    }

    /// The attenuation, decibels: a straight way to its aim within the settling time.
    func settlingAttenuationDB(_ nowPS: Int64) -> Double {
        let aim = voaAimDB(nowPS)
        let passed = nowPS - voaStartPS
        guard passed < setup.voaSettlingPS, setup.voaSettlingPS > 0 else { return aim }
        return voaStartDB + (aim - voaStartDB) * Double(max(0, passed)) / Double(setup.voaSettlingPS)
    }

    func isVOASettled(_ nowPS: Int64) -> Bool {
        voaEnabled && abs(settlingAttenuationDB(nowPS) - voaAimDB(nowPS)) < 0.1
    }

    func measuredDB(_ nowPS: Int64) -> Double { settlingAttenuationDB(nowPS) + setup.attenuationSensorErrorDB }

    func outputMW(_ nowPS: Int64) -> Double { tapMW(nowPS) * pow(10, -settlingAttenuationDB(nowPS) / 10) }
}
