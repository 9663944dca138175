#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// A Mach–Zehnder intensity modulator biased at its null: no drive, no light but the leakage.
///
/// T(v) = f + (1 − f) sin²(π/2 · (v + e)/Vπ), f = 10^(−ER/10), e the bias error. It is the raised
/// cosine of the bias scan I = I₀/2 [1 + V cos(π(v − v₀)/Vπ)] with v counted from the null v₀ and the
/// finite visibility V written as a floor. Drive at v = Vπ gives T = 1; insertion loss is not in it.
///
/// Source of the transfer: Yariv, Yeh, "Photonics", 6th ed., ch. 9 (two-beam interference of the arms).
public struct MachZehnderModulator: Sendable, Equatable {
    /// Volts from null to full transmittance, positive.
    public var vPiVolts: Double
    /// Extinction ratio 10 log₁₀(I_on/I_off), dB, positive.
    public var extinctionRatioDB: Double

    /// States a modulator.
    public init(vPiVolts: Double, extinctionRatioDB: Double) {
        self.vPiVolts = vPiVolts
        self.extinctionRatioDB = extinctionRatioDB
    }

    /// The transmittance at the null, 10^(−ER/10).
    public var floor: Double { Decibel.transmittance(lossDB: extinctionRatioDB) }

    /// Transmittance, `floor`…1, at a drive and a bias error away from the null, both in volts.
    public func transmittance(driveVolts: Double, biasErrorVolts: Double = 0) -> Double {
        let sine = sin(Double.pi / 2 * (driveVolts + biasErrorVolts) / vPiVolts)
        let floor = floor
        return floor + (1 - floor) * sine * sine
    }

    /// The drive, 0…Vπ volts, that gives a transmittance at no bias error.
    ///
    /// What lies below the floor cannot be reached and gives the null, 0 V; outside 0…1 it throws
    /// `outOfRange`.
    public func driveVolts(forTransmittance transmittance: Double) throws(QKDError) -> Double {
        guard transmittance >= 0, transmittance <= 1 else {
            throw QKDError(.outOfRange, "a modulator's transmittance is 0…1, not \(transmittance)")
        }
        let floor = floor
        guard transmittance > floor else { return 0 }
        let sine = ((transmittance - floor) / (1 - floor)).squareRoot()
        return 2 * vPiVolts / Double.pi * asin(min(1, sine))
    }
}
