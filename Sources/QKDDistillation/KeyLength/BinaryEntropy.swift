#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The binary entropy -p log₂ p - (1 - p) log₂(1 - p), bits; 0 at and beyond the ends of 0…1.
public func binaryEntropy(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else { return 0 }
    return -probability * log2(probability) - (1 - probability) * log2(1 - probability)
}
