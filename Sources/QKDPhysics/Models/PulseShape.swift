/// A laser pulse as the spread of its photons' arrival times: Gaussian, given by its full width at half maximum.
///
/// σ = FWHM/(2√(2 ln 2)) = FWHM/2.354820. A photon of a weak pulse arrives with the density of the
/// pulse's power (semiclassical detection; Mandel, Wolf, "Optical coherence and quantum optics", ch. 9).
public struct PulseShape: Sendable, Equatable {
    /// Full width at half maximum of the power, ps; 0 for no spread.
    public var fwhmPS: Double

    /// States a pulse.
    public init(fwhmPS: Double) { self.fwhmPS = fwhmPS }

    /// Standard deviation of the arrival time, ps.
    public var sigmaPS: Double { fwhmPS / Self.fwhmPerSigma }

    /// FWHM of a normal density in units of σ, 2√(2 ln 2).
    public static let fwhmPerSigma = 2.354_820_045_030_949_3
}
