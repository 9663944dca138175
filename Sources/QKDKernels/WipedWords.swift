import CQKDKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Words of scratch memory, not initialised at first, and wiped before they are freed.
final class WipedWords {
    let start: UnsafeMutablePointer<UInt64>
    let count: Int
    private static let largePage = 2 << 20

    init(_ count: Int) {
        self.count = count
        let size = count * MemoryLayout<UInt64>.stride
        let isLarge = size >= Self.largePage
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: isLarge ? Self.largePage : 64)
        #if os(Linux)
            // A wish only: the first touch of each small page would cost a tenth of a long product's time.
            if isLarge { madvise(bytes, size / Self.largePage * Self.largePage, MADV_HUGEPAGE) }
        #endif
        start = bytes.bindMemory(to: UInt64.self, capacity: count)
    }

    deinit {
        qkd_gf2_wipe(start, count)
        UnsafeMutableRawPointer(start).deallocate()
    }
}

/// Wiping words that held key material.
public enum Wipe {
    /// Zeros memory in a way that the compiler does not leave out.
    public static func zero(_ start: UnsafeMutablePointer<UInt64>, count: Int) { qkd_gf2_wipe(start, count) }

    /// Zeros words in a way that the compiler does not leave out. They must not be shared with a copy.
    public static func zero(_ words: inout [UInt64]) {
        words.withUnsafeMutableBufferPointer { words in
            if let start = words.baseAddress { qkd_gf2_wipe(start, words.count) }
        }
    }
}
