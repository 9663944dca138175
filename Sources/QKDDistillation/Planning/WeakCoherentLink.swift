#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Weak coherent pulses over fibre to threshold detectors, in closed form (Ma, Qi, Zhao, Lo, Phys. Rev. A 72, 012326 (2005),
/// section II B).
public struct WeakCoherentLink: Sendable, Equatable {
    /// Attenuation of the fibre, dB/km.
    public var attenuationDBPerKM: Double
    /// Everything on Bob's side between fibre and click: losses and the detectors' efficiency, 0…1.
    public var receiverEfficiency: Double
    /// Y₀: the chance of a click without light.
    public var darkYield: Double
    /// e_det: the chance that a photon makes an error.
    public var misalignment: Double
    /// e₀: the error rate of clicks without light.
    public var darkErrorRate = 0.5
    /// q: the share of pulses for which both sides chose the key's basis.
    public var siftedShare = 0.5
    /// f: what reconciliation reveals, as a multiple of the entropy.
    public var reconciliationFactor = 1.22

    /// Describes a link; what has a default may be changed afterwards.
    public init(
        attenuationDBPerKM: Double, receiverEfficiency: Double, darkYield: Double, misalignment: Double
    ) {
        self.attenuationDBPerKM = attenuationDBPerKM
        self.receiverEfficiency = receiverEfficiency
        self.darkYield = darkYield
        self.misalignment = misalignment
    }

    /// η: the chance that a photon which leaves Alice makes a click.
    public func transmittance(km: Double) -> Double { pow(10, -attenuationDBPerKM * km / 10) * receiverEfficiency }

    /// Q_μ: clicks a pulse of mean `mean`; dark counts and light are added as the paper does.
    public func gain(mean: Double, km: Double) -> Double { darkYield + 1 - exp(-transmittance(km: km) * mean) }

    /// E_μ Q_μ: wrong clicks a pulse.
    public func errorGain(mean: Double, km: Double) -> Double {
        darkErrorRate * darkYield + misalignment * (1 - exp(-transmittance(km: km) * mean))
    }

    /// Secret bits a pulse if any number of decoys were sent (eqs. (1), (10)–(12)); below zero where there is no key.
    public func rateWithInfiniteDecoys(mean: Double, km: Double) -> Double {
        let transmittance = transmittance(km: km)
        let yield = darkYield + transmittance - darkYield * transmittance
        let error = (darkErrorRate * darkYield + misalignment * transmittance) / yield
        return rate(mean: mean, km: km, singleYield: yield, singleError: error)
    }

    /// Secret bits a pulse with a vacuum and a weak decoy (eqs. (34), (37)); below zero where there is no key.
    public func rateWithVacuumAndWeakDecoy(mean: Double, weak: Double, km: Double) -> Double {
        let bright = gain(mean: mean, km: km) * exp(mean)
        let dim = gain(mean: weak, km: km) * exp(weak)
        let ratio = weak * weak / (mean * mean)
        let yield =
            mean / (mean * weak - weak * weak) * (dim - bright * ratio - (1 - ratio) * darkYield)
        guard yield > 0 else { return -.infinity }
        let error =
            (errorGain(mean: weak, km: km) * exp(weak) - darkErrorRate * darkYield) / (weak * yield)
        return rate(mean: mean, km: km, singleYield: yield, singleError: error)
    }

    private func rate(mean: Double, km: Double, singleYield: Double, singleError: Double) -> Double {
        let gain = gain(mean: mean, km: km)
        let single = singleYield * mean * exp(-mean)
        return siftedShare
            * (single * (1 - binaryEntropy(min(0.5, singleError)))
                - gain * reconciliationFactor * binaryEntropy(errorGain(mean: mean, km: km) / gain))
    }

    /// How far a rate reaches: the distance at which it is no longer above zero, kilometres, to a metre.
    public static func reach(beyond nearKM: Double = 0, upTo farKM: Double = 1000, _ rate: (Double) -> Double)
        -> Double?
    {
        guard rate(nearKM) > 0, rate(farKM) <= 0 else { return nil }
        var (near, far) = (nearKM, farKM)
        while far - near > 1e-3 {
            let middle = 0.5 * (near + far)
            if rate(middle) > 0 { near = middle } else { far = middle }
        }
        return 0.5 * (near + far)
    }
}
