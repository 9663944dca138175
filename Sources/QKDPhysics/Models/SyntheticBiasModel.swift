#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import QKDCore

/// How efficiency and dark counts follow an avalanche diode's bias and temperature.
///
/// **Synthetic.** No device was fitted. The shapes are the common ones: the avalanche probability rises
/// from zero at breakdown and saturates, 1 − e^(−(V−V_br)/V_s); the generation of dark carriers grows
/// exponentially with the field, e^(V/V_d), and doubles every few kelvin. Both curves are anchored: at
/// the reference bias and temperature the detector comes out exactly as its row states it.
public struct SyntheticBiasModel: Sendable, Equatable {
    /// Bias below which no avalanche sustains itself, volts.
    public var breakdownVolts: Double
    /// Bias at which the detector's row holds, volts, above breakdown.
    public var referenceVolts: Double
    /// Overvoltage V_s of the avalanche probability's rise, volts, positive.
    public var saturationVolts: Double
    /// Bias step V_d that multiplies dark generation by e, volts, positive.
    public var darkFoldVolts: Double
    /// Temperature at which the row holds, °C.
    public var referenceCelsius: Double
    /// Warming that doubles the dark counts, kelvin, positive.
    public var darkDoublingKelvin: Double

    /// States a bias law.
    public init(
        breakdownVolts: Double, referenceVolts: Double, saturationVolts: Double = 3,
        darkFoldVolts: Double = 2, referenceCelsius: Double = -50, darkDoublingKelvin: Double = 10
    ) {
        self.breakdownVolts = breakdownVolts
        self.referenceVolts = referenceVolts
        self.saturationVolts = saturationVolts
        self.darkFoldVolts = darkFoldVolts
        self.referenceCelsius = referenceCelsius
        self.darkDoublingKelvin = darkDoublingKelvin
    }

    /// Efficiency over the row's: 0 at and below breakdown, exactly 1 at the reference bias.
    public func relativeEfficiency(biasVolts: Double) -> Double {
        guard biasVolts > breakdownVolts else { return 0 }
        let here = 1 - exp(-(biasVolts - breakdownVolts) / saturationVolts)
        return here / (1 - exp(-(referenceVolts - breakdownVolts) / saturationVolts))
    }

    /// Dark rate over the row's: 0 at and below breakdown, exactly 1 at the reference bias and temperature.
    ///
    /// A dark carrier needs an avalanche as a photon's does, so the efficiency's factor is in it.
    public func relativeDarkRate(biasVolts: Double, celsius: Double) -> Double {
        relativeEfficiency(biasVolts: biasVolts) * exp((biasVolts - referenceVolts) / darkFoldVolts)
            * temperatureFactor(celsius: celsius)
    }

    /// The factor 2^((T − T_ref)/ΔT₂) on dark counts.
    public func temperatureFactor(celsius: Double) -> Double {
        exp2((celsius - referenceCelsius) / darkDoublingKelvin)
    }

    /// The detector of `row` at another bias and temperature; the efficiency stops at 1.
    public func detector(_ row: DetectorModel, biasVolts: Double, celsius: Double) -> DetectorModel {
        var model = row
        model.efficiency = min(1, row.efficiency * relativeEfficiency(biasVolts: biasVolts))
        model.darkCountRateHz = row.darkCountRateHz * relativeDarkRate(biasVolts: biasVolts, celsius: celsius)
        return model
    }

    /// Throws `outOfRange`, naming the field, if the reference is not above breakdown or a scale is not positive.
    public func validate(_ source: String = "bias") throws(QKDError) {
        let scales = [
            ("referenceVolts", referenceVolts - breakdownVolts), ("saturationVolts", saturationVolts),
            ("darkFoldVolts", darkFoldVolts), ("darkDoublingKelvin", darkDoublingKelvin),
        ]
        for (field, scale) in scales where !(scale > 0 && scale.isFinite) {
            throw QKDError(.outOfRange, "\(field) leaves a scale of \(scale)", at: .init(source, field: field))
        }
    }
}
