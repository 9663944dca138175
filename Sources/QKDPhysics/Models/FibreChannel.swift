#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Loss in decibels and power transmittance.
public enum Decibel {
    /// The power transmittance 10^(−dB/10) of a loss.
    @inlinable
    public static func transmittance(lossDB: Double) -> Double { pow(10, -lossDB / 10) }

    /// The loss −10 log₁₀ t of a power transmittance; infinite for 0.
    @inlinable
    public static func loss(transmittance: Double) -> Double { -10 * log10(transmittance) }
}

/// A fibre of uniform attenuation: t = 10^(−αL/10).
///
/// Source: Ma, Qi, Zhao, Lo, "Practical decoy state for quantum key distribution", PRA 72, 012326
/// (2005), arXiv quant-ph/0503005, eq. 1. Figures for α: Corning SMF-28 data sheet (≤ 0.22 dB/km cable
/// at 1550 nm, 0.35 at 1310 nm).
public struct FibreChannel: Sendable, Equatable {
    /// Length, km, not negative.
    public var lengthKM: Double
    /// Attenuation α, dB/km, not negative.
    public var attenuationDBPerKM: Double
    /// Group index, which sets the delay: 1.468 for standard single-mode fibre at 1550 nm.
    public var groupIndex: Double

    /// States a fibre.
    public init(lengthKM: Double, attenuationDBPerKM: Double, groupIndex: Double = 1.468) {
        self.lengthKM = lengthKM
        self.attenuationDBPerKM = attenuationDBPerKM
        self.groupIndex = groupIndex
    }

    /// The whole loss αL, dB.
    public var lossDB: Double { lengthKM * attenuationDBPerKM }

    /// The fraction of power, and the probability for each photon, that passes.
    public var transmittance: Double { Decibel.transmittance(lossDB: lossDB) }

    /// Time of flight n L / c, picoseconds: 4.8967 µs/km at n = 1.468.
    public var delayPS: Int64 {
        Int64((lengthKM * 1e3 * groupIndex / 299_792_458 * 1e12).rounded())
    }
}
