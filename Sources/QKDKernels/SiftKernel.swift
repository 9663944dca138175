import CQKDKernels

/// Makes keys of two sides' detections: those of equal bases stay, packed from bit 0 of word 0 on.
public struct SiftKernel: Sendable {
    /// Bits that both keys have.
    public private(set) var bitCount = 0
    /// Bits that differ.
    public private(set) var errorCount = 0
    /// Alice's key, 64 bits a word.
    public var aliceWords: [UInt64] { Array(alice.prefix((bitCount + 63) / 64)) }
    /// Bob's key.
    public var bobWords: [UInt64] { Array(bob.prefix((bitCount + 63) / 64)) }

    private var alice: [UInt64] = []
    private var bob: [UInt64] = []

    /// Starts with empty keys and room for `capacity` bits.
    public init(capacity: Int = 0) { makeRoom(for: capacity) }

    /// Starts anew and keeps the memory; the bits are overwritten.
    public mutating func clear() {
        let words = min(alice.count, bitCount / 64 + 1)
        for word in 0..<words { (alice[word], bob[word]) = (0, 0) }
        (bitCount, errorCount) = (0, 0)
    }

    private mutating func makeRoom(for bits: Int) {
        let words = (bitCount + bits) / 64 + 2
        guard words > alice.count else { return }
        let more = max(words, 2 * alice.count) - alice.count
        alice.append(contentsOf: repeatElement(0, count: more))
        bob.append(contentsOf: repeatElement(0, count: more))
    }

    /// Takes 64 detections a word, each plane with as many words: basis and bit of either side.
    public mutating func add(
        aliceBasis: UnsafeBufferPointer<UInt64>, aliceBits: UnsafeBufferPointer<UInt64>,
        bobBasis: UnsafeBufferPointer<UInt64>, bobBits: UnsafeBufferPointer<UInt64>, level: KernelLevel = .current
    ) {
        let words = aliceBasis.count
        precondition(words == aliceBits.count && words == bobBasis.count && words == bobBits.count, "unequal planes")
        makeRoom(for: words * 64)
        var state = qkd_sift_state(bits: bitCount, errors: errorCount)
        qkd_sift_planes(
            level.rawValue, aliceBasis.baseAddress, aliceBits.baseAddress, bobBasis.baseAddress, bobBits.baseAddress,
            words, &alice, &bob, &state)
        (bitCount, errorCount) = (state.bits, state.errors)
    }

    /// Takes a byte a detection and side: two that differ in bit 0 at most are of one basis, and bit 0 is the key's.
    public mutating func add(
        aliceBytes: UnsafeBufferPointer<UInt8>, bobBytes: UnsafeBufferPointer<UInt8>, level: KernelLevel = .current
    ) {
        precondition(aliceBytes.count == bobBytes.count, "a detection has two sides")
        makeRoom(for: aliceBytes.count)
        var state = qkd_sift_state(bits: bitCount, errors: errorCount)
        qkd_sift_bytes(
            level.rawValue, aliceBytes.baseAddress, bobBytes.baseAddress, aliceBytes.count, &alice, &bob, &state)
        (bitCount, errorCount) = (state.bits, state.errors)
    }

    /// The same for bytes, a detection after the other: what both `add` are held against.
    public mutating func addTwin(aliceBytes: [UInt8], bobBytes: [UInt8]) {
        makeRoom(for: aliceBytes.count)
        for (left, right) in zip(aliceBytes, bobBytes) where left >> 1 == right >> 1 {
            alice[bitCount / 64] |= UInt64(left & 1) << UInt64(bitCount % 64)
            bob[bitCount / 64] |= UInt64(right & 1) << UInt64(bitCount % 64)
            bitCount += 1
            if left != right { errorCount += 1 }
        }
    }
}
