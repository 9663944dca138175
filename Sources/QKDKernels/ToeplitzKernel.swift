import CQKDKernels

/// The product y = T x over GF(2) of a Toeplitz matrix of l rows and n columns, exactly.
///
/// A seed of n + l - 1 bits is the matrix: T[i][j] = seed[i + n - 1 - j], hence y[i] is the coefficient of z^(i + n - 1)
/// in the product of the polynomials that seed and x are. Of the coefficients only those are wanted, and a convolution
/// that begins again after n + l - 1 of them leaves just those whole. Its time rises with n a little faster than n.
public enum ToeplitzKernel {
    /// How many bits of seed a matrix of `outputBits` rows and `inputBits` columns takes.
    public static func seedBits(inputBits: Int, outputBits: Int) -> Int { inputBits + outputBits - 1 }

    /// Multiplies; both counts are 1 or more, `input`, `seed` and `output` have room for theirs, 64 bits a word. Bits of
    /// the last word of `output` past the last row become zero.
    ///
    /// `goOn` is told now and then how much of the work is done, 0...1; if it answers no, the product is left
    /// unfinished, `output` is not written to, and `false` comes back. Scratch memory (of 4 to 5 times the seed) is wiped.
    public static func multiply(
        _ input: UnsafeBufferPointer<UInt64>, inputBits: Int, seed: UnsafeBufferPointer<UInt64>,
        output: UnsafeMutableBufferPointer<UInt64>, outputBits: Int, ring: PolynomialRing? = nil,
        level: KernelLevel = .current, goOn: (Double) -> Bool = { _ in true }
    ) -> Bool {
        precondition(inputBits >= 1 && outputBits >= 1, "a matrix has rows and columns")
        let seedBits = seedBits(inputBits: inputBits, outputBits: outputBits)
        precondition(input.count >= (inputBits + 63) / 64 && seed.count >= (seedBits + 63) / 64, "words are missing")
        precondition(output.count >= (outputBits + 63) / 64, "there is no room for the output")
        let ring = ring ?? PolynomialRing(atLeast: seedBits)
        precondition(ring.bits >= seedBits, "the convolution begins again too early")
        // Both transforms lie in scratch memory, which is wiped on every way out.
        let inputValues = WipedWords(ring.pieces * ring.elementWords)
        let seedValues = WipedWords(ring.pieces * ring.elementWords)
        return withoutActuallyEscaping(goOn) { goOn in
            var convolution = Convolution(ring: ring, level: level, goOn: goOn)
            let isDone =
                convolution.transform(input, inputBits, into: inputValues)
                && convolution.transform(seed, seedBits, into: seedValues)
                && convolution.multiply(inputValues, by: seedValues)
                && convolution.transformBack(inputValues)
            guard isDone else { return false }
            var shape = ring.shape
            qkd_gf2_join(&shape, inputValues.start, inputBits - 1, outputBits, output.baseAddress)
            return true
        }
    }

    /// The same, column by column: what `multiply` is held against.
    public static func multiplyTwin(_ input: [UInt64], inputBits: Int, seed: [UInt64], outputBits: Int) -> [UInt64] {
        var output = [UInt64](repeating: 0, count: (outputBits + 63) / 64)
        for j in 0..<inputBits where input[j / 64] >> (j % 64) & 1 == 1 {
            // Column j is the seed's bits from n - 1 - j on.
            let from = inputBits - 1 - j
            for word in output.indices {
                let at = from / 64 + word
                let next = at + 1 < seed.count ? seed[at + 1] : 0
                output[word] ^= seed[at] >> (from % 64) | next << (64 - from % 64)
            }
        }
        if outputBits % 64 != 0 { output[outputBits / 64] &= (1 << UInt64(outputBits % 64)) - 1 }
        return output
    }
}
