#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The SplitMix64 sequence, which turns one seed word into a well mixed state.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014;
/// constants as in Vigna's reference `splitmix64.c`.
@frozen
public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// Starts the sequence at a seed.
    @inlinable
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits; the sequence takes every value once and repeats after 2⁶⁴ draws.
    @inlinable
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// The finaliser alone: a bijection of 64 bits in which every input bit moves every output bit.
    @inlinable
    public static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// xoshiro256** seeded by SplitMix64, with the variates that photon statistics need.
///
/// A process of the model owns one generator, named by its stream, so that what one process draws
/// never moves what another draws. Not for keys: this is a simulator's generator.
///
/// Source: Blackman, Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021),
/// arXiv 1805.01407.
@frozen
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    @usableFromInline var s0: UInt64
    @usableFromInline var s1: UInt64
    @usableFromInline var s2: UInt64
    @usableFromInline var s3: UInt64

    /// Starts from a raw state, of which at least one word must not be zero; an all-zero state, which
    /// the recurrence never leaves, is replaced by the state of seed 0.
    @inlinable
    public init(state: (UInt64, UInt64, UInt64, UInt64)) {
        let seeded = SeededGenerator(seed: 0)
        let isZero = state.0 | state.1 | state.2 | state.3 == 0
        s0 = isZero ? seeded.s0 : state.0
        s1 = isZero ? seeded.s1 : state.1
        s2 = isZero ? seeded.s2 : state.2
        s3 = isZero ? seeded.s3 : state.3
    }

    /// Starts from four SplitMix64 words of `seed`.
    @inlinable
    public init(seed: UInt64) {
        var seeder = SplitMix64(seed: seed)
        s0 = seeder.next()
        s1 = seeder.next()
        s2 = seeder.next()
        s3 = seeder.next()
    }

    /// Starts the stream of a name: `seed` and the name's 64-bit FNV-1a hash are mixed apart, then joined.
    ///
    /// Two names under one seed, and one name under two seeds, give unrelated sequences.
    @inlinable
    public init(seed: UInt64, stream: String) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in stream.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        self.init(seed: SplitMix64.mixed(seed &+ 0x9E37_79B9_7F4A_7C15) ^ SplitMix64.mixed(hash))
    }

    /// The next 64 bits; the period is 2²⁵⁶ − 1.
    @inlinable
    public mutating func next() -> UInt64 {
        let scrambled = s1 &* 5
        let result = (scrambled << 7 | scrambled >> 57) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// A uniform number in (0, 1], a multiple of 2⁻⁵³: zero never comes, so that its logarithm is finite.
    @inlinable
    public mutating func uniform() -> Double {
        Double((next() >> 11) &+ 1) * 0x1p-53
    }

    /// An exponential number of mean 1, by inversion.
    @inlinable
    public mutating func exponential() -> Double {
        -log(uniform())
    }

    /// A normal number of mean 0 and variance 1: the cosine branch of Box and Muller.
    ///
    /// Its magnitude never passes `largestGaussian`.
    @inlinable
    public mutating func gaussian() -> Double {
        let radius = (-2 * log(uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }

    /// The largest magnitude that `gaussian()` can give: √(2·53·ln 2) = 8.572.
    public static let largestGaussian = (2 * 53 * log(2.0)).squareRoot()
}
