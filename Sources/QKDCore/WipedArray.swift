/// Words that are overwritten when they are given back, and when they have to move on growing.
final class WipedArray: @unchecked Sendable {
    /// The words.
    var words: [UInt64]

    init(_ words: [UInt64]) { self.words = words }

    /// Adds a word.
    func append(_ word: UInt64) {
        if words.count == words.capacity {
            var more: [UInt64] = []
            more.reserveCapacity(max(4, 2 * words.count))
            more += words
            SecretMemory.wipe(&words)
            words = more
        }
        words.append(word)
    }

    deinit { SecretMemory.wipe(&words) }
}

/// Overwriting memory that held a key.
public enum SecretMemory {
    /// Zeros words, which must not be shared with a copy, and leaves none.
    public static func wipe(_ words: inout [UInt64]) {
        words.withUnsafeMutableBytes { zero($0) }
        words = []
    }

    /// Zeros bytes, which must not be shared with a copy, and leaves none.
    public static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { zero($0) }
        bytes = []
    }

    private static func zero(_ memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress, memory.count > 0 else { return }
        start.initializeMemory(as: UInt8.self, repeating: 0, count: memory.count)
        look(start)
    }

    /// Looks at memory without the optimiser's knowing at what: zeros that nobody reads would else be left out.
    @_optimize(none) @inline(never)
    private static func look(_ memory: UnsafeMutableRawPointer) {}
}
