import CQKDKernels

/// Products of polynomials over GF(2), the coefficient of x^i at position `i % 64` of word `i / 64`.
public enum PolynomialKernel {
    /// The product of two polynomials of as many words each, 1 or more; twice as many words.
    public static func product(_ a: [UInt64], _ b: [UInt64], level: KernelLevel = .current) -> [UInt64] {
        precondition(!a.isEmpty && a.count == b.count, "factors are equally long")
        let scratch = WipedWords(qkd_gf2_scratch_words(a.count))
        return Array(unsafeUninitializedCapacity: 2 * a.count) { product, count in
            qkd_gf2_product(level.rawValue, a, b, a.count, product.baseAddress, scratch.start)
            count = 2 * a.count
        }
    }

    /// The same, bit by bit: what `product` is held against.
    public static func productTwin(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
        var product = [UInt64](repeating: 0, count: a.count + b.count)
        for i in 0..<64 * a.count where a[i / 64] >> (i % 64) & 1 == 1 {
            for j in b.indices {
                // Shifts by 64 or more give zero.
                product[i / 64 + j] ^= b[j] << (i % 64)
                product[i / 64 + j + 1] ^= b[j] >> (64 - i % 64)
            }
        }
        return product
    }
}
