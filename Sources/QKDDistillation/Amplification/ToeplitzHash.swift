import QKDCore
import QKDKernels

/// Privacy amplification by a random Toeplitz matrix over GF(2): a universal-2 family of hashes, since for two inputs
/// that differ the outputs agree with a chance of 2^-outputBits over uniform seeds. H. Krawczyk, CRYPTO '94, LNCS 839,
/// 129; as for a leftover hash, the seed may be public but must be uniform and chosen independently of the input.
///
/// Bit i of the output is the sum over j of seed[i + inputBits - 1 - j] times bit j of the input.
public struct ToeplitzHash: Sendable {
    /// Bits that are hashed.
    public let inputBits: Int
    /// Bits that come out: `inputBits` at most.
    public let outputBits: Int
    private let seed: BitString

    /// Inputs beyond this many bits are refused: there a machine lacks the memory, and the arithmetic of sizes the range.
    public static let largestInputBits = 1 << 36

    /// How many bits of seed it takes: inputBits + outputBits - 1, and none for no output. Sizes are those of a hash.
    public static func seedBits(inputBits: Int, outputBits: Int) -> Int {
        outputBits == 0 ? 0 : ToeplitzKernel.seedBits(inputBits: inputBits, outputBits: outputBits)
    }

    /// Takes a matrix.
    ///
    /// Throws `outOfRange` unless 1 <= inputBits <= `largestInputBits` and 0 <= outputBits <= inputBits, `invalidInput`
    /// unless the seed has exactly `seedBits(inputBits:outputBits:)` bits.
    public init(inputBits: Int, outputBits: Int, seed: BitString) throws(QKDError) {
        guard inputBits >= 1, inputBits <= Self.largestInputBits else {
            throw QKDError(.outOfRange, "a hash of \(inputBits) bits: 1 to \(Self.largestInputBits) can be hashed")
        }
        guard outputBits >= 0, outputBits <= inputBits else {
            throw QKDError(.outOfRange, "a hash of \(inputBits) bits cannot have \(outputBits)")
        }
        let needed = Self.seedBits(inputBits: inputBits, outputBits: outputBits)
        guard seed.count == needed else {
            throw QKDError(
                .invalidInput, "a hash of \(inputBits) bits to \(outputBits) takes \(needed) of seed, not \(seed.count)"
            )
        }
        self.inputBits = inputBits
        self.outputBits = outputBits
        self.seed = seed
    }

    /// Hashes a string of `inputBits` bits into one of `outputBits`, on this thread.
    ///
    /// Some milliseconds apart at most, `isCancelled` is asked and `progress` told how much is done, 0...1. Takes
    /// memory of about 5 times the seed beside it, and wipes it.
    ///
    /// Throws `invalidInput` for a string of another length, `interrupted` when cancelled.
    public func hash(
        _ bits: BitString, isCancelled: () -> Bool = { Task.isCancelled }, progress: ((Double) -> Void)? = nil
    ) throws(QKDError) -> BitString {
        guard bits.count == inputBits else {
            throw QKDError(.invalidInput, "a hash of \(inputBits) bits was given \(bits.count)")
        }
        guard outputBits > 0 else {
            progress?(1)
            return BitString()
        }
        var isDone = false
        var words = Array<UInt64>(unsafeUninitializedCapacity: (outputBits + 63) / 64) { output, count in
            isDone = bits.words.withUnsafeBufferPointer { input in
                seed.words.withUnsafeBufferPointer { seed in
                    ToeplitzKernel.multiply(
                        input, inputBits: inputBits, seed: seed, output: output, outputBits: outputBits,
                        goOn: {
                            progress?($0)
                            return !isCancelled()
                        })
                }
            }
            count = isDone ? output.count : 0
        }
        guard isDone else {
            SecretMemory.wipe(&words)
            throw QKDError(.interrupted, "the hash of \(inputBits) bits was cancelled")
        }
        progress?(1)
        return BitString(words: words, count: outputBits)
    }
}
