import QKDCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A value that goes to its aim exponentially. The instrument's own dynamics are in no public source.
struct FirstOrderLag: Sendable {
    private var start: Double
    private var startPS: Int64
    private(set) var aim: Double
    let timeConstantPS: Int64

    /// Settled at `value`.
    init(_ value: Double, timeConstantPS: Int64) {
        start = value
        aim = value
        startPS = 0
        self.timeConstantPS = timeConstantPS
    }

    /// The value at `nowPS`.
    func value(_ nowPS: Int64) -> Double {
        guard timeConstantPS > 0 else { return aim }
        return aim + (start - aim) * exp(-Double(max(0, nowPS - startPS)) / Double(timeConstantPS))
    }

    /// Gives it a new aim from `nowPS` on.
    mutating func go(to aim: Double, _ nowPS: Int64) {
        start = value(nowPS)
        startPS = nowPS
        self.aim = aim
    }
}

/// The emulated detector's inside: bias supply, cooler and settings.
struct SFifteenSPDModel {
    let setup: SFifteenSPDEmulator.Setup
    private(set) var bias: FirstOrderLag
    private(set) var temperature: FirstOrderLag
    private(set) var isLoopOn: Bool
    private(set) var targetCelsius: Double
    private(set) var peltierVolts: Double

    init(_ setup: SFifteenSPDEmulator.Setup) {
        self.setup = setup
        isLoopOn = setup.isLoopOn
        targetCelsius = setup.targetCelsius
        peltierVolts = setup.peltierVolts
        bias = FirstOrderLag(setup.biasVolts, timeConstantPS: setup.biasTimeConstantPS)
        temperature = FirstOrderLag(setup.temperatureCelsius, timeConstantPS: setup.thermalTimeConstantPS)
        temperature.go(to: aimCelsius, 0)
    }

    mutating func setBias(_ volts: Double, _ nowPS: Int64) { bias.go(to: volts, nowPS) }

    mutating func setLoop(_ on: Bool, _ nowPS: Int64) {
        isLoopOn = on
        temperature.go(to: aimCelsius, nowPS)
    }

    mutating func setTarget(_ celsius: Double, _ nowPS: Int64) {
        targetCelsius = celsius
        temperature.go(to: aimCelsius, nowPS)
    }

    mutating func setPeltier(_ volts: Double, _ nowPS: Int64) {
        peltierVolts = volts
        temperature.go(to: aimCelsius, nowPS)
    }

    /// The loop reaches its target; without it the cooler takes off a fixed amount for each volt.
    private var aimCelsius: Double {
        isLoopOn ? targetCelsius : setup.ambientCelsius - setup.coolingCelsiusPerVolt * peltierVolts
    }
}
