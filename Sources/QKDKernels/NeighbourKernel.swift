import CQKDKernels

/// Finds all pairs of tags of one sorted stream that lie within a window and belong to different sides.
public struct NeighbourKernel: Sendable {
    /// Largest difference of a pair, ps.
    public let windowPS: Int64
    /// Two channels are of different sides if they differ in one of these bits.
    public let sides: UInt8

    /// Prepares; the window is not negative and below 2^61 ps.
    public init(windowPS: Int64, sides: UInt8) {
        precondition((0..<1 << 61).contains(windowPS), "a window is 0 to 2^61 ps")
        self.windowPS = windowPS
        self.sides = sides
    }

    /// Where a search stands, so that it can go on when its pairs have been used.
    public struct Cursor: Sendable {
        var raw = qkd_neighbour_cursor()

        /// At the start of the stream.
        public init() {}

        /// The next tag.
        public var tag: Int { raw.tag }
    }

    /// Finds pairs from the cursor on, by rising place of the first and then the second tag, as there is room.
    ///
    /// Times rise and lie within ±2^61 ps; there are fewer than 2^32. Returns the number of pairs. There are no more
    /// when the cursor's `tag` has come to the end.
    public func find(
        _ times: UnsafeBufferPointer<Int64>, _ channels: UnsafeBufferPointer<UInt8>, from cursor: inout Cursor,
        first: UnsafeMutableBufferPointer<UInt32>, second: UnsafeMutableBufferPointer<UInt32>,
        level: KernelLevel = .current
    ) -> Int {
        precondition(times.count == channels.count && times.count <= Int(UInt32.max), "a time and a channel each")
        precondition(!first.isEmpty && second.count >= first.count, "no room for pairs")
        return qkd_neighbours(
            level.rawValue, times.baseAddress, channels.baseAddress, times.count, windowPS, sides, &cursor.raw,
            first.baseAddress, second.baseAddress, first.count)
    }

    /// The same, tag by tag: what `find` is held against.
    public func findTwin(_ times: [Int64], _ channels: [UInt8]) -> [(first: Int, second: Int)] {
        var pairs: [(first: Int, second: Int)] = []
        for (place, time) in times.enumerated() {
            for other in (place + 1)..<max(place + 1, times.count) {
                guard times[other] - time <= windowPS else { break }
                if (channels[place] ^ channels[other]) & sides != 0 { pairs.append((place, other)) }
            }
        }
        return pairs
    }
}
