/// What random sources' drivers share.
enum RandomBytes {
    /// Overwrites bytes that are not to be given out.
    static func wipe(_ bytes: inout [UInt8]) {
        for index in bytes.indices { bytes[index] = 0 }
        bytes = []
    }
}
