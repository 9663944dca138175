/// What a curve of key rates is reckoned by: a proof, and for finite keys the detections before a key is made.
public enum RateModel: Sendable, Equatable {
    /// Decoy states, finite keys, best settings.
    case decoys(KeyProof, blockSize: Double)
    /// Any number of decoys and of detections (Ma et al. 2005), best signal.
    case infiniteDecoys
    /// A vacuum and a weak decoy, any number of detections (Ma et al. 2005), best signal; states the weak decoy's mean.
    case vacuumAndWeakDecoy(weak: Double)
    /// Pairs from a pulsed source in the middle, any number of detections (Ma, Fung, Lo 2007), best source.
    case pairs
    /// The same with finite keys (Tomamichel et al. 2012): as many detections in the other basis as in the key's.
    case finitePairs(blockSize: Double)

    /// A name such as `lim2014-literal 1e+07`.
    public var name: String {
        switch self {
        case .decoys(let proof, let size): "\(proof.rawValue) \(Self.text(size))"
        case .infiniteDecoys: "ma2005-infinite"
        case .vacuumAndWeakDecoy: "ma2005-vacuum-weak"
        case .pairs: "ma2007-pairs"
        case .finitePairs(let size): "\(KeyProof.tomamichel.rawValue) \(Self.text(size))"
        }
    }

    private static func text(_ size: Double) -> String {
        var (digits, power) = (size, 0)
        while digits >= 10 { (digits, power) = (digits / 10, power + 1) }
        return digits.rounded() == digits ? "\(Int(digits))e\(power)" : "\(digits)e\(power)"
    }
}

/// A rate at one loss, with the settings that give it.
public struct RatePoint: Sendable, Equatable, Codable {
    /// Loss of the channel, dB.
    public var lossDB: Double
    /// Secret bits a pulse; 0 where there is no key.
    public var bitsPerPulse: Double
    /// Chance of the key's basis on each side; `nil` where the model has none.
    public var keyBasisProbability: Double?
    /// Mean photon numbers, or of a source of pairs the pairs a mode.
    public var means: [Double]
    /// How often each is sent; empty where the model does not say.
    public var probabilities: [Double]
    /// Error rate of the key's basis.
    public var errorRate: Double
}
