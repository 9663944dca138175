/// Bytes that begin where a line of the cache does, which an array's need not; copied when two values would change it.
struct AlignedBytes: Sendable {
    /// The memory. No two values write to it: who changes it makes sure first that nobody shares it.
    private final class Storage: @unchecked Sendable {
        let bytes: UnsafeMutableBufferPointer<Int8>

        init(count: Int) {
            let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
            bytes = raw.bindMemory(to: Int8.self)
        }

        deinit { bytes.deallocate() }
    }

    private var storage: Storage
    /// How many there are.
    var count: Int { storage.bytes.count }

    /// Makes zeros.
    init(count: Int) {
        storage = Storage(count: count)
        storage.bytes.initialize(repeating: 0)
    }

    /// Makes them zeros again, in the same memory if it is of this size.
    mutating func clear(count: Int) {
        if count == self.count, isKnownUniquelyReferenced(&storage) {
            storage.bytes.update(repeating: 0)
        } else {
            self = AlignedBytes(count: count)
        }
    }

    /// Lends them for change.
    mutating func withBytes<Result>(_ body: (UnsafeMutableBufferPointer<Int8>) -> Result) -> Result {
        if !isKnownUniquelyReferenced(&storage) {
            let own = Storage(count: count)
            _ = own.bytes.initialize(fromContentsOf: storage.bytes)
            storage = own
        }
        return withExtendedLifetime(storage) { body($0.bytes) }
    }
}
