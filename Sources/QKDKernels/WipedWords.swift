import CQKDKernels

/// Words of scratch memory, not initialised at first, and wiped before they are freed.
final class WipedWords {
    let start: UnsafeMutablePointer<UInt64>
    let count: Int

    init(_ count: Int) {
        self.count = count
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<UInt64>.stride, alignment: 64)
        start = bytes.bindMemory(to: UInt64.self, capacity: count)
    }

    deinit {
        qkd_gf2_wipe(start, count)
        UnsafeMutableRawPointer(start).deallocate()
    }
}

/// Wiping words that held key material.
public enum Wipe {
    /// Zeros words in a way that the compiler does not leave out. They must not be shared with a copy.
    public static func zero(_ words: inout [UInt64]) {
        words.withUnsafeMutableBufferPointer { words in
            if let start = words.baseAddress { qkd_gf2_wipe(start, words.count) }
        }
    }
}
